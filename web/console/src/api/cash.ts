import { get, type Query } from './http'
import type { UserRef } from './types'

// GET /cash?venue=&from=&to= -> CashReport (desk.serve): dates like 2026-11-21, at most 31 of them; each hall's own today where none is said

/** Money in fen. */
export interface CashSum {
  taken_fen: number
  recharges: number
  paid_out_fen: number
  payouts: number
  /** Of that: to walk-ins, of whom nothing but a number is known. */
  walk_ins_fen: number
  walk_in_payouts: number
  /** Beside what lay in the drawer before; negative: more was paid out than taken. */
  drawer_fen: number
}

export interface CashPerson {
  user: UserRef
  sum: CashSum
}

export interface CashDay {
  venue_id: string
  venue_name: string
  /** By the hall's own clock. */
  day: string
  total: CashSum
  people: CashPerson[]
}

export interface CashReport {
  from: string
  to: string
  /** Newest first; days without cash are left out. */
  days: CashDay[]
  total: CashSum
}

export interface CashAsk extends Query {
  venue?: string
  from?: string
  to?: string
}

export const getCash = (ask: CashAsk, signal?: AbortSignal) => get<CashReport>('/cash', ask, signal)
