/** The halls' time zone, Asia/Shanghai: eight hours ahead of UTC, no summer time. A mini-program may lack `Intl`. */
const AHEAD_MS = 8 * 3_600_000
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
  /** Days since 1970 in the halls' zone, to compare days with. */
  day: number
}

export function wallClock(at: number): WallClock {
  const local = new Date(at + AHEAD_MS)
  return {
    year: String(local.getUTCFullYear()),
    date: `${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())}`,
    time: `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`,
    day: Math.floor((at + AHEAD_MS) / DAY_MS),
  }
}

/** `2026-11-28 20:30`, as a clock on the hall's wall would show it. */
export function fullTime(text: string): string {
  const at = instant(text)
  if (Number.isNaN(at)) return text
  const wall = wallClock(at)
  return `${wall.year}-${wall.date} ${wall.time}`
}
