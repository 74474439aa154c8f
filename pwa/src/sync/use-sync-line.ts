/* What the sync line says, from counts and engine state. The sync page's first card says the same but for what needs
   her, which stands below it with its own heading. */
import type { Status } from '@fieldpledge/sync-client'
import { computed } from 'vue'
import { signInNeeded, user } from '@/app/session'
import { isUnconfirmed, status } from '@/app/sync'
import { ago, bytes } from '@/ui/format'
import type { IconName } from '@/ui/icons'
import { useNow } from '@/ui/use-now'
import { t } from '@/ui/words-now'

export interface SyncWords {
  state: 'needs' | 'signed_out' | 'sending' | 'offline' | 'waiting' | 'sent'
  icon: IconName
  lead: string
  strong: string
  rest: string
}

export function useSyncLine({ withNeeds } = { withNeeds: true }) {
  const now = useNow()
  return computed<SyncWords>(() => {
    const s = status.value
    if (!s) return { state: 'sent', icon: 'sent', lead: '', strong: '', rest: t('sync.reading') }
    const size = bytes(s.bytes)
    const age = s.oldest_at === null ? 0 : Math.max(0, now.value - s.oldest_at)
    const waits = age < 60_000 ? size : t('sync.oldest', { oldest: ago(age), size })
    const refused = refusalOf(s)
    if (refused) return { state: 'needs', icon: 'lock', lead: '', strong: refused, rest: waitingRest(s.unsent) }
    if (withNeeds && s.needs_you > 0) {
      return { state: 'needs', icon: 'needs', lead: '', strong: t('sync.needs_you', { n: s.needs_you }), rest: t('sync.rest_goes_on') }
    }
    if (signInNeeded.value || s.is_signed_out) {
      const strong = s.problem === 'other-session' ? t('sync.sign_in_as', { name: user.value?.name }) : t('sync.sign_in_again')
      return { state: 'signed_out', icon: 'lock', lead: '', strong, rest: waitingRest(s.unsent) }
    }
    if (s.unsent === 0) {
      const when = s.last_sent_at === null ? '' : ago(Math.max(0, now.value - s.last_sent_at))
      if (s.is_offline) return { state: 'offline', icon: 'offline', lead: t('sync.offline'), strong: '', rest: t('sync.nothing_waits') }
      return { state: 'sent', icon: 'sent', lead: '', strong: '', rest: when ? t('sync.all_sent_at', { when }) : t('sync.all_sent') }
    }
    if (isUnconfirmed(s)) return { state: 'waiting', icon: 'waiting', lead: '', strong: '', rest: t('sync.confirming', { n: s.files }) }
    if (s.is_offline) {
      return { state: 'offline', icon: 'offline', lead: t('sync.offline'), strong: t('sync.waiting_count', { n: s.unsent }), rest: waits }
    }
    if (s.is_sending) {
      return { state: 'sending', icon: 'waiting', lead: '', strong: t('sync.sending', { n: s.unsent }), rest: size }
    }
    return { state: 'waiting', icon: 'waiting', lead: '', strong: t('sync.waiting_count', { n: s.unsent }), rest: waits }
  })
}

/** Why nothing will go until somebody does something; in one short sentence, or null. */
function refusalOf(s: Status): string | null {
  if (s.problem === 'device-revoked') return t('sync.revoked_short')
  if (s.problem === 'update-needed') return t('sync.outdated')
  if (s.problem === 'device-of-another-user') return t('sync.other_user')
  return null
}

function waitingRest(unsent: number): string {
  return unsent > 0 ? t('sync.waiting_count', { n: unsent }) : t('sync.nothing_waits')
}
