import type { HallClock } from '@/api/types'

/** Of what is no one hall's, as a wallet: eight hours ahead of UTC, no summer time. */
export const BEIJING: HallClock = { ahead_minutes: 8 * 60, changes_at: null, then_minutes: null }
const DAY_MS = 86_400_000

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/i

/** RFC 3339 as milliseconds since 1970; NaN for anything else. By hand: engines differ in what `Date` reads. */
export function instant(text: string): number {
  const found = INSTANT.exec(text)
  if (!found) return Number.NaN
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = found
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000 * (sign === '-' ? -1 : 1)
  const millis = Number(fraction.padEnd(3, '0').slice(0, 3))
  return (
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), millis) -
    offset
  )
}

const two = (value: number): string => String(value).padStart(2, '0')

export interface WallClock {
  year: string
  date: string
  time: string
  /** Days since 1970 by that clock, to compare days with. */
  day: number
}

/** By how much a clock is ahead of UTC at that moment. By hand: a mini-program may lack `Intl`. */
function aheadMs(at: number, { ahead_minutes, changes_at, then_minutes }: HallClock): number {
  const changed = changes_at !== null && then_minutes !== null && at >= instant(changes_at)
  return (changed ? then_minutes : ahead_minutes) * 60_000
}

export function wallClock(at: number, clock: HallClock = BEIJING): WallClock {
  const ahead = at + aheadMs(at, clock)
  const local = new Date(ahead)
  return {
    year: String(local.getUTCFullYear()),
    date: `${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())}`,
    time: `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`,
    day: Math.floor(ahead / DAY_MS),
  }
}

/** `2026-11-28 20:30`, as a clock on the hall's wall would show it. */
export function fullTime(text: string, clock?: HallClock): string {
  const at = instant(text)
  if (Number.isNaN(at)) return text
  const wall = wallClock(at, clock)
  return `${wall.year}-${wall.date} ${wall.time}`
}
