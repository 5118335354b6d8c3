/** So many of so many, in percent with two decimals, rounded up: whoever is above the aim does not look as if not. */
export function shareText(complained: number, sessions: number): string {
  if (sessions <= 0) return '0.00'
  const hundredths = Math.ceil((complained * 10_000) / sessions)
  return `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, '0')}`
}
