const MINUS = '\u2212'

/** Whole fen as yuan with two places, by moving digits: nothing is divided, so nothing is rounded. */
export function yuan(fen: number): string {
  if (!Number.isSafeInteger(fen)) throw new RangeError(`not whole fen: ${fen}`)
  const digits = String(Math.abs(fen)).padStart(3, '0')
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${whole}.${digits.slice(-2)}`
}

export function money(fen: number): string {
  return `${fen < 0 ? MINUS : ''}¥${yuan(fen)}`
}

/** A change always carries its sign; the minus is the typographic one, as wide as the plus. */
export function moneyDelta(fen: number): string {
  if (fen === 0) return money(0)
  return `${fen > 0 ? '+' : MINUS}¥${yuan(fen)}`
}
