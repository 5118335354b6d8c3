import type { Session } from '@/api/types'
import { instant } from './time'

/** Whole seconds until `until`, never below zero; a second that has begun still counts. Null when there is no such time. */
export function secondsLeft(until: string | null, now: number): number | null {
  const end = until === null ? Number.NaN : instant(until)
  return Number.isNaN(end) ? null : Math.max(0, Math.ceil((end - now) / 1000))
}

/** Of the time that was paid for. In a pause it stands still: it was counted when the server answered. */
export const playLeft = (session: Pick<Session, 'paid_until' | 'pause' | 'now'>, now: number): number | null =>
  secondsLeft(session.paid_until, session.pause.since === null ? now : instant(session.now))

/** Whole seconds since `from`, never below zero. */
export function secondsSince(from: string | null, now: number): number | null {
  const start = from === null ? Number.NaN : instant(from)
  return Number.isNaN(start) ? null : Math.max(0, Math.floor((now - start) / 1000))
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `1:05:09`, or `05:09` within the hour. */
export function clockText(seconds: number): string {
  const hours = Math.floor(seconds / 3600)
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}
