// Written from the API's document by hand, until they are generated from it. Money is whole fen, times are RFC 3339 in UTC.
import type { PackageQuote, PriceList, Quote } from './prices'

export type * from './members'
export type * from './prices'

export interface Customer {
  id: string
  /** Told to the staff for a recharge in cash. */
  number: string
  /** Neither a phone number nor a name at WeChat. */
  guest: boolean
  phone: string | null
  /** A name at WeChat is theirs, and signs them in. */
  wechat: boolean
  balance_fen: number
  held_fen: number
  available_fen: number
}

export interface SignedIn {
  token: string
  customer: Customer
  /** Has signed in for the first time, and is welcomed. */
  new: boolean
}

/** How a hall's clock stands against UTC: a mini-program has no list of time zones. */
export interface HallClock {
  ahead_minutes: number
  /** When it is put forward or back next, and to what. */
  changes_at: string | null
  then_minutes: number | null
}

/** By what one can sign in at WeChat. */
export interface WechatWays {
  /** WeChat's page, without where to come back to. */
  web: string | null
  mini: boolean
  /** A demo's: its stand-in opens in any browser. */
  anywhere: boolean
}
export type WechatApp = 'web' | 'mini'

export interface PhoneCode {
  /** Comes back with the code. */
  ticket: string
  valid_seconds: number
  again_seconds: number
  /** No texts are left today for numbers that are no customer's. Told to everybody. */
  customers_only: boolean
  /** The number had what anybody may have sent: a code comes only where its customer was before. Told to everybody. */
  known_networks_only: boolean
}

/** That somebody holds this phone. */
export interface PhoneProof {
  phone: string
  ticket: string
  code: string
}

export interface Venue {
  id: string
  name: string
  address: string | null
  phone: string | null
  open_now: boolean
  /** For good, or for a while, whatever the hour. */
  closed: boolean
  /** Both null: round the clock. */
  opens: string | null
  closes: string | null
  idle_tables: number
  tables: number
  clock: HallClock
}

export const tableStates = [
  'idle',
  'reserved',
  'opening',
  'playing',
  'paused',
  'closing',
  'cleaning',
  'maintenance',
] as const
export type TableState = (typeof tableStates)[number]

export interface Table {
  id: string
  name: string
  state: TableState
  /** What an hour costs there now, before any discount. */
  per_hour_fen: number
  /** The name of its price list; null: the hall's own. */
  price_list: string | null
  mine: boolean
  /** It is held until then. */
  held_until: string | null
  held_for_me: boolean
}

export interface VenueView {
  venue: Venue
  tables: Table[]
}

export interface Refusal {
  code: string
  detail: string
}

export interface TableView {
  venue: Venue
  table: Table
  state_text: string
  can_open: boolean
  why_not: Refusal | null
  per_hour_fen: number
  unit_minutes: number
  /** Free for the asker this time: none where they were used here within the last hours. */
  grace_minutes: number
  minimum_fen: number | null
  session_cap_fen: number | null
  prices: PriceList
  /** The asker's level, and what it pays in ten-thousandths. */
  member: { level: string; pays: number } | null
  quotes: Quote[]
  packages: PackageQuote[]
  /** Idle tables of the same hall. */
  others: Table[]
  /** Null: not free, or the hall holds no tables. `until`: null where the asker may not hold it. */
  hold: { minutes: number; until: string | null; why_not: Refusal | null } | null
  session_id: string | null
}

/** A table that is held for the asker. */
export interface Hold {
  table_id: string
  table_name: string
  venue_id: string
  venue_name: string
  since: string
  until: string
  by_staff: boolean
  now: string
  clock: HallClock
}

export interface BillLine {
  kind: string
  text: string
  fen: number
}

export interface Bill {
  lines: BillLine[]
  total_fen: number
  /** Of what was held, not taken: the two parts below. */
  refunded_fen: number
  /** Goes back to where it was paid for this session alone, or has gone. */
  to_source_fen: number
  to_balance_fen: number
}

export const sessionStates = ['opening', 'playing', 'closed', 'failed'] as const
export type SessionState = (typeof sessionStates)[number]
export const endReasons = ['customer', 'time_up', 'staff', 'hall', 'device_fault', 'not_lit'] as const
export type EndReason = (typeof endReasons)[number]

