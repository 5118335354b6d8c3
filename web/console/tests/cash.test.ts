import { describe, expect, it } from 'vitest'
import type { CashReport, CashSum } from '@/api/cash'
import { csv, harmless } from '@/shared/csv'
import { plainYuan } from '@/shared/money'
import { cashCells, cashRows } from '@/views/cash/rows'

const sum = (taken_fen: number, paid_out_fen: number): CashSum => ({
  taken_fen,
  recharges: 2,
  paid_out_fen,
  payouts: 1,
  walk_ins_fen: Math.floor(paid_out_fen / 2),
  walk_in_payouts: 1,
  drawer_fen: taken_fen - paid_out_fen,
})
const person = (name: string, of: CashSum) => ({ user: { id: `usr_${name}`, name }, sum: of })
const report: CashReport = {
  from: '2026-11-21',
  to: '2026-11-22',
  days: [
    {
      venue_id: 'ven_1',
      venue_name: 'One',
      day: '2026-11-22',
      total: sum(100, 0),
      people: [person('ann', sum(100, 0))],
    },
    {
      venue_id: 'ven_2',
      venue_name: '=Two',
      day: '2026-11-21',
      total: sum(30, 1_005),
      people: [person('ann', sum(10, 5)), person('bob', sum(20, 1_000))],
    },
  ],
  total: sum(130, 1_005),
}

describe('cash by hall, day and person', () => {
  it('has a line for each person, and one for all where they are several', () => {
    const rows = cashRows(report)
    expect(rows.map(({ hall, who, sum: { drawer_fen } }) => [hall, who, drawer_fen])).toEqual([
      ['One', 'ann', 100],
      ['=Two', 'ann', 5],
      ['=Two', 'bob', -980],
      ['=Two', null, -975],
    ])
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  })

  it('stands in a file once, as numbers, and nothing of it is computed', () => {
    expect(cashCells(cashRows(report))).toEqual([
      ['2026-11-22', 'One', 'ann', '1.00', '2', '0.00', '1', '0.00', '1', '1.00'],
      ['2026-11-21', "'=Two", 'ann', '0.10', '2', '0.05', '1', '0.02', '1', '0.05'],
      ['2026-11-21', "'=Two", 'bob', '0.20', '2', '10.00', '1', '5.00', '1', '-9.80'],
    ])
  })
})

describe('a file of rows', () => {
  it('holds each cell as one, whatever stands in it', () => {
    const rows = [
      ['a', 'b,c'],
      ['d"e', 'f\ng'],
    ]
    expect(csv(rows)).toBe('\ufeffa,"b,c"\r\n"d""e","f\ng"\r\n')
  })

  it('begins no cell as a formula', () => {
    expect(['=1', ' +1', '-1', '@a', '\t=1', 'a=1', ''].map(harmless)).toEqual([
      "'=1",
      "' +1",
      "'-1",
      "'@a",
      "'\t=1",
      'a=1',
      '',
    ])
  })

  it('has amounts as plain numbers', () => {
    expect([0, 5, -5, 100, 123_456_789, -1_234].map(plainYuan)).toEqual([
      '0.00',
      '0.05',
      '-0.05',
      '1.00',
      '1234567.89',
      '-12.34',
    ])
  })
})
