import { beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '@/api/types'
import { extending, isGranted, paidEnd, type Extending } from '@/shared/extending'

const PAUSE = { since: null, ends: null, left_seconds: 0, over_seconds: 0, offered: false, lit: false }
const session = (change: Partial<Session> = {}): Session =>
  ({
    id: 'pls_1',
    paid_until: '2026-11-28T13:00:00.123456Z',
    now: '2026-11-28T12:10:00.5Z',
    held_fen: 3_600,
    pause: PAUSE,
    ...change,
  }) as Session
const wish = (change: Partial<Extending> = {}): Extending => ({
  session: 'pls_1',
  minutes: 30,
  price_fen: 1_800,
  end: paidEnd(session()),
  held_fen: 3_600,
  ...change,
})

describe('the end that is paid for', () => {
  it('is sent as it was told, and stands still in a pause', () => {
    expect(paidEnd(session())).toBe('2026-11-28T13:00:00.123456Z')
    const pause = { ...PAUSE, since: '2026-11-28T12:00:00Z' }
    const later = { paid_until: '2026-11-28T13:10:00.623456Z', now: '2026-11-28T12:10:00.5Z', pause }
    expect(paidEnd(session(later))).toBe('2026-11-28T13:00:00.000Z')
    const muchLater = { paid_until: '2026-11-28T13:25:00.133456Z', now: '2026-11-28T12:25:00.01Z', pause }
    expect(paidEnd(session(muchLater))).toBe('2026-11-28T13:00:00.000Z')
    expect(paidEnd(session({ paid_until: null }))).toBeNull()
  })
})

describe('a wish for more time that no answer came to', () => {
  beforeEach(() => extending.over())

  it('was granted where the end is as much later and as much more is held', () => {
    const granted = { paid_until: '2026-11-28T13:30:00.123456Z', held_fen: 5_400 }
    expect(isGranted(wish(), session())).toBe(false)
    expect(isGranted(wish(), session(granted))).toBe(true)
    expect(isGranted(wish(), session({ ...granted, id: 'pls_2' }))).toBe(false)
    expect(isGranted(wish({ minutes: 60, price_fen: 3_600 }), session(granted))).toBe(false)
    // A pause that is over moves the end, and holds nothing; beyond a cap more time costs nothing.
    expect(isGranted(wish(), session({ ...granted, held_fen: 3_600 }))).toBe(false)
    expect(isGranted(wish({ price_fen: 0 }), session({ ...granted, held_fen: 3_600 }))).toBe(true)
  })

  it('is known until it is settled, of its own session', () => {
    expect(extending.of('pls_1')).toBeNull()
    extending.begin(wish())
    expect(extending.of('pls_1')).toEqual(wish())
    expect(extending.of('pls_2')).toBeNull()
    extending.over()
    expect(extending.of('pls_1')).toBeNull()
  })
})
