import { describe, expect, it } from 'vitest'
import type { PayAttempt, PayLogLine, PayNotice, PayOrderDetail, PayProblem, PayRefund } from '@/api/types'
import zh from '@/locales/zh-CN'
import {
  askOf,
  causesOf,
  longEnough,
  mayEnd,
  mayWriteOff,
  needsHelp,
  needsLook,
  needsNote,
  remediesOf,
} from '@/views/payments/remedies'
import { channelsOf, stepsOf, toneOfStep } from '@/views/payments/timeline'

const odd: PayProblem = { code: 'other_amount', amount_fen: 1, number: null, said: null }
const refused: PayProblem = { code: 'refused', amount_fen: null, number: null, said: 'NOT_ENOUGH: no' }

const at = (second: string) => `2026-05-01T10:00:${second}Z`
const attempt = (change: Partial<PayAttempt> = {}): PayAttempt => ({
  id: 'pay_1',
  number: 'n1',
  channel: 'wechat',
  merchant_id: '1900',
  method: 'h5',
  state: 'waiting',
  channel_no: null,
  created_at: at('00.5'),
  paid_at: null,
  problem: null,
  seen_at: null,
  seen_note: null,
  may_be_ended: false,
  ...change,
})
const refund = (change: Partial<PayRefund> = {}): PayRefund => ({
  id: 'rfd_1',
  order: 'ord_1',
  number: 'n2',
  amount_fen: 100,
  reason: 'unplayed',
  state: 'asked',
  tries: 0,
  problem: null,
  created_at: at('30'),
  settled_at: null,
  note: null,
  frozen: false,
  ...change,
})
const notice = (change: Partial<PayNotice> = {}): PayNotice => ({
  id: 'not_1',
  channel: 'wechat',
  notice_id: 'w1',
  received_at: at('05'),
  handled_at: at('05.1'),
  outcome: 'taken',
  ...change,
})
const detail = (change: Partial<PayOrderDetail> = {}): PayOrderDetail => ({
  order: {
    id: 'ord_1',
    purpose: 'recharge',
    subject: 'recharge',
    amount_fen: 100,
    refunded_fen: 0,
    state: 'pending',
    created_at: at('00'),
    paid_at: null,
    written_off: null,
  },
  attempts: [],
  refunds: [],
  notices: [],
  log: [],
  ...change,
})
const kinds = (of: PayOrderDetail) => stepsOf(of).map(({ kind }) => kind)

describe('what happened to an order', () => {
  it('is told from the first to the last', () => {
    const all = detail({
      attempts: [attempt({ state: 'taken', paid_at: at('04') })],
      notices: [notice()],
      refunds: [refund({ state: 'done', settled_at: at('40') })],
    })
    all.order.paid_at = at('05.05')
    expect(kinds(all)).toEqual(['created', 'attempt', 'paid', 'notice', 'booked', 'refund', 'refunded'])
    expect(new Set(stepsOf(all).map(({ key }) => key)).size).toBe(7)
  })

  it('tells what the network was asked and what it said, after what it was asked about', () => {
    const line: PayLogLine = {
      number: 'n1',
      at: at('00.5'),
      call: 'place',
      said: 'done',
      channel_no: null,
      amount_fen: null,
      problem: null,
    }
    const all = detail({
      attempts: [attempt()],
      log: [line, { ...line, at: at('20'), call: 'query', said: 'unclear', problem: refused }],
    })
    expect(kinds(all)).toEqual(['created', 'attempt', 'asked', 'asked'])
    expect(new Set(stepsOf(all).map(({ key }) => key)).size).toBe(4)
    expect(stepsOf(all).map(toneOfStep)).toEqual(['plain', 'plain', 'plain', 'plain'])
  })

  it('never has an effect before its cause, whatever a network’s clock says', () => {
    // Whole seconds: before the attempt was made, by the letter.
    const early = detail({ attempts: [attempt({ state: 'taken', paid_at: at('00') })] })
    early.order.paid_at = at('00.9')
    expect(kinds(early)).toEqual(['created', 'attempt', 'paid', 'booked'])
    // A clock that is fast.
    const late = detail({ attempts: [attempt({ state: 'taken', paid_at: at('20') })], notices: [notice()] })
    late.order.paid_at = at('05')
    expect(kinds(late)).toEqual(['created', 'attempt', 'notice', 'paid', 'booked'])
  })

  it('orders times by what they say and not by how they are written', () => {
    const two = detail({
      attempts: [
        attempt({ created_at: at('01.25') }),
        attempt({ id: 'pay_2', channel: 'alipay', created_at: at('01') }),
      ],
    })
    expect(stepsOf(two).map(({ key }) => key)).toEqual(['ord_1', 'pay_2', 'pay_1'])
    expect(channelsOf(two)).toEqual(['wechat', 'alipay'])
  })

  it('tells that what was frozen was written off, and why', () => {
    const off = detail({ attempts: [attempt({ state: 'closed', problem: refused })] })
    off.order.written_off = { at: at('50'), note: 'ended' }
    expect(kinds(off)).toEqual(['created', 'attempt', 'written_off'])
    expect(stepsOf(off).at(-1)).toMatchObject({ at: at('50'), note: 'ended' })
    expect(stepsOf(off).map(toneOfStep)).toEqual(['plain', 'plain', 'plain'])
  })

  it('points at what somebody has to look at', () => {
    const tone = (of: Partial<PayOrderDetail>) => stepsOf(detail(of)).slice(1).map(toneOfStep)
    expect(tone({ attempts: [attempt()] })).toEqual(['plain'])
    expect(tone({ attempts: [attempt({ problem: odd })] })).toEqual(['bad'])
    expect(tone({ attempts: [attempt({ problem: odd, seen_at: at('09') })] })).toEqual(['plain'])
    expect(tone({ attempts: [attempt({ problem: refused, state: 'closed' })] })).toEqual(['plain'])
    expect(tone({ attempts: [attempt({ state: 'surplus', paid_at: at('02') })] })).toEqual(['plain', 'bad'])
    expect(tone({ notices: [notice({ outcome: 'differs' })] })).toEqual(['bad'])
    expect(tone({ refunds: [refund({ state: 'stuck' })] })).toEqual(['bad'])
  })
})

