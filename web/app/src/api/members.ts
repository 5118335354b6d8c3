// A customer's level and points, as the API tells them.

export interface Level {
  id: string
  name: string
  threshold: number
  /** What is paid of a price, in ten-thousandths. */
  pays: number
  gift_fen: number
}

export interface Membership {
  points: number
  level: Level | null
  next: { level: Level; missing_points: number } | null
  /** Rising. */
  levels: Level[]
}

export interface PointLine {
  id: string
  at: string
  /** Negative where a bill was given back. */
  points: number
  points_after: number
  venue_name: string
  table_name: string
}
