import { describe, expect, it } from 'vitest'
import type { Withdrawal } from '@/api/types'
import zh from '@/locales/zh-CN'
import { tones } from '@/shared/status'
import { WAITING, isDoubtful, stepsOf } from '@/views/withdrawals/states'

const STATES = Object.keys(tones.withdrawal) as Withdrawal['state'][]
const at = (day: number) => `2026-05-0${day}T10:00:00Z`
const withdrawal = (change: Partial<Withdrawal> = {}): Withdrawal => ({
  id: 'wdr_1',
  agent: { id: 'usr_1', name: 'carol' },
  amount: 400,
  payee_name: 'a',
  payee_account: 'b',
  payee_bank: 'c',
  note: '',
  state: 'pending',
  reason: null,
  payment_reference: null,
  reviewer: { id: 'usr_2', name: 'boss' },
  created_at: at(1),
  reviewed_at: null,
  paid_at: null,
  ended_at: null,
  ...change,
})
const steps = (change: Partial<Withdrawal>) => stepsOf(withdrawal(change)).map(({ key, at: when }) => [key, when])

describe('how far a withdrawal is', () => {
  it('shows what is still to come', () => {
    expect(steps({})).toEqual([
      ['asked', at(1)],
      ['decided', null],
      ['paid', null],
    ])
    expect(steps({ state: 'approved', reviewed_at: at(2) })).toEqual([
      ['asked', at(1)],
      ['decided', at(2)],
      ['paid', null],
    ])
  })

  it('leaves out what will not come any more', () => {
    expect(steps({ state: 'refused', reviewed_at: at(2) })).toEqual([
      ['asked', at(1)],
      ['decided', at(2)],
    ])
    expect(steps({ state: 'cancelled', ended_at: at(2) })).toEqual([
      ['asked', at(1)],
      ['cancelled', at(2)],
    ])
    expect(steps({ state: 'returned', reviewed_at: at(2), ended_at: at(4) })).toEqual([
      ['asked', at(1)],
      ['decided', at(2)],
      ['returned', at(4)],
    ])
  })

  it('shows that it was paid before the money came back', () => {
    expect(steps({ state: 'returned', reviewed_at: at(2), paid_at: at(3), ended_at: at(4) })).toEqual([
      ['asked', at(1)],
      ['decided', at(2)],
      ['paid', at(3)],
      ['returned', at(4)],
    ])
  })

  it('has a name for each of its steps', () => {
    for (const state of STATES) {
      const all = stepsOf(withdrawal({ state, paid_at: at(3) }))
      expect(all.every(({ key }) => zh.withdrawals.step[key])).toBe(true)
    }
  })
})

describe('a state', () => {
  it('says whether the account is to be filled in again, and why not', () => {
    const doubtful = STATES.filter((state) => isDoubtful({ state }))
    expect(doubtful).toEqual(Object.keys(zh.withdrawals.ask.doubtful))
  })

  it('is not mistaken for those that wait', () => {
    expect(STATES.map(String)).not.toContain(WAITING)
  })
})