export interface Session {
  id: string
  state: SessionState
  venue_name: string
  /** Empty where the hall has none. Absent of a server that does not tell it. */
  venue_phone?: string
  /** The hall's, since it was asked for. Absent of a server that does not tell it. */
  clock?: HallClock
  table_id: string
  table_name: string
  asked_at: string
  lit_at: string | null
  paid_until: string | null
  held_fen: number
  cost_so_far_fen: number
  /** The server's clock when it answered. */
  now: string
  ended_at: string | null
  end_reason: EndReason | null
  text: string
  /** Once it is over. Of what never began it has no lines. */
  bill: Bill | null
  pause: Pause
  /** While it is played. Null: not known, or none is owed. Absent of a server that does not tell it. */
  light?: 'on' | 'off' | 'away' | null
  /** Played without light, or without a word from it: it costs nothing. Absent of a server that does not tell it. */
  unlit_seconds?: number
  /** By how many minutes it may be extended now: less near closing. */
  extensions: number[]
  /** Others share the bill, or have. */
  split: { id: string; state: 'open' | 'settled'; paid_by_others_fen: number } | null
  /** Whether a split can be made of it now: not of a bill that is too old, or was given back. */
  can_split: boolean
}

export interface Pause {
  /** Since when it is paused. */
  since: string | null
  /** When it goes on by itself. */
  ends: string | null
  left_seconds: number
  /** Of the pauses that are over; of a session that is over, of all. */
  over_seconds: number
  /** Whether one may begin now. */
  offered: boolean
  /** The light stays on meanwhile. */
  lit: boolean
}

export const shareStates = ['free', 'joined', 'again', 'confirmed', 'paid', 'missed', 'released'] as const
export type ShareState = (typeof shareStates)[number]
export const splitEnds = ['everybody', 'deadline', 'starter', 'cancelled', 'nobody', 'nothing'] as const
export type SplitEnd = (typeof splitEnds)[number]

export interface Share {
  place: number
  state: ShareState
  starter: boolean
  mine: boolean
  who: string | null
  /** While it is played, at most. */
  amount_fen: number
  agreed_fen: number
}

export interface Split {
  id: string
  state: 'open' | 'settled' | 'undone'
  manner: 'even' | 'amounts'
  end_reason: SplitEnd | null
  session_id: string
  venue_name: string
  table_name: string
  playing: boolean
  amount_fen: number
  confirm_by: string | null
  /** Only for those who have a share, while it is open. */
  link: string | null
  mine: boolean
  shares: Share[]
  now: string
  clock: HallClock
}

export interface Extension {
  minutes: number
  price_fen: number
  paid_until: string
}

export interface WalletEntry {
  id: string
  at: string
  kind: string
  phase: 'hold' | 'post' | 'release' | 'move'
  delta_fen: number
  held_delta_fen: number
  balance_after_fen: number
  memo: string | null
}

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

export interface WalletPage extends Page<WalletEntry> {
  balance_fen: number
  held_fen: number
}

/** The last: money that Alipay only freezes while one plays. */
export const channels = ['wechat', 'alipay', 'alipay_freeze'] as const
export type Channel = (typeof channels)[number]
/** How a network is asked to take a payment: see shared/pay-means.ts for where each works. */
export type PayMethod = 'jsapi' | 'h5' | 'native' | 'wap' | 'precreate' | 'freeze'

/** What the payer's side does next. A newer server may hand over what this app does not know. */
export type Handed =
  | { kind: 'redirect'; url: string }
  | { kind: 'qr_code'; content: string }
  | {
      kind: 'jsapi'
      app_id: string
      time_stamp: string
      nonce_str: string
      package: string
      sign_type: string
      pay_sign: string
    }

export interface PayOrder {
  id: string
  purpose: 'recharge' | 'play'
  amount_fen: number
  subject: string
  state: 'pending' | 'paid' | 'closed'
  channel: Channel | null
  next: Handed | null
  /** Gone back to the payer, or on its way. */
  refunded_fen: number
  /** Of money that was frozen, what is taken at last. */
  captured_fen: number
  /** On its way back, and somebody is looking after it. */
  refund_delayed: boolean
  created_at: string
  expires_at: string
  paid_at: string | null
}
