import type { FloorPlay } from '@/api/types'

/** Time is short from here on. */
export const SOON_MS = 5 * 60_000

/** What is left of the paid time; null before it counts. */
export function leftOf(play: FloorPlay, at: number): number | null {
  return play.lit_at === null ? null : Math.max(0, Date.parse(play.paid_until) - at)
}

/** `4:05`, `1:04:05`: whole seconds, those that have begun not counted. */
export function formatClock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/**
 * The cost at `at`, going on from what the server said it was at `told`. The tariff is the server's: billing is by units, and what
 * is begun counts whole. So the figure goes on only where a steady price would have passed it, at the lower of the session's two
 * rates, that of all that is held and that of what has been played: it never falls back at the next answer, and never shows more
 * than is held.
 */
export function costAt(play: FloorPlay, told: number, at: number): number {
  const { cost_so_far_fen: cost, held_fen: held } = play
  const lit = play.lit_at === null ? NaN : Date.parse(play.lit_at)
  const until = Date.parse(play.paid_until)
  if (!(lit < told && told < until && at > told)) return cost
  const played = Math.min(at, until) - lit
  const ofHeld = Math.floor((held * played) / (until - lit))
  const ofPlayed = Math.floor((cost * played) / (told - lit))
  return Math.max(cost, Math.min(held, ofHeld, ofPlayed))
}
