const DAY = 24 * 60
const STEP = 30

/** Minutes from midnight as a clock shows them: `09:30`, and `24:00` for the end of the day. */
export function formatMinute(minute: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}

/** Half hours at which a hall may open, or close. */
export const OPENINGS: readonly number[] = Array.from({ length: DAY / STEP }, (_, n) => n * STEP)
export const CLOSINGS: readonly number[] = OPENINGS.map((minute) => minute + STEP)

/** Hours that end at or before their beginning go on after midnight. */
export const isNextDay = (opens: number, closes: number): boolean => closes <= opens

/** The choices, with what was chosen elsewhere than in this list. */
export const withOwn = (choices: readonly number[], own: number): readonly number[] =>
  choices.includes(own) ? choices : [...choices, own].sort((a, b) => a - b)
