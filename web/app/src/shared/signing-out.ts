import type { Session } from '@/api/types'
import type { Wishes } from './outbox'

/** What goes on behind whoever signs out: play, or an end of it that was wished and has not arrived. */
export type LeftBehind = 'playing' | 'end' | null

/**
 * `session`: the one that is live, where one is known of. Without a network none may be, and an end that waits says that there was one: it
 * is not sent before its customer has signed in again.
 */
export function leftBehind(session: Pick<Session, 'id' | 'state'> | null, wishes: Wishes): LeftBehind {
  if (session === null) return Object.values(wishes).some(({ kind }) => kind === 'close') ? 'end' : null
  if (session.state !== 'opening' && session.state !== 'playing') return null
  return wishes[session.id]?.kind === 'close' ? 'end' : 'playing'
}
