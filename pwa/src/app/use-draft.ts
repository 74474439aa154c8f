/* One typed field on the road of K-1: every key goes to the disk as a draft, leaving the field makes one operation.
   "Saved" is said when the write has completed and not before. */
import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { data, type Json, type RecordRef } from './data'

export interface DraftField {
  text: Ref<string>
  /** Instant of the last completed write of this sitting, milliseconds. */
  savedAt: Ref<number | null>
  /** A key was struck that is not on the disk yet. */
  isWriting: Ref<boolean>
  /** Why the phone could not keep it (storage full …), or null. */
  fault: Ref<unknown>
  type(next: string): void
  focus(): void
  leave(): Promise<void>
}

/**
 * record   the record whose field is typed; a draft of an earlier sitting is shown again
 * field    its field
 * base     the value now in force; followed while nobody types
 */
export function useDraft(record: () => RecordRef | null, field: string, base: () => string): DraftField {
  const text = ref(base())
  const savedAt = ref<number | null>(null)
  const isWriting = ref(false)
  const fault = ref<unknown>(null)
  let seen = base()
  let isTyping = false
  let hasDraft = false
  let keys = 0
  let typedInto: RecordRef | null = null

  watch(() => keyOf(record()), () => void follow(), { immediate: true })
  watch(base, (next) => {
    if (isTyping || (hasDraft && next !== text.value)) return
    hasDraft = false // a draft of before is the record's own now: another field's leaving took it along
    text.value = next
    seen = next
  })
  onScopeDispose(() => void leave())

  /** The field is another record's now: what was typed stays with the one it was typed into. */
  async function follow(): Promise<void> {
    const of = record()
    if (!of) return
    if (typedInto && keyOf(typedInto) !== keyOf(of)) {
      if (hasDraft) commit(typedInto).catch(() => undefined) // the draft stays; nothing is lost
      keys += 1
      isTyping = hasDraft = isWriting.value = false
      fault.value = savedAt.value = null
      seen = text.value = base()
    }
    typedInto = of
    await recall()
  }

  /** On return the same text: what was typed before the page died. */
  async function recall(): Promise<void> {
    const of = record()
    if (!of) return
    const draft = await data().drafts.get(of, field)
    if (!draft || isTyping || keyOf(record()) !== keyOf(of)) return
    hasDraft = true
    seen = String(draft.base ?? '')
    text.value = String(draft.value ?? '')
    savedAt.value = draft.touched_at
  }

  function focus(): void {
    if (!isTyping && !hasDraft) seen = base()
    isTyping = true
  }

  function type(next: string): void {
    focus()
    text.value = next
    keys += 1
    const at = keys
    const of = record()
    if (!of) return
    hasDraft = true
    isWriting.value = true
    data().drafts.set(of, field, next as Json, seen as Json).then(
      () => {
        if (keys !== at) return // a later key is still on its way
        isWriting.value = false
        savedAt.value = Date.now()
        fault.value = null
      },
      (error: unknown) => {
        isWriting.value = false
        fault.value = error
      },
    )
  }

  async function leave(): Promise<void> {
    isTyping = false
    const of = record()
    if (!of || !hasDraft) return
    const upTo = keys
    try {
      await commit(of)
      if (keys === upTo) hasDraft = false // else she typed on meanwhile: that waits for the next leaving
    } catch (error) {
      fault.value = error // the draft stays; nothing is lost
    }
  }

  return { text, savedAt, isWriting, fault, type, focus, leave }
}

function commit(record: RecordRef): Promise<unknown> {
  return data().drafts.commit(record)
}

function keyOf(record: RecordRef | null): string {
  return record ? `${record.kind}/${record.id}` : ''
}
