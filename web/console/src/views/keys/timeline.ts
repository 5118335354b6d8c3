import type { Key } from '@/api/types'

export type MomentKind = 'created' | 'activated' | 'now' | 'expires'
export interface Moment {
  kind: MomentKind
  at: number
  /** Percent from the left. */
  place: number
}
export interface Timeline {
  moments: Moment[]
  /** From and to which percent the key was or will be good; `used` is where "now" cuts it. */
  span: { from: number; used: number; to: number } | null
  /** Milliseconds left; nothing: never activated, or good for ever. */
  left: number | null
}

const EDGE = 4

/** A key's life as places on a line: waiting, used up, left. The line is cut so that a long wait does not squeeze the rest. */
export function timelineOf(key: Pick<Key, 'created_at' | 'activated_at' | 'expires_at'>, now: number): Timeline {
  const created = Date.parse(key.created_at)
  const activated = key.activated_at === null ? null : Date.parse(key.activated_at)
  const expires = key.expires_at === null ? null : Date.parse(key.expires_at)

  if (activated === null) {
    return { moments: [place('created', created, EDGE), place('now', now, 60)], span: null, left: null }
  }
  const start = activated - created > 60_000 ? 18 : EDGE
  const first = [place('created', created, EDGE), place('activated', activated, start)]
  if (expires === null) {
    return { moments: [...first, place('now', now, 60)], span: { from: start, used: 60, to: 100 }, left: null }
  }
  const end = now > expires ? 82 : 100 - EDGE
  const along = (at: number) => start + ((at - activated) / Math.max(1, expires - activated)) * (end - start)
  const today = now > expires ? 100 - EDGE : Math.min(end, Math.max(start, along(now)))
  return {
    moments: [...first, place('now', now, today), place('expires', expires, end)].sort((a, b) => a.place - b.place),
    span: { from: start, used: Math.min(today, end), to: end },
    left: Math.max(0, expires - now),
  }
}

const place = (kind: MomentKind, at: number, percent: number): Moment => ({ kind, at, place: percent })

export type Meaning = 'unused' | 'unbound' | 'active' | 'activeForever' | 'expired' | 'disabled'

/** What a state means for the one who holds the key. An unbound key is "unused" again, but its clock goes on. */
export function meaningOf(key: Pick<Key, 'state' | 'activated_at' | 'expires_at'>): Meaning {
  if (key.state === 'unused') return key.activated_at === null ? 'unused' : 'unbound'
  if (key.state === 'active' && key.expires_at === null) return 'activeForever'
  return key.state
}
