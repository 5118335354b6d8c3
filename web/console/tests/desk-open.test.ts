import { describe, expect, it } from 'vitest'
import type { DeskOffer } from '@/api/desk'
import { WHOLE, cashOf, choicesOf, missingFor } from '@/views/floor/desk-open'

const offer = (change: Partial<DeskOffer> = {}): DeskOffer => ({
  customer: null,
  table: {
    can_open: true,
    why_not: null,
    quotes: [
      { minutes: 30, price_fen: 1_800 },
      { minutes: 60, price_fen: 3_600 },
    ],
    packages: [{ id: 7, name: 'three hours', until: '2026-03-01T12:00:00Z', price_fen: 8_800 }],
  },
  within: { minutes: 80, price_fen: 4_800 },
  ...change,
})

describe('opening a table at the desk', () => {
  it('offers lengths, packages, and play for as long as the money lasts, each as it is asked for', () => {
    expect(choicesOf(offer())).toEqual([
      { key: 'm30', fen: 1_800, ask: { minutes: 30 } },
      { key: 'm60', fen: 3_600, ask: { minutes: 60 } },
      { key: 'p7', fen: 8_800, ask: { package: 7 } },
      { key: 'within', fen: 4_800, ask: { minutes: 80 } },
    ])
    expect(choicesOf(offer({ within: null })).map(({ key }) => key)).toEqual(['m30', 'm60', 'p7'])
  })

  it('takes no cash for none, and refuses what is no amount', () => {
    expect(['', ' ', '0', '50', '50.5', '1,000'].map(cashOf)).toEqual([0, 0, 0, 5_000, 5_050, 100_000])
    expect(['x', '-1', '1.234'].map(cashOf)).toEqual([null, null, null])
  })

  it('says what is missing beyond the cash and the wallet', () => {
    const missing = [missingFor(3_600, 3_000, 599), missingFor(3_600, 3_000, 600), missingFor(3_600, 0, 9_999)]
    expect(missing).toEqual([1, 0, 0])
  })

  it('asks for a whole number of a phone or a customer', () => {
    for (const whole of ['12345678', '13800138000']) expect(whole).toMatch(WHOLE)
    for (const part of ['', '1234567', '123456789', '1380013800', '23800138000']) expect(part).not.toMatch(WHOLE)
  })
})
