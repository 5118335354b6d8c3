import { describe, expect, it } from 'vitest'
import type { PayDifference } from '@/api/types'
import {
  dayRows,
  severalOf,
  shownDifferences,
  stateIn,
  tabOf,
  waitingBeyond,
  waitingInAll,
} from '@/views/payments/lists'

describe('the lists of payments', () => {
  const difference = (id: string, settled_at: string | null): PayDifference => ({
    id,
    channel: 'alipay',
    merchant_id: '2088',
    day: '2026-05-01',
    kind: 'amount',
    number: 'n',
    refund_number: null,
    ours_fen: 1,
    theirs_fen: 2,
    settled_at,
    note: null,
  })

  it('show what is open first, and what is settled only when asked', () => {
    const all = [difference('a', '2026-05-01T10:00:01Z'), difference('b', null), difference('c', null)]
    expect(shownDifferences(all, false).map(({ id }) => id)).toEqual(['b', 'c'])
    expect(shownDifferences(all, true).map(({ id }) => id)).toEqual(['b', 'c', 'a'])
  })

  it('take from an address only what they know', () => {
    expect(['refunds', 'nothing', undefined].map(tabOf)).toEqual(['refunds', 'orders', 'orders'])
    expect(stateIn('payOrder', 'paid')).toBe('paid')
    expect(stateIn('payOrder', 'stuck')).toBe('')
    expect(stateIn('payRefund', 'stuck')).toBe('stuck')
  })

  it('count all that waits, and name each day of each merchant once', () => {
    expect(waitingInAll({ refunds: 1, differences: 2, payments: 3 })).toBe(6)
    expect(waitingBeyond({ refunds: 999, differences: 999, payments: 3 }, 1_000)).toBe(false)
    expect(waitingBeyond({ refunds: 0, differences: 1_000, payments: 3 }, 1_000)).toBe(true)
    const day = {
      day: '2026-05-01',
      lines: 0,
      paid_fen: 0,
      refunded_fen: 0,
      differences: 0,
      at: '2026-05-01T10:00:00Z',
    }
    const rows = dayRows([
      { ...day, channel: 'wechat', merchant_id: '1900' },
      { ...day, channel: 'wechat', merchant_id: '1800' },
      { ...day, channel: 'alipay', merchant_id: '2088' },
    ])
    expect(rows.map(({ id }) => id)).toEqual([
      'wechat-1900-2026-05-01',
      'wechat-1800-2026-05-01',
      'alipay-2088-2026-05-01',
    ])
    expect([...severalOf(rows)]).toEqual(['wechat'])
    expect([...severalOf(rows.slice(1))]).toEqual([])
  })
})
