import type { SessionState } from '@/api/types'

/** How long to wait after so many failures in a row: doubles up to a cap. */
export function backoffMs(failures: number, first = 1_000, cap = 15_000): number {
  return Math.min(cap, first * 2 ** Math.min(Math.max(0, failures - 1), 20))
}

/** A lamp that has not come on by then will not: the server gives the money back. */
export const LAMP_SECONDS = 30

export interface Watched {
  state: SessionState
  failures: number
  /** Since the table was asked for. */
  waited: number | null
  /** Of the time paid for. */
  left: number | null
}

/** When to ask for a session again; null: never, it is over. */
export function nextPollMs({ state, failures, waited, left }: Watched): number | null {
  if (state === 'closed' || state === 'failed') return null
  if (state === 'opening') {
    if (failures > 0) return backoffMs(failures, 1_000, 4_000)
    return waited !== null && waited > LAMP_SECONDS ? 3_000 : 1_000
  }
  if (failures > 0) return backoffMs(failures)
  if (left === null) return 15_000
  // The end is worth watching closely: the lamp goes out and the bill is made.
  return left === 0 ? 2_000 : Math.min(15_000, left * 1_000 + 500)
}
