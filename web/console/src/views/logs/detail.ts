/** One line of an operation's detail as a person reads it. */
export interface DetailEntry {
  /** The names that lead to it, outermost first. */
  path: string[]
  value: string
  /** What it was before, where the detail says so. */
  before?: string
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const plain = (value: unknown): boolean => typeof value !== 'object' || value === null

/** How the reader's language says nothing, and a part's name. */
export interface Words {
  empty: string
  name: (key: string) => string
}

/** A value without braces and quotes. */
export function shown(value: unknown, words: Words): string {
  if (value === null || value === undefined || value === '') return words.empty
  if (Array.isArray(value)) {
    return value.length === 0
      ? words.empty
      : value.map((one) => shown(one, words)).join(value.every(plain) ? ', ' : '; ')
  }
  if (!isRecord(value)) return String(value)
  const parts = Object.entries(value).map(([key, part]) => `${words.name(key)} ${shown(part, words)}`)
  return parts.length === 0 ? words.empty : parts.join(', ')
}

const PAIRS: readonly (readonly [string, string])[] = [
  ['old', 'new'],
  ['from', 'to'],
  ['before', 'after'],
]

/** The two sides of a change, when the record names them. */
function change(record: Record<string, unknown>): { before: unknown; after: unknown; rest: string[] } | null {
  for (const [before, after] of PAIRS) {
    if (before in record && after in record) {
      const rest = Object.keys(record).filter((name) => name !== before && name !== after)
      return { before: record[before], after: record[after], rest }
    }
  }
  return null
}

/** An operation's detail, whatever its shape, as lines. Changes become one line with both sides. */
export function readDetail(detail: unknown, words: Words, path: string[] = []): DetailEntry[] {
  if (!isRecord(detail)) {
    if (detail === undefined || detail === null) return []
    return [{ path, value: shown(detail, words) }]
  }
  const pair = change(detail)
  if (pair) {
    const sides = isRecord(pair.before) && isRecord(pair.after) ? compare(pair.before, pair.after, words, path) : null
    const lines = sides ?? [{ path, value: shown(pair.after, words), before: shown(pair.before, words) }]
    return [...pair.rest.flatMap((name) => readDetail(detail[name] ?? null, words, [...path, name])), ...lines]
  }
  return Object.entries(detail).flatMap(([name, value]) =>
    isRecord(value) && Object.keys(value).length > 0
      ? readDetail(value, words, [...path, name])
      : [{ path: [...path, name], value: shown(isRecord(value) ? null : value, words) }],
  )
}

/** Of two records, only what differs. */
function compare(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  words: Words,
  path: string[],
): DetailEntry[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => ({
      path: [...path, name],
      value: shown(after[name], words),
      before: shown(before[name], words),
    }))
}
