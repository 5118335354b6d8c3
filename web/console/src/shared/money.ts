/** Money is counted in fen 分, whole; a yuan 元 has a hundred. No fraction of a number is ever computed. */

/** More than anybody types; what is this long is still held exactly. */
const DIGITS = 12

/** An amount with its sign and thousands separators: `¥1,234.50`. */
export function formatFen(fen: number, locale: string): string {
  const whole = Math.abs(Math.trunc(fen))
  const rest = whole % 100
  const yuan = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format((whole - rest) / 100)
  return `${fen < 0 ? '\u2212' : ''}\u00a5${yuan}.${String(rest).padStart(2, '0')}`
}

/** The same for programs, as a plain number: `-1234.50`. */
export function plainYuan(fen: number): string {
  const whole = Math.abs(Math.trunc(fen))
  const rest = whole % 100
  return `${fen < 0 ? '-' : ''}${(whole - rest) / 100}.${String(rest).padStart(2, '0')}`
}

/** What somebody typed as yuan, in fen; null where it is no amount. Separators of thousands are taken out, nothing is rounded. */
export function parseYuan(text: string): number | null {
  // Full-width digits and dots come from Chinese keyboards.
  const plain = text
    .normalize('NFKC')
    .trim()
    .replace(/\u3002/g, '.')
    .replace(/^\u00a5\s*/, '')
  const bare = /^\d{1,3}(,\d{3})+(\.|$)/.test(plain) ? plain.replaceAll(',', '') : plain
  const parts = /^(\d+)(?:\.(\d{0,2}))?$/.exec(bare)
  if (!parts) return null
  const digits = (parts[1] ?? '').replace(/^0+(?=\d)/, '')
  return digits.length > DIGITS ? null : Number(digits + (parts[2] ?? '').padEnd(2, '0'))
}
