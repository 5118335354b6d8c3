import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h, type SetupContext, type VNode } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Page, PayAttempt, PayLogLine, PayProblem, PayProblemCode, PayRefund } from '@/api/types'
import { i18n, useLanguage, type Language } from '@/locales'
import zh from '@/locales/zh-CN'
import ProblemText from '@/views/payments/ProblemText.vue'
import RefundList from '@/views/payments/RefundList.vue'
import RemedyDialog from '@/views/payments/RemedyDialog.vue'
import StepLines from '@/views/payments/StepLines.vue'
import type { Step } from '@/views/payments/timeline'

const SAID = 'NOT_ENOUGH: <b>no money</b> {money} @left'
const refused: PayProblem = { code: 'refused', amount_fen: null, number: null, said: SAID }
const refund: PayRefund = {
  id: 'rfd_1',
  order: 'ord_1',
  number: '0192a0b0',
  amount_fen: 100,
  reason: 'unplayed',
  state: 'stuck',
  tries: 3,
  problem: refused,
  created_at: '2026-05-01T10:00:00Z',
  settled_at: null,
  note: null,
  frozen: false,
}
const attempt: PayAttempt = {
  id: 'pay_1',
  number: '0192a0b1',
  channel: 'wechat',
  merchant_id: '1900',
  method: 'h5',
  state: 'waiting',
  channel_no: null,
  created_at: '2026-05-01T10:00:00Z',
  paid_at: null,
  problem: { code: 'other_amount', amount_fen: 4_999, number: null, said: null },
  seen_at: null,
  seen_note: null,
  may_be_ended: false,
}
const logLine: PayLogLine = {
  number: '0192a0b1',
  at: '2026-05-01T10:00:00Z',
  call: 'query',
  said: 'unclear',
  channel_no: null,
  amount_fen: null,
  problem: { code: 'in_trouble', amount_fen: null, number: null, said: 'HTTP 503' },
}
const page: Page<PayRefund> = { items: [refund], next_cursor: null, total: null }
vi.mock('@/api/payments', () => ({
  listRefunds: () => Promise.resolve(page),
  remedyRefund: vi.fn(),
  retryRefunds: vi.fn(),
}))

/** Shows its slot, whatever it is made of. */
const Shown = {
  setup:
    (_: unknown, { slots }: SetupContext) =>
    () =>
      h('div', slots.default?.()),
}
/** Of a list the cells that say what is wrong. */
const Rows = defineComponent({
  props: { table: { type: Object, required: true } },
  setup(props, { slots }) {
    const rows = () => props.table.items as PayRefund[]
    const cells = () => rows().map((row) => slots.said?.({ row }))
    return () => h('div', cells())
  },
})
const stubs = {
  CopyText: true,
  TimeText: true,
  FormDialog: Shown,
  FormField: Shown,
  ListFrame: Rows,
  PayerLines: true,
  ElRadioGroup: true,
  ElInput: true,
}

async function shown(language: Language, render: () => VNode): Promise<string> {
  await useLanguage(language)
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: Shown }] })
  await router.push('/')
  const wrapper = mount({ render }, { global: { plugins: [i18n, createPinia(), router], stubs } })
  await flushPromises()
  return wrapper.text()
}

/** Without what the network has said. */
const ours = (text: string) => text.replaceAll(SAID, '').replaceAll('HTTP 503', '')

const lines = (step: Step) => () => h(StepLines, { step })
const asked: Step = { kind: 'attempt', key: 'pay_1', at: attempt.created_at, attempt }
const places: [string, () => VNode][] = [
  ['the steps of an order', lines({ kind: 'refund', key: 'rfd_1', at: refund.created_at, refund })],
  ['the list of refunds', () => h(RefundList)],
  ['the dialog in which one is put right', () => h(RemedyDialog, { modelValue: true, refund })],
]

describe('what does not fit about a payment', () => {
  beforeEach(() => localStorage.clear())

  it.each(places)('is Chinese for who reads Chinese, with what the network has said apart: %s', async (_, place) => {
    const text = await shown('zh-CN', place)
    expect(text).toContain(zh.problems.code.refused)
    expect(text).toMatch(/\u6e20\u9053\u7b54\u590d.*NOT_ENOUGH/s)
    expect(text).toContain(SAID)
    expect(ours(text)).not.toMatch(/[a-z]{2}/i)
  })

  it.each(places)('is English for who reads English: %s', async (_, place) => {
    const text = await shown('en', place)
    expect(text).toContain('The network refuses')
    expect(text).toMatch(/etwork’s answer.*NOT_ENOUGH/s)
    expect(ours(text)).not.toMatch(/\p{Script=Han}/u)
  })

  it('names the amount, where it is about one', async () => {
    for (const language of ['zh-CN', 'en'] as const) expect(await shown(language, lines(asked))).toContain('49.99')
  })

  it('is told of each question to a network, with what the network has said apart', async () => {
    const text = await shown('zh-CN', lines({ kind: 'asked', key: 'log-0', at: logLine.at, line: logLine }))
    expect(text).toContain(zh.problems.code.in_trouble)
    expect(text).toContain('HTTP 503')
    expect(ours(text)).not.toMatch(/[a-z]{2}/i)
  })

  it('has a text for each code, and is shown plainly where a newer server knows one more', async () => {
    const of = (code: string) => {
      const problem: PayProblem = { code: code as PayProblemCode, amount_fen: 1, number: '1', said: null }
      return shown('zh-CN', () => h(ProblemText, { problem }))
    }
    for (const code of Object.keys(zh.problems.code)) expect(await of(code), code).toMatch(/\p{Script=Han}/u)
    expect(await of('of_tomorrow')).toBe('of_tomorrow')
  })
})
