import type { Role, User } from '@/api/types'
import { tones } from '@/shared/status'

/** The changes that one may make to a user who is managed. */
export type Change = 'disable' | 'enable' | 'unlock' | 'resetSecondFactor' | 'endSessions'

/** Who is looking. */
export interface Manager {
  id: string
  role: Role
}

export const isLocked = (user: User): boolean =>
  user.locked_until !== null && new Date(user.locked_until).getTime() > Date.now()

/** By which a list is narrowed; the others are shown, and nobody has them alone. */
export const USER_STATES = (Object.keys(tones.user) as (keyof typeof tones.user)[]).filter(
  (state) => state !== 'locked' && state !== 'disabled_above',
)

/** What the state column shows: a lock stands out over the state beneath it; and that super admins alone enable it. */
export const shownState = (user: User): string => {
  if (user.state === 'active' && isLocked(user)) return 'locked'
  return user.disabled_above ? 'disabled_above' : user.state
}

/**
 * Who signed up and never proved the address is activated without that, which has to be said; and what another has
 * disabled a super admin takes over.
 */
export const textsOf = (change: Change, user: User): Change | 'activate' | 'hold' => {
  if (change === 'enable' && user.state === 'pending') return 'activate'
  return change === 'disable' && user.state === 'disabled' ? 'hold' : change
}

/** Whether it would do anything: the server decides again. */
export function offered(change: Change, user: User, by: Manager | null): boolean {
  const self = user.id === by?.id
  const root = by?.role === 'super_admin'
  switch (change) {
    case 'disable':
      return !self && (user.state !== 'disabled' || (root && !user.disabled_above))
    case 'enable':
      return user.state !== 'active' && (root || !user.disabled_above)
    case 'unlock':
      return isLocked(user)
    case 'resetSecondFactor':
      return !self && user.second_factor_enabled && root
    case 'endSessions':
      return !self && user.state === 'active'
  }
}
