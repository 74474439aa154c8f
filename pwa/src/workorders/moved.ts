/* A clock that is due at another time than was told first: from when, and why, in one sentence. For both apps. */
import { dayAndTime } from '@/ui/format'
import { t } from '@/ui/words-now'

interface Moves {
  moved?: { due: string; clause: string; why: string } | null
}

export function movedWords({ moved }: Moves, zone: string, now: number): string {
  return moved ? t('clock.moved', { due: dayAndTime(moved.due, zone, now), clause: moved.clause, why: t(`clock.moved_by.${moved.why}`) }) : ''
}
