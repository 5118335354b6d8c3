import { get, post, seg, type Paging } from './http'
import type { Batch, Key, KeyDetail, KeySelection, KeyState, Page, ValidityUnit } from './types'

export interface BatchFilter extends Paging {
  project?: string
  agent?: string
  state?: Batch['state'] | ''
}
export interface BatchTerms {
  project_id: string
  count: number
  unit: ValidityUnit
  validity: number
}
export interface NewBatch extends BatchTerms {
  note?: string
  /** What was shown: if it costs something else by now, the server makes nothing (PRICE_CHANGED). */
  expected_total?: number
}
export interface BatchQuote {
  unit_price: number
  total: number
  available: number
}
export interface KeyFilter extends Paging {
  project?: string
  batch?: string
  state?: KeyState | ''
  key?: string
  device?: string
  agent?: string
}
export interface BulkChange {
  changed: number
  skipped: number
}
export type KeyExport = KeySelection & { format: 'csv' | 'xlsx'; columns?: string[] }

export const listBatches = (filter: BatchFilter, signal?: AbortSignal) => get<Page<Batch>>('/batches', filter, signal)
export const getBatch = (id: string, signal?: AbortSignal) => get<Batch>(`/batches/${seg(id)}`, undefined, signal)
export const quoteBatch = (terms: BatchTerms, signal?: AbortSignal) =>
  post<BatchQuote>('/batches/quote', terms, { signal })
export const createBatch = (body: NewBatch, idempotencyKey: string) => post<Batch>('/batches', body, { idempotencyKey })
export const cancelBatch = (id: string) => post<Batch>(`/batches/${seg(id)}/cancel`)

export const listKeys = (filter: KeyFilter, signal?: AbortSignal) => get<Page<Key>>('/keys', filter, signal)
export const getKey = (id: string, signal?: AbortSignal) => get<KeyDetail>(`/keys/${seg(id)}`, undefined, signal)
/** One of its devices, or all. */
export const unbindKey = (id: string, deviceId?: string) =>
  post<Key>(`/keys/${seg(id)}/unbind`, deviceId === undefined ? {} : { device_id: deviceId })
/** The same whatever the project's limit says, and why: for who sets that. */
export const unbindKeyBeyondLimit = (id: string, reason: string, deviceId?: string) =>
  post<Key>(`/keys/${seg(id)}/unbind-beyond-limit`, { reason, ...(deviceId !== undefined && { device_id: deviceId }) })
export const disableKeys = (selection: KeySelection) => post<BulkChange>('/keys/disable', selection)
export const enableKeys = (selection: KeySelection) => post<BulkChange>('/keys/enable', selection)

/** A ticket that is good for a minute; open its address to download. */
export const exportKeys = (body: KeyExport) => post<{ url: string }>('/exports/keys', body)
