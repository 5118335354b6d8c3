import { get, post, seg, type Paging } from './http'
import type { Customer, Page, UserRef } from './types'

// Tables that the staff opens for who stands at the desk (desk.serve). Money is in fen.
// POST /tables/{id}/desk-offer DeskOfferAsk -> DeskOffer; POST /tables/{id}/desk-open [idem] DeskOpening -> 202 DeskPlay
// GET /venues/{id}/desk-plays -> Page<DeskPlayRow>, newest first; GET /desk-plays/{id} -> DeskPlay
// GET /desk-plays/{id}/extension?minutes= -> Extension; POST /desk-plays/{id}/extend [idem] DeskMore -> DeskPlay
// 409 PRICE_CHANGED, BALANCE_INSUFFICIENT, ALREADY_PLAYING, TABLE_BUSY, TABLE_RESERVED, END_CHANGED, NOT_PLAYING

export interface DeskOfferAsk {
  /** A phone’s number or the customer’s own; absent: a walk-in. */
  customer?: string
  cash_fen: number
}

export interface Quote {
  minutes: number
  price_fen: number
}

export interface PackageQuote {
  id: number
  name: string
  until: string
  price_fen: number
}

export interface DeskOffer {
  /** Null: nobody is named, or it is a phone of which nothing is known yet. */
  customer: Customer | null
  table: {
    can_open: boolean
    why_not: { code: string; detail: string } | null
    quotes: Quote[]
    packages: PackageQuote[]
  }
  /** The longest play that the cash and the wallet pay for; null: they pay for none. */
  within: Quote | null
}

export interface DeskOpening extends DeskOfferAsk {
  minutes?: number
  package?: number
  expected_fen: number
}

export interface DeskSession {
  id: string
  state: 'opening' | 'playing' | 'closed' | 'failed'
  table_name: string
  asked_at: string
  lit_at: string | null
  paid_until: string | null
  held_fen: number
  cost_so_far_fen: number
  ended_at: string | null
  end_reason: string | null
  bill: { lines: { text: string; fen: number }[]; total_fen: number } | null
  pause: { since: string | null }
  /** By how many minutes it may be extended now. */
  extensions: number[]
}

/** For whom the desk has opened a table. A guest is a walk-in. */
export interface DeskCustomer {
  number: string
  phone: string | null
  guest: boolean
  /** In the wallet, of a walk-in; of others while they play, and not in the list. Null: who needs it looks them up. */
  available_fen: number | null
}

export interface DeskPlay {
  session: DeskSession
  /** As they stand now. */
  customer: DeskCustomer
  opened_by: UserRef
}

/** The same in the list. */
export interface DeskPlayRow {
  /** The session’s. */
  id: string
  state: DeskSession['state']
  table_name: string
  asked_at: string
  ended_at: string | null
  end_reason: string | null
  /** What it has cost, once it is over. */
  total_fen: number | null
  customer: DeskCustomer
  opened_by: UserRef
}

export interface Extension {
  minutes: number
  price_fen: number
  paid_until: string
}

export interface DeskMore {
  minutes: number
  expected_fen: number
  /** The end that was seen. */
  until?: string
  cash_fen: number
}

export const deskOffer = (table: string, body: DeskOfferAsk) =>
  post<DeskOffer>(`/tables/${seg(table)}/desk-offer`, body)
export const openAtDesk = (table: string, body: DeskOpening, idempotencyKey: string) =>
  post<DeskPlay>(`/tables/${seg(table)}/desk-open`, body, { idempotencyKey })
export const listDeskPlays = (venue: string, paging: Paging, signal?: AbortSignal) =>
  get<Page<DeskPlayRow>>(`/venues/${seg(venue)}/desk-plays`, paging, signal)
export const getDeskPlay = (id: string, signal?: AbortSignal) =>
  get<DeskPlay>(`/desk-plays/${seg(id)}`, undefined, signal)
export const deskExtension = (id: string, minutes: number) =>
  get<Extension>(`/desk-plays/${seg(id)}/extension`, { minutes })
export const extendAtDesk = (id: string, body: DeskMore, idempotencyKey: string) =>
  post<DeskPlay>(`/desk-plays/${seg(id)}/extend`, body, { idempotencyKey })
