import { del, get, post, put, seg, type Paging } from './http'
import type {
  AtDesk,
  ChangedPrices,
  ChangedTable,
  ChangedVenue,
  CloseAsk,
  ClosedPlay,
  Credentials,
  Customer,
  DeskCash,
  DeviceLogLine,
  Floor,
  LightAsk,
  LostPhone,
  NewDevice,
  NewTable,
  NewVenue,
  Page,
  Prices,
  SignedOut,
  Table,
  Tariff,
  TriedPrice,
  Venue,
  VenueMember,
} from './types'

export const listVenues = (signal?: AbortSignal) => get<{ items: Venue[] }>('/venues', undefined, signal)
export const createVenue = (body: NewVenue, idempotencyKey: string) => post<Venue>('/venues', body, { idempotencyKey })
export const getFloor = (venue: string, signal?: AbortSignal) =>
  get<Floor>(`/venues/${seg(venue)}/floor`, undefined, signal)
export const listStaff = (venue: string, signal?: AbortSignal) =>
  get<{ items: VenueMember[] }>(`/venues/${seg(venue)}/staff`, undefined, signal)
export const addStaff = (venue: string, name: string) =>
  post<{ items: VenueMember[] }>(`/venues/${seg(venue)}/staff`, { name })
export const removeStaff = (venue: string, user: string) =>
  post<{ items: VenueMember[] }>(`/venues/${seg(venue)}/staff/remove`, { user_id: user })
export const createTable = (venue: string, body: NewTable, idempotencyKey: string) =>
  post<Table>(`/venues/${seg(venue)}/tables`, body, { idempotencyKey })

export const changeVenue = (venue: string, body: ChangedVenue) => put<Venue>(`/venues/${seg(venue)}`, body)
export const listPriceLists = (venue: string, signal?: AbortSignal) =>
  get<{ items: Prices[] }>(`/venues/${seg(venue)}/price-lists`, undefined, signal)
export const addPriceList = (venue: string, name: string, idempotencyKey: string) =>
  post<Prices>(`/venues/${seg(venue)}/price-lists`, { name }, { idempotencyKey })
export const changePriceList = (list: string, body: ChangedPrices) => put<Prices>(`/price-lists/${seg(list)}`, body)
export const removePriceList = (list: string) => del<void>(`/price-lists/${seg(list)}`)
export const tryPrices = (venue: string, body: { tariff: Tariff; date: string; minutes: number }) =>
  post<{ items: TriedPrice[] }>(`/venues/${seg(venue)}/prices/try`, body)
export const changeTable = (table: string, body: ChangedTable) => put<Table>(`/tables/${seg(table)}`, body)
export const retireTable = (table: string) => post<void>(`/tables/${seg(table)}/retire`, {})

export const reissueCode = (table: string) => post<Table>(`/tables/${seg(table)}/code`, {})
export const takeOut = (table: string, note: string) => post<Table>(`/tables/${seg(table)}/out-of-service`, { note })
export const bringBack = (table: string, note: string) => post<Table>(`/tables/${seg(table)}/in-service`, { note })
export const closeTable = (table: string, body: CloseAsk) => post<ClosedPlay>(`/tables/${seg(table)}/close`, body)
export const setLight = (table: string, body: LightAsk) => put<unknown>(`/tables/${seg(table)}/light`, body)
export const testLight = (table: string) => post<unknown>(`/tables/${seg(table)}/light-test`, {})
export const giveLightBack = (table: string) => del<unknown>(`/tables/${seg(table)}/light`)

export const createDevice = (body: NewDevice) => post<Credentials>('/devices', body)
export const renewDevicePassword = (device: string) => post<Credentials>(`/devices/${seg(device)}/password`, {})
export const watchDevice = (device: string, least_watts: number | null) =>
  put<unknown>(`/devices/${seg(device)}/watch`, { least_watts })
export const listDeviceLog = (device: string, paging: Paging, signal?: AbortSignal) =>
  get<Page<DeviceLogLine>>(`/devices/${seg(device)}/log`, paging, signal)

export const findCustomer = (number: string) => post<AtDesk>('/customers/find', { number })
export const rechargeAtDesk = (body: DeskCash, idempotencyKey: string) =>
  post<Customer>('/customers/recharge', body, { idempotencyKey })
export const payOutAtDesk = (body: DeskCash, idempotencyKey: string) =>
  post<Customer>('/customers/payout', body, { idempotencyKey })
/** Of a customer who has lost it, and was seen to be who they say. */
export const takePhoneOff = (body: LostPhone) => post<Customer>('/customers/take-phone-off', body)
/** On all phones: of a customer who has lost one, and was seen to be who they say. */
export const signCustomerOut = (body: LostPhone) => post<SignedOut>('/customers/sign-out-everywhere', body)
