// What play costs, as the API tells it: money is whole fen, times are RFC 3339 in UTC.

export interface Quote {
  minutes: number
  /** Of the asker's level. */
  price_fen: number
  full_price_fen: number
}

/** Sold now. */
export interface PackageQuote {
  id: number
  name: string
  minutes: number
  until: string
  price_fen: number
  /** Whoever leaves early pays no more than the same play costs without it. */
  early_is_cheaper: boolean
}

/** What is chosen on a table's page: so many minutes, or a package. */
export interface Offer extends Quote {
  package?: PackageQuote
}
export type PlayTime = { minutes: number } | { package: number }

/** By the hall's clock and before any discount. */
export interface PriceList {
  /** Today, and tomorrow where the hall is open past midnight. */
  days: DayPrices[]
  /** The most that a night costs, with what a package costs of it. */
  night: { from: string; to: string; cap_fen: number } | null
  /** All of them, sold now or not. */
  packages: PackagePrice[]
}
export interface DayPrices {
  date: string
  holiday: boolean
  /** From midnight to midnight. */
  spans: { from: string; to: string; per_hour_fen: number; now: boolean }[]
}
export interface PackagePrice {
  id: number
  name: string
  price_fen: number
  /** Null of a night, which has hours. */
  minutes: number | null
  from: string | null
  to: string | null
  /** When it is sold, in words; null: at any time, of a night within its hours. */
  sold: string | null
  early_is_cheaper: boolean
}
