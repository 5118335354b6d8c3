import { describe, expect, it } from 'vitest'
import { tableStates, type TableView } from '@/api/types'
import { t } from '@/locales'
import { blockerOf, inOrder, knownState, lampOf, lampOver, tableTones, toneOf } from '@/shared/table-state'
import { walletAmount } from '@/shared/wallet'

type Seen = Pick<TableView, 'session_id' | 'can_open' | 'why_not'>
const free: Seen = { session_id: null, can_open: true, why_not: null }
const not = (code: string): Seen => ({ session_id: null, can_open: false, why_not: { code, detail: 'why' } })

describe('a table’s state', () => {
  it('has a colour and a text, each', () => {
    for (const state of tableStates) {
      expect(tableTones[state]).toBeTruthy()
      expect(t(`table.state.${state}`)).not.toContain('table.state')
    }
    expect(t('table.state.idle')).toBe('空闲')
  })

  it('may be one that this app does not know yet', () => {
    expect([knownState('haunted'), toneOf('haunted'), lampOf('haunted')]).toEqual(['unknown', 'busy', 'off'])
  })

  it('lights the lamp of a table that is played on', () => {
    expect([lampOf('playing'), lampOf('opening'), lampOf('idle')]).toEqual(['on', 'waiting', 'off'])
  })

  it('shows the lamp over one’s own table as it is known to be', () => {
    const pause = { since: null, ends: null, left_seconds: 0, over_seconds: 0, offered: false, lit: false }
    const over = (light?: 'on' | 'off' | 'away' | null) => lampOver({ light, pause })
    expect([over('on'), over('off'), over('away'), over(null)]).toEqual(['on', 'off', 'waiting', 'waiting'])
    // Of an older server, which does not say.
    expect(over()).toBe('on')
    const paused = { ...pause, since: '2026-11-28T12:00:00Z' }
    expect(lampOver({ light: null, pause: paused })).toBe('off')
    expect(lampOver({ light: null, pause: { ...paused, lit: true } })).toBe('on')
  })

  it('stands in the order of the hall’s numbers', () => {
    const tables = ['10 号台', '2 号台', 'VIP', '1 号台'].map((name) => ({
      id: name,
      name,
      state: 'idle' as const,
      per_hour_fen: 3_600,
      price_list: null,
      mine: false,
      held_until: null,
      held_for_me: false,
    }))
    expect(inOrder(tables.slice(0, 2)).map(({ name }) => name)).toEqual(['2 号台', '10 号台'])
    expect(inOrder(tables)).toHaveLength(4)
  })
})

const has = (available_fen: number) => ({ guest: false, available_fen })
const guest = { guest: true, available_fen: 0 }

describe('what stands in the way', () => {
  it('is nothing when the table is free and the balance suffices', () => {
    expect(blockerOf(free, 4_000, has(4_000), null)).toBeNull()
    expect(blockerOf(free, 4_000, null, null)).toBeNull()
  })

  it('is the balance, weighed against the price chosen', () => {
    expect(blockerOf(free, 4_001, has(4_000), null)).toBe('balance')
    expect(blockerOf(not('BALANCE_INSUFFICIENT'), 4_000, has(0), null)).toBe('balance')
    expect(blockerOf(not('BALANCE_INSUFFICIENT'), 4_000, null, null)).toBe('balance')
    expect(blockerOf(not('BALANCE_INSUFFICIENT'), 2_000, has(2_000), null)).toBeNull()
  })

  it('is a guest’s missing phone number before the balance, but after the table itself', () => {
    expect(blockerOf(free, 4_000, guest, null)).toBe('phone')
    expect(blockerOf(not('BALANCE_INSUFFICIENT'), 4_000, guest, null)).toBe('phone')
    expect(blockerOf(not('TABLE_BUSY'), 4_000, guest, null)).toBe('busy')
  })

  it('is what the server says', () => {
    expect(blockerOf(not('TABLE_BUSY'), 1, has(1), null)).toBe('busy')
    expect(blockerOf(not('TABLE_RESERVED'), 1, has(1), null)).toBe('reserved')
    expect(blockerOf(not('TABLE_IN_SERVICE'), 1, has(1), null)).toBe('service')
    expect(blockerOf(not('VENUE_CLOSED'), 1, has(1), null)).toBe('closed')
    expect(blockerOf(not('VENUE_CLOSES_SOON'), null, has(1), null)).toBe('closing')
    expect(blockerOf(not('PHONE_NEEDED'), 4_000, has(0), null)).toBe('phone')
    expect(blockerOf(not('SOMETHING_NEW'), 1, has(1), null)).toBe('other')
    expect(blockerOf({ ...free, can_open: false }, 1, has(1), null)).toBe('other')
    expect(blockerOf(free, 1, has(1), 'ALREADY_PLAYING')).toBe('playing')
    expect(blockerOf({ ...not('TABLE_BUSY'), session_id: 'ses_1' }, 1, has(1), null)).toBe('mine')
  })
})

describe('a line of the statement', () => {
  it('shows money that came or went, else what was put aside or given back', () => {
    expect(walletAmount({ delta_fen: 10_000, held_delta_fen: 0 })).toEqual({ fen: 10_000, kind: 'in' })
    expect(walletAmount({ delta_fen: -2_350, held_delta_fen: -4_000 })).toEqual({ fen: -2_350, kind: 'out' })
    expect(walletAmount({ delta_fen: 0, held_delta_fen: 4_000 })).toEqual({ fen: -4_000, kind: 'held' })
    expect(walletAmount({ delta_fen: 0, held_delta_fen: -4_000 })).toEqual({ fen: 4_000, kind: 'held' })
    expect(Object.is(walletAmount({ delta_fen: 0, held_delta_fen: 0 }).fen, 0)).toBe(true)
  })
})
