import { get, type Paging } from './http'
import type { Page } from './types'

export type TextKind = 'code' | 'light_failed' | 'ending' | 'phone_left'
export type TextState = 'queued' | 'sent' | 'delivered' | 'failed' | 'unknown' | 'withheld'

/** A text to a phone. What it said is not kept. */
export interface TextRow {
  id: string
  kind: TextKind
  /** None: a code, or that a number was left, which are of no hall. */
  venue_id: string | null
  venue_name: string | null
  /** With its middle hidden. */
  phone: string
  state: TextState
  /** In the provider's words; of what was withheld, in ours. */
  reason: string | null
  /** What the provider calls it. */
  called: string | null
  created_at: string
  sent_at: string | null
  ended_at: string | null
}

export interface TextFilter extends Paging {
  state?: TextState | ''
  kind?: TextKind | ''
  /** A whole number. */
  phone?: string
}

export const listTexts = (filter: TextFilter, signal?: AbortSignal) => get<Page<TextRow>>('/texts', filter, signal)