describe('the words of payments', () => {
  it('are there for all that the server says', () => {
    const { method, outcome, purpose, reason, remedy, channel, call, said } = zh.payments
    expect(Object.keys(call)).toEqual(['place', 'query', 'close', 'refund', 'refund_query'])
    expect(Object.keys(said)).toEqual(['done', 'paid', 'waiting', 'closed', 'unknown', 'pending', 'refused', 'unclear'])
    expect(Object.keys(method)).toEqual(['jsapi', 'h5', 'native', 'wap', 'precreate', 'freeze', 'capture'])
    expect(Object.keys(outcome)).toEqual([
      'taken',
      'returned',
      'known',
      'undone',
      'differs',
      'foreign',
      'refund',
      'other',
    ])
    expect(Object.keys(purpose)).toEqual(['recharge', 'play', 'captured'])
    expect(Object.keys(reason)).toEqual(['surplus', 'unplayed', 'not_opened', 'asked'])
    expect(Object.keys(channel)).toEqual(['wechat', 'alipay', 'alipay_freeze'])
    for (const texts of [remedy.name, remedy.means, remedy.done])
      expect(Object.keys(texts)).toEqual([...remediesOf({ frozen: false }), 'let_go'])
  })
})

describe('a refund that is stuck', () => {
  it('alone is put right by hand', () => {
    expect(needsHelp({ state: 'stuck' })).toBe(true)
    for (const state of ['asked', 'done', 'by_hand', 'kept'] as const) expect(needsHelp({ state })).toBe(false)
  })

  it('needs a note unless the network is asked again', () => {
    expect(remediesOf({ frozen: false }).filter(needsNote)).toEqual(['paid_out', 'keep'])
    expect(remediesOf({ frozen: true }).filter(needsNote)).toEqual(['let_go'])
    expect(askOf('retry', 'left over')).toEqual({ remedy: 'retry' })
    expect(askOf('paid_out', ' in cash ')).toEqual({ remedy: 'paid_out', note: 'in cash' })
    expect([' a ', '', '\u{20BB7}'].map(longEnough)).toEqual([false, false, false])
    expect(['ab', '\u73b0\u91d1'].map(longEnough)).toEqual([true, true])
  })
})

describe('refunds that are not made over the same', () => {
  const short: PayProblem = { code: 'balance_short', amount_fen: null, number: null, said: 'NOT_ENOUGH: no' }
  const counts = (refunds: PayRefund[]) => causesOf(refunds).map(({ problem, count }) => [problem.code, count])

  it('are tried again at once, where there are several', () => {
    const stuck = (problem: PayProblem | null) => refund({ state: 'stuck', problem })
    expect(counts([stuck(refused), stuck(short)])).toEqual([])
    expect(counts([stuck(refused), stuck(short), stuck(short), stuck(refused), stuck(short), stuck(null)])).toEqual([
      ['refused', 2],
      ['balance_short', 3],
    ])
    const over = [refund({ state: 'kept', problem: refused }), refund({ state: 'done', problem: refused })]
    expect(counts(over)).toEqual([])
  })

  it('are so too while they wait for the merchant’s balance, which nobody can put right one by one', () => {
    expect(counts([refund({ problem: short })])).toEqual([['balance_short', 1]])
    const both = [refund({ problem: short }), refund({ state: 'stuck', problem: short })]
    expect(counts(both)).toEqual([['balance_short', 2]])
    expect(counts([refund({ problem: refused }), refund({ problem: refused })])).toEqual([])
  })
})

describe('a payment that does not fit', () => {
  it('waits for somebody until one has looked after it', () => {
    expect([attempt({ problem: odd }), attempt({ problem: odd, state: 'surplus' })].map(needsLook)).toEqual([
      true,
      true,
    ])
    for (const change of [{ problem: null }, { state: 'closed' }, { seen_at: at('09') }] as const)
      expect(needsLook(attempt({ problem: odd, ...change }))).toBe(false)
  })
})

describe('a payment at a merchant of before that says nothing', () => {
  it('may be ended where the server says so of one of them', () => {
    expect(mayEnd(detail({ attempts: [attempt({ problem: odd })] }))).toBe(false)
    expect(mayEnd(detail({ attempts: [attempt(), attempt({ problem: odd, may_be_ended: true })] }))).toBe(true)
  })
})

describe('what was frozen and cannot be taken', () => {
  it('can be written off while it is asked for, once something was told of it', () => {
    const taking = (change: Partial<PayOrderDetail['order']>, problem: PayProblem | null) => {
      const of = detail({ attempts: [attempt({ method: 'capture', state: 'asked', problem })] })
      Object.assign(of.order, { purpose: 'captured' }, change)
      return mayWriteOff(of)
    }
    expect([taking({}, refused), taking({}, null)]).toEqual([true, false])
    for (const change of [{ state: 'paid' }, { state: 'closed' }, { purpose: 'play' }] as const)
      expect(taking(change, refused)).toBe(false)
  })
})
