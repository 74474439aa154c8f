/* What a customer's hand leaves, whatever she signs: her ink and name, drafts until they are kept. Used by ReportSign and
   AcknowledgeSign with their screen SigningScreen. */
import { computed, reactive, ref, shallowRef } from 'vue'
import canonicalize from 'canonicalize'
import { data, type Json } from '@/app/data'
import type { Contact } from '@/app/records'
import { useDraft } from '@/app/use-draft'
import { t } from '@/app/words'
import { buzz } from '@/device/storage'
import { handover, noteSigned } from './handover'
import { hasInk, linesIn, strokesOf, type Point } from './ink'

export type SigningSheet = 'full' | 'signer' | 'answer' | 'decline' | 'absent' | 'refused' | 'back' | null

export interface Signed {
  strokes_sha256: string
  signer_name: string
  signer_title: string
}

export function useSigning(kind: 'signature' | 'acknowledgement', contact: () => Contact | null) {
  const record = computed(() => (handover.value ? { kind, id: handover.value.signatureId } : null))
  const name = useDraft(() => record.value, 'signer_name', () => contact()?.name ?? '')
  const title = useDraft(() => record.value, 'signer_title', () => contact()?.title ?? '')
  const lines = shallowRef<Point[][]>([])
  const open = ref<SigningSheet>(null)
  const problem = ref('')
  const isBusy = ref(false)

  /** The ink of before, when the page died with it. */
  async function recall(): Promise<void> {
    if (record.value) lines.value = linesIn((await data().drafts.get(record.value, 'strokes'))?.value)
  }
  function ink(next: Point[][]): void {
    lines.value = next
    problem.value = ''
    if (record.value) void data().drafts.set(record.value, 'strokes', next as unknown as Json, null)
  }
  /** Is there ink, and whose? What is missing is asked for. */
  function isReady(): boolean {
    if (!hasInk(lines.value)) problem.value = t('sign.no_ink')
    else if (!name.text.value.trim()) open.value = 'signer'
    else return true
    return false
  }
  /** Her strokes are on the disk before the record that names them. */
  async function signed(): Promise<Signed> {
    const strokes = new TextEncoder().encode(canonicalize(strokesOf(lines.value)))
    const strokes_sha256 = await data().files.put(strokes.buffer, 'application/json', { order: 1 })
    return { strokes_sha256, signer_name: name.text.value.trim(), signer_title: title.text.value.trim() }
  }
  /** Once at a time; the screen thanks her only for what was written. */
  async function keep(write: () => Promise<boolean>): Promise<void> {
    if (isBusy.value) return
    isBusy.value = true
    try {
      if (!(await write())) return
      buzz()
      open.value = null
      await noteSigned()
    } finally {
      isBusy.value = false
    }
  }
  return reactive({ record, name, title, lines, open, problem, isBusy, recall, ink, isReady, signed, keep })
}

export type Signing = ReturnType<typeof useSigning>
