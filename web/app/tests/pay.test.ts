import { describe, expect, it } from 'vitest'
import type { PayOrder } from '@/api/types'
import { amountOf, fenOf, isOver, methodOf, otherChannel, stageOf } from '@/shared/pay'

const NOW = Date.parse('2026-11-28T10:00:00Z')
const order = (own: Partial<PayOrder>): PayOrder => ({
  id: 'ord_1',
  purpose: 'recharge',
  amount_fen: 5_000,
  subject: '钱包充值',
  state: 'pending',
  channel: 'wechat',
  next: null,
  refunded_fen: 0,
  refund_delayed: false,
  created_at: '2026-11-28T09:50:00Z',
  expires_at: '2026-11-28T10:05:00Z',
  paid_at: null,
  ...own,
})

describe('an amount that somebody types', () => {
  it('is whole fen', () => {
    expect(['50', ' 50.5 ', '0.01', '12.34', '1000000'].map(amountOf)).toEqual([5_000, 5_050, 1, 1_234, null])
    for (const wrong of ['', '.', '1.', '1.234', '-1', '1,000', '1e3', '五十', '0x10'])
      expect(amountOf(wrong), wrong).toBeNull()
  })

  it('is within what a network takes', () => {
    expect(['0.99', '1', '10000', '10000.01'].map(fenOf)).toEqual([null, 100, 1_000_000, null])
  })
})

describe('a payment', () => {
  it('is shown as it stands', () => {
    const late = NOW + 10 * 60_000
    expect(stageOf(order({}), NOW)).toBe('waiting')
    expect(stageOf(order({}), late)).toBe('late')
    expect(stageOf(order({ state: 'closed' }), NOW)).toBe('closed')
    expect(stageOf(order({ state: 'paid' }), late)).toBe('recharged')
    expect(stageOf(order({ state: 'paid', purpose: 'play' }), NOW)).toBe('opening')
    expect(stageOf(order({ state: 'paid', purpose: 'play', refunded_fen: 5_000 }), NOW)).toBe('returned')
    expect(stageOf(order({ state: 'paid', purpose: 'play', refunded_fen: 5_000, refund_delayed: true }), NOW)).toBe(
      'delayed',
    )
  })

  it('is asked about until nothing more comes of it', () => {
    const over = (['waiting', 'late', 'recharged', 'opening', 'returned', 'delayed', 'closed'] as const).filter(isOver)
    expect(over).toEqual(['recharged', 'returned', 'closed'])
  })

  it('can be made by the other network, where there is one', () => {
    expect(otherChannel(['wechat', 'alipay'], 'wechat')).toBe('alipay')
    expect(otherChannel(['wechat'], 'wechat')).toBeNull()
    expect([methodOf('wechat'), methodOf('alipay')]).toEqual(['h5', 'wap'])
  })
})
