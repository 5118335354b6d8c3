import { get, post, put, seg } from './http'
import type { Table } from './types'

/** What a hall offers beside play. */
export interface Offers {
  /** In all of a session; 0: no pauses. */
  pause_minutes: number
  /** The light stays on meanwhile. */
  pause_lit: boolean
  /** After play; 0: none. */
  cleaning_minutes: number
  /** By a customer on the way; 0: no table. */
  hold_minutes: number
  /** Of those that were looked at: of two who set them at once the second is refused. */
  version: number
}

export const getOffers = (venue: string, signal?: AbortSignal) =>
  get<Offers>(`/venues/${seg(venue)}/offers`, undefined, signal)
export const setOffers = (venue: string, offers: Offers) => put<Offers>(`/venues/${seg(venue)}/offers`, offers)
export const cleaned = (table: string) => post<Table>(`/tables/${seg(table)}/cleaned`, {})
