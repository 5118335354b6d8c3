import type { ValidityUnit } from '@/api/types'

const unitText = (unit: string, count: number, locale: string): string =>
  new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count)

/** How long a key is good for, as people say it; nothing for a key that never ends, which has a word of its own. */
export function formatValidity(unit: ValidityUnit, count: number, locale: string): string | null {
  return unit === 'forever' ? null : unitText(unit, count, locale)
}

const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** A span of time in its two largest units: `3 days 4 hours`. */
export function formatSpan(milliseconds: number, locale: string): string {
  let rest = Math.max(0, milliseconds)
  const words: string[] = []
  for (const [unit, size] of STEPS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) words.push(unitText(unit, count, locale))
    if (words.length === 2 || (words.length === 1 && count === 0)) break
  }
  return words.length > 0 ? words.join(' ') : unitText('second', 0, locale)
}

/** What the server accepts, by unit. */
export const countLimits: Readonly<Record<ValidityUnit, readonly [number, number]>> = {
  minute: [1, 525_600],
  hour: [1, 87_600],
  day: [1, 36_500],
  month: [1, 1_200],
  forever: [0, 0],
}
export const UNITS = Object.keys(countLimits) as ValidityUnit[]
