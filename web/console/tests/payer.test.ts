import { describe, expect, it } from 'vitest'
import type { OrderPayer, PaidTable } from '@/api/types'
import en from '@/locales/en'
import zh from '@/locales/zh-CN'
import { payerLines } from '@/views/payments/payer'

const at = '2026-05-01T10:00:00Z'
const table: PaidTable = {
  venue_id: 'ven_1',
  venue_name: 'Hall',
  table_id: 'tbl_1',
  table_name: 'A1',
  session: { id: 'pls_1', asked_at: at, ended_at: null },
}
const payer = (of: PaidTable | null): OrderPayer => ({ number: '12345678', phone: null, table: of })

describe('whose an order is', () => {
  it('is said with the hours that were played, that nothing was, or that it was for the wallet', () => {
    expect(payerLines(payer(null))).toEqual(['number', 'phone', 'place'])
    expect(payerLines(payer({ ...table, session: null }))).toEqual(['number', 'phone', 'place', 'played'])
    expect(payerLines(payer(table))).toEqual(['number', 'phone', 'place', 'asked', 'ended'])
  })

  it('has words in both languages for each of them', () => {
    const shown = new Set([payer(table), payer({ ...table, session: null })].flatMap(payerLines))
    for (const key of shown) expect([zh.payments.payer[key], en.payments.payer[key]].every(Boolean), key).toBe(true)
  })
})
