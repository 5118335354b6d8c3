/** Quota (whole units) with thousands separators. */
export function formatQuota(amount: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(amount)
}

/** How many there are; `more`: they were not counted to their end. */
export function formatCount(count: number, more: boolean, locale: string): string {
  return formatQuota(count, locale) + (more ? '+' : '')
}

/** A change of quota always carries its sign; the minus is the typographic one, as wide as the plus. */
export function formatDelta(amount: number, locale: string): string {
  if (amount === 0) return formatQuota(0, locale)
  return (amount > 0 ? '+' : '\u2212') + formatQuota(Math.abs(amount), locale)
}

type Parts = Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string>

function partsIn(time: Date, zone: string): Parts {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const parts: Record<string, string> = {}
  for (const part of format.formatToParts(time)) parts[part.type] = part.value
  return parts as Parts
}

export type TimeStyle = 'minute' | 'second' | 'day'

/** An RFC 3339 time as a wall clock in the installation's time zone would show it. */
export function formatTime(time: string, zone: string, style: TimeStyle = 'minute'): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return time
  const p = partsIn(date, zone)
  const day = `${p.year}-${p.month}-${p.day}`
  if (style === 'day') return day
  return `${day} ${p.hour}:${p.minute}` + (style === 'second' ? `:${p.second}` : '')
}

/** Minutes that the zone is ahead of UTC at that moment. */
export function offsetMinutes(time: Date, zone: string): number {
  const p = partsIn(time, zone)
  const wall = Date.UTC(+p.year, +p.month - 1, +p.day, +p.hour, +p.minute, +p.second)
  return Math.round((wall - Math.floor(time.getTime() / 1000) * 1000) / 60_000)
}

/** The zone as people name it: `Asia/Shanghai (UTC+8)`. */
export function zoneName(zone: string, at: Date = new Date()): string {
  const minutes = offsetMinutes(at, zone)
  const hours = Math.floor(Math.abs(minutes) / 60)
  const rest = Math.abs(minutes) % 60
  const offset = minutes === 0 ? '' : (minutes > 0 ? '+' : '\u2212') + hours + (rest ? `:${rest}` : '')
  return `${zone} (UTC${offset})`
}

/** What a person picked (`2026-03-01` or `2026-03-01 12:30:00`, meant in `zone`) as an RFC 3339 UTC time. */
export function zonedToUtc(wall: string, zone: string): string {
  const [day = '', clock = '00:00:00'] = wall.split(/[ T]/)
  const asUtc = new Date(`${day}T${clock.length === 5 ? `${clock}:00` : clock}Z`)
  // Twice, because the offset at the guess may differ from the offset at the result (summer time).
  let result = new Date(asUtc.getTime() - offsetMinutes(asUtc, zone) * 60_000)
  result = new Date(asUtc.getTime() - offsetMinutes(result, zone) * 60_000)
  return result.toISOString()
}

/** Two days, both meant whole, as a half-open range for `from` and `to`. */
export function dayRange(first: string, last: string, zone: string): { from?: string; to?: string } {
  const next = (day: string) => {
    const date = new Date(`${day}T00:00:00Z`)
    date.setUTCDate(date.getUTCDate() + 1)
    return date.toISOString().slice(0, 10)
  }
  return {
    from: first ? zonedToUtc(first, zone) : undefined,
    to: last ? zonedToUtc(next(last), zone) : undefined,
  }
}
