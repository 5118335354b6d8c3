import type { Refundable } from '@/api/pay'

/** Whole fen of what somebody typed as yuan (`50`, `50.5`, `1,000.00`, full-width too); null: no amount. By digits, never by a float. */
export function fenOf(typed: string): number | null {
  const text = typed
    .normalize('NFKC')
    .replace(/[\s,¥]/g, '')
    .replace(/\u3002/g, '.')
  const found = /^(\d{1,9})(?:\.(\d{0,2}))?$/.exec(text)
  if (!found) return null
  return Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0'))
}

/** What the server takes for the wallet at once: 1 to 10,000 yuan. */
export const RECHARGE_FEN = { least: 100, most: 1_000_000 }

export type AmountProblem = 'none' | 'least' | 'most'

export function amountProblem(
  fen: number | null,
  { least, most }: { least: number; most: number },
): AmountProblem | null {
  if (fen === null) return 'none'
  if (fen < least) return 'least'
  return fen > most ? 'most' : null
}

/** Networks give a payment back in so many parts only: near the last some amounts cannot go, or nothing but all of it at once. */
export function refundParts({ amount_fen, freely_fen }: Refundable): 'any' | 'partly' | 'wholly' {
  if (freely_fen >= amount_fen) return 'any'
  return freely_fen > 0 ? 'partly' : 'wholly'
}

/** Yuan as one would type them into a field. */
export function typedYuan(fen: number): string {
  const digits = String(fen).padStart(3, '0')
  const [whole, part] = [digits.slice(0, -2), digits.slice(-2)]
  return part === '00' ? whole : `${whole}.${part}`
}

/** The smallest of the amounts offered that covers what is missing; where nothing is, the second: most people's. */
export function suggestedFen(offered: readonly number[], missingFen: number): number {
  const most = offered[offered.length - 1] ?? missingFen
  return missingFen > 0 ? (offered.find((fen) => fen >= missingFen) ?? most) : (offered[1] ?? most)
}
