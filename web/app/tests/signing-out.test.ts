import { describe, expect, it } from 'vitest'
import type { Session, SessionState } from '@/api/types'
import type { Wishes } from '@/shared/outbox'
import { leftBehind } from '@/shared/signing-out'

const session = (state: SessionState) => ({ id: 'pls_1', state }) as Session
const end: Wishes = { pls_1: { kind: 'close', at: 0 } }
const others: Wishes = { pls_2: { kind: 'close', at: 0 } }
const longer: Wishes = { pls_1: { kind: 'extend', minutes: 30, at: 0 } }

describe('whoever signs out', () => {
  it('leaves play behind that is not over', () => {
    expect([leftBehind(session('opening'), {}), leftBehind(session('playing'), {})]).toEqual(['playing', 'playing'])
    expect([leftBehind(session('closed'), {}), leftBehind(session('failed'), {})]).toEqual([null, null])
    expect(leftBehind(null, {})).toBeNull()
  })

  it('v8_1 leaves an end behind that is not sent before they are back', () => {
    expect(leftBehind(session('playing'), end)).toBe('end')
    // Without a network nobody may know of the session.
    expect(leftBehind(null, end)).toBe('end')
    // It has ended all the same.
    expect(leftBehind(session('closed'), end)).toBeNull()
    // Another's on the same phone; and more time, which is never sent by itself.
    expect([leftBehind(session('playing'), others), leftBehind(session('playing'), longer)]).toEqual([
      'playing',
      'playing',
    ])
    expect(leftBehind(null, longer)).toBeNull()
  })
})
