import type { TextRow } from '@/api/texts'

/** Why a text was withheld, as keys of the locale files: of what, and which of our reasons. */
export interface Withheld {
  part: 'hall' | 'table' | null
  why: 'DAILY_LIMIT' | 'ADDRESS' | 'EMPTY'
}
/** Why a text failed where it is not the provider who says so, and what there is to tell with it, such as a status. */
export interface Unsaid {
  why: 'NO_ANSWER' | 'UNREADABLE' | 'NOT_CONFIGURED' | 'GONE'
  more: string | null
}

const PARTS = ['hall', 'table'] as const
const WHYS = ['DAILY_LIMIT', 'ADDRESS', 'EMPTY'] as const
const UNSAID = ['NO_ANSWER', 'UNREADABLE', 'NOT_CONFIGURED', 'GONE'] as const

/** Of a text that we did not send, the reason in our words; of any other, and of one that we do not know, none. */
export function withheld(text: Pick<TextRow, 'state' | 'reason'>): Withheld | null {
  if (text.state !== 'withheld' || text.reason === null) return null
  const [last, first] = text.reason.split(': ').reverse()
  const why = WHYS.find((known) => known === last)
  const part = PARTS.find((known) => known === first) ?? null
  return why === undefined ? null : { part, why }
}

/** Of a text that went to the provider, the reason in our words; of one in the provider’s words none. */
export function unsaid(text: Pick<TextRow, 'state' | 'reason'>): Unsaid | null {
  if (text.state === 'withheld' || text.reason === null) return null
  const [first, ...more] = text.reason.split(': ')
  const why = UNSAID.find((known) => known === first)
  return why === undefined ? null : { why, more: more.join(': ') || null }
}
