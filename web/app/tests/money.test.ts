import { describe, expect, it } from 'vitest'
import { money, moneyDelta, yuan } from '@/shared/money'

describe('money', () => {
  it('is whole fen moved two places, never divided', () => {
    expect(yuan(0)).toBe('0.00')
    expect(yuan(5)).toBe('0.05')
    expect(yuan(99)).toBe('0.99')
    expect(yuan(100)).toBe('1.00')
    expect(yuan(29)).toBe('0.29')
    expect(yuan(123_456)).toBe('1,234.56')
    expect(yuan(100_000_000)).toBe('1,000,000.00')
    expect(yuan(Number.MAX_SAFE_INTEGER)).toBe('90,071,992,547,409.91')
  })

  it('says the same for every amount as counting does', () => {
    for (let fen = 0; fen < 30_000; fen += 7) {
      const [whole = '', part = ''] = yuan(fen).replace(/,/g, '').split('.')
      expect(Number(whole) * 100 + Number(part)).toBe(fen)
      expect(part).toHaveLength(2)
    }
  })

  it('refuses what is no amount', () => {
    for (const wrong of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
      expect(() => yuan(wrong)).toThrow(RangeError)
  })

  it('shows the sign', () => {
    expect(money(4_000)).toBe('¥40.00')
    expect(money(-4_000)).toBe('\u2212¥40.00')
    expect(moneyDelta(4_000)).toBe('+¥40.00')
    expect(moneyDelta(-5)).toBe('\u2212¥0.05')
    expect(moneyDelta(0)).toBe('¥0.00')
  })
})
