import { describe, expect, it } from 'vitest'
import type { StatementLine } from '@/api/types'
import en from '@/locales/en'
import zh from '@/locales/zh-CN'
import { KINDS, amountTrouble, readLine } from '@/views/quota/statement'

const line = (change: Partial<StatementLine>): StatementLine => ({
  id: 'trf_1-1',
  at: '2026-03-01T00:00:00Z',
  kind: 'withdrawal',
  phase: 'move',
  delta: 0,
  held_delta: 0,
  balance_after: 0,
  held_after: 0,
  counterparty: null,
  system: true,
  memo: '',
  reference: null,
  ...change,
})

describe('a statement line', () => {
  it('of a hold takes from what one can use, though the total stays', () => {
    expect(readLine(line({ phase: 'hold', held_delta: 300, balance_after: 1000, held_after: 300 }))).toEqual({
      step: 'hold',
      available: -300,
      availableAfter: 700,
      held: 300,
      heldAfter: 300,
      direction: 'to',
    })
  })

  it('of its posting leaves what one can use as it is', () => {
    const read = readLine(line({ phase: 'post', delta: -300, held_delta: -300, balance_after: 700, held_after: 0 }))
    expect(read).toMatchObject({ step: 'post', available: 0, availableAfter: 700, held: -300 })
  })

  it('of a release gives it back', () => {
    const read = readLine(line({ phase: 'release', held_delta: -300, balance_after: 1000, held_after: 0 }))
    expect(read).toMatchObject({ step: 'release', available: 300, availableAfter: 1000 })
  })

  it('of a movement is in or out by its sign', () => {
    expect(readLine(line({ delta: 5 }))).toMatchObject({ step: 'in', direction: 'from', available: 5 })
    expect(readLine(line({ delta: -5 }))).toMatchObject({ step: 'out', direction: 'to', available: -5 })
  })
})

describe('the kinds that a statement is narrowed down to', () => {
  it('are each offered once, by a name', () => {
    expect(new Set(KINDS).size).toBe(KINDS.length)
    for (const kind of KINDS) expect(zh.quota.kind[kind] && en.quota.kind[kind], kind).toBeTruthy()
  })

  it('tell a withdrawal from its return, which came in', () => {
    expect(KINDS).toEqual(expect.arrayContaining(['withdrawal', 'withdrawal_return']))
    expect(readLine(line({ kind: 'withdrawal_return', delta: 300, balance_after: 1000 }))).toMatchObject({
      step: 'in',
      available: 300,
      availableAfter: 1000,
    })
  })
})

describe('an amount', () => {
  it('must be more than the minimum, and no more than there is', () => {
    expect(amountTrouble(undefined, 10, 100)).toBe('amount')
    expect(amountTrouble(0, 0, 100)).toBe('amount')
    expect(amountTrouble(10, 10, 100)).toBe('minimum')
    expect(amountTrouble(11, 10, 100)).toBeNull()
    expect(amountTrouble(100, 10, 100)).toBeNull()
    expect(amountTrouble(101, 10, 100)).toBe('insufficient')
  })

  it('is left to the server where the own quota is not known', () => {
    expect(amountTrouble(101, 10, null)).toBeNull()
  })
})
