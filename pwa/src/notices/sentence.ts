/* What a notice says now: it was told at a threshold, but the clock may have been kept, missed or moved since. For both apps. */
import type { Clock, Money } from '@/app/records'
import { clockTime, dayAndTime, duration, metres } from '@/ui/format'
import type { IconName } from '@/ui/icons'
import { moneyText } from '@/ui/money'
import { t } from '@/ui/words-now'
import { clockFace, type FaceState } from '@/workorders/clock-face'

export interface NoticeAbout {
  clock: string | null
  clause: string | null
  starts: string | null
  due: string | null
  sent_at: string | null
  offline_since: string | null
  nearest_name: string | null
  nearest_m: number | null
  /** What was charged before and what is now; notices of an older server do not say. */
  status_was?: string | null
  total_was?: Money | null
  status?: string | null
  total?: Money | null
}

export interface Told {
  kind: string
  about: NoticeAbout
  /** The clock as it stands now; null when its term has moved since. */
  clock: Partial<Clock> | null
  who: { name: string; phone: string }
  /** For a visit that nobody had looked at: seen since, or gone. */
  visit: 'waits' | 'seen' | 'gone'
  tz: string
}

export interface Sentence {
  icon: IconName
  tone: 'near' | 'missed' | 'plain'
  text: string
}

const OF_FACE: Record<FaceState, [IconName, Sentence['tone'], string]> = {
  run: ['run', 'plain', 'left'],
  near: ['near', 'near', 'left'],
  missed: ['missed', 'missed', 'over'],
  late: ['missed', 'missed', 'late'],
  met: ['met', 'plain', 'met'],
  excused: ['paused', 'plain', 'excused'],
  stopped: ['idle', 'plain', 'stopped'],
  paused: ['paused', 'plain', 'stopped'],
  idle: ['idle', 'plain', 'moved'],
}

export function sentenceOf(told: Told, now: number): Sentence {
  if (told.kind === 'call_her') return callHer(told)
  if (told.kind === 'loaner_owed') return { icon: 'swap', tone: 'near', text: t('notice.loaner_owed', { clause: told.about.clause ?? '' }) }
  if (told.kind === 'not_acknowledged') return { icon: 'fee', tone: 'near', text: t('notice.not_acknowledged') }
  if (told.kind === 'customer_rejected') return { icon: 'comment', tone: 'missed', text: t('notice.customer_rejected') }
  if (told.kind === 'charges_changed') return charges(told.about)
  const face = told.clock && clockFace(told.clock, now)
  const [icon, tone, key] = OF_FACE[face?.state ?? 'idle']
  const text = t(`notice.${key}`, {
    name: t(`clock.name.${told.about.clock}`),
    clause: told.about.clause ?? '',
    time: duration(face?.ms ?? 0, 'long'),
    due: face?.due_ms ? dayAndTime(face.due_ms, told.tz, now) : '',
    at: face?.met_ms ? clockTime(face.met_ms, told.tz) : '',
  })
  const isOpen = key === 'left' || key === 'over'
  return { icon, tone, text: isOpen ? `${text}${joined(whoCouldGo(told))}` : text }
}

function joined(more: string): string {
  return more && (/[a-z]/i.test(t('notice.title')) ? ` ${more}` : more)
}

/** Out of reach, and who is nearest instead: only where that was known. */
function whoCouldGo({ about, who }: Told): string {
  const far = about.nearest_m === null ? '' : metres(about.nearest_m)
  const other = about.nearest_name ?? ''
  if (about.offline_since && other) return t('notice.offline_near', { who: who.name, other, far })
  if (about.offline_since) return t('notice.offline', { who: who.name })
  return other ? t('notice.nearest', { other, far }) : ''
}

function charges({ status_was, total_was, status, total }: NoticeAbout): Sentence {
  const words = (one: string | null | undefined, sum: Money | null | undefined) =>
    t(`entitlement.${one ?? 'undecided'}`) + (sum && one !== 'covered' ? t('notice.sum', { sum: moneyText(sum) }) : '')
  return { icon: 'fee', tone: 'near', text: t('notice.charges_changed', { was: words(status_was, total_was), now: words(status, total) }) }
}

function callHer({ about, who, visit, tz }: Told): Sentence {
  const named = { time: about.sent_at ? clockTime(about.sent_at, tz) : '', who: who.name, phone: who.phone || '—' }
  if (visit === 'gone') return { icon: 'phone', tone: 'plain', text: t('notice.gone_since', named) }
  if (visit === 'seen') return { icon: 'eye', tone: 'plain', text: t('notice.seen_since', named) }
  return { icon: 'phone', tone: 'near', text: t('notice.call_her', named) }
}
