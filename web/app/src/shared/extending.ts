import type { Session } from '@/api/types'
import { stored } from './storage'
import { instant } from './time'

/** A wish for more time as it went out, and how things stood then. */
export interface Extending {
  session: string
  minutes: number
  price_fen: number
  end: string | null
  held_fen: number
}

const kept = stored<Extending>('cuekey.extending')

/**
 * The one wish that no answer has come to. It outlasts its sheet and the page: whoever opens either again does not know what became
 * of it.
 */
export const extending = {
  begin: (wish: Extending) => void kept.write(wish),
  of(session: string): Extending | null {
    const wish = kept.read()
    return wish?.session === session ? wish : null
  },
  over: () => kept.clear(),
}

/** To the second, as the server compares it: told anew from another answer, it is the same text. */
const SECOND_MS = 1_000

/**
 * The end that is paid for, by which the server knows what has been seen. In a pause `paid_until` moves with every answer, and
 * this stays as it was when the pause began.
 */
export function paidEnd({ paid_until, now, pause }: Session): string | null {
  if (paid_until === null || pause.since === null) return paid_until
  const paused = Math.max(0, instant(now) - instant(pause.since))
  return new Date(Math.round((instant(paid_until) - paused) / SECOND_MS) * SECOND_MS).toISOString()
}

/** Whether a session is as that wish would have made it. Going on after a pause moves the end too, and holds nothing. */
export function isGranted(wish: Extending, session: Session): boolean {
  const end = paidEnd(session)
  if (session.id !== wish.session || wish.end === null || end === null) return false
  const longer = instant(end) - instant(wish.end)
  return longer >= wish.minutes * 60_000 - SECOND_MS && session.held_fen >= wish.held_fen + wish.price_fen
}
