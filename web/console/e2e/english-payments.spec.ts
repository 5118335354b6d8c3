import type * as T from '../src/api/types'
import { answerWith } from './support/answers'
import { demo, somebody } from './support/api'
import { asked, refused } from './support/english'
import { expect, isEnglish, row, signInEnglish, test } from './support/test'

const AT = '2026-01-02T03:04:05Z'
const DAY = '2026-01-01'
/** Ours at a network. */
const number = (n: number) => String(n % 10).repeat(32)

const order: T.PayOrder = {
  id: 'ord_1',
  purpose: 'play',
  subject: 'Table A1',
  amount_fen: 4_572,
  refunded_fen: 3_429,
  state: 'paid',
  created_at: AT,
  paid_at: AT,
  written_off: null,
}
const orders: T.PayOrder[] = [
  order,
  { ...order, id: 'ord_2', purpose: 'recharge', subject: 'Wallet', state: 'pending', paid_at: null },
  { ...order, id: 'ord_3', purpose: 'captured', subject: 'Table A2', refunded_fen: 0, state: 'closed' },
]

const attempt = (n: number, change: Partial<T.PayAttempt>): T.PayAttempt => ({
  id: `att_${n}`,
  number: number(n),
  channel: 'wechat',
  merchant_id: '1900000001',
  method: 'h5',
  state: 'closed',
  channel_no: null,
  created_at: AT,
  paid_at: null,
  problem: null,
  seen_at: null,
  seen_note: null,
  may_be_ended: false,
  ...change,
})
const problem = (code: T.PayProblemCode, change: Partial<T.PayProblem> = {}): T.PayProblem => ({
  code,
  amount_fen: null,
  number: null,
  said: null,
  ...change,
})
const attempts: T.PayAttempt[] = [
  attempt(0, { method: 'jsapi', state: 'taken', channel_no: '4200001', paid_at: AT }),
  attempt(1, { method: 'h5', state: 'surplus', channel_no: '4200002', paid_at: AT }),
  attempt(2, { method: 'native', state: 'waiting', problem: problem('other_amount', { amount_fen: 4_999 }) }),
  attempt(3, { method: 'wap', channel: 'alipay', state: 'asked' }),
  attempt(4, {
    method: 'precreate',
    channel: 'alipay',
    problem: problem('no_answer'),
    seen_at: AT,
    seen_note: 'by telephone',
  }),
  attempt(5, { method: 'freeze', channel: 'alipay_freeze' }),
  attempt(6, { method: 'capture', channel: 'alipay_freeze' }),
]

const REFUNDS = [
  ['asked', 'surplus'],
  ['done', 'unplayed'],
  ['stuck', 'not_opened'],
  ['by_hand', 'asked'],
  ['kept', 'asked'],
] as const
const refunds: T.PayRefund[] = REFUNDS.map(([state, reason], n) => ({
  id: `rfd_${n}`,
  order: order.id,
  number: number(n),
  amount_fen: 1_143,
  reason,
  state,
  tries: state === 'stuck' ? 3 : 0,
  problem: state === 'stuck' ? problem('refused', { said: 'NOT_ENOUGH' }) : null,
  created_at: AT,
  settled_at: state === 'asked' || state === 'stuck' ? null : AT,
  note: state === 'by_hand' ? 'in cash' : null,
  frozen: false,
}))

const OUTCOMES = ['taken', 'returned', 'known', 'undone', 'differs', 'foreign', 'refund', 'other', null]
const CALLS = [
  ['place', 'done'],
  ['query', 'paid'],
  ['query', 'waiting'],
  ['close', 'closed'],
  ['refund', 'unknown'],
  ['refund_query', 'pending'],
  ['refund', 'refused'],
  ['place', 'unclear'],
] as const
const detail: T.PayOrderDetail = {
  order,
  attempts,
  refunds,
  notices: OUTCOMES.map((outcome, n) => ({
    id: `ntc_${n}`,
    channel: n % 2 ? 'alipay' : 'wechat',
    notice_id: `notice ${n}`,
    received_at: AT,
    handled_at: outcome && AT,
    outcome,
  })),
  log: CALLS.map(([call, said], n) => ({
    number: number(n),
    at: AT,
    call,
    said,
    channel_no: said === 'paid' ? '4200001' : null,
    amount_fen: said === 'paid' ? 4_572 : null,
    problem: said === 'unclear' ? problem('in_trouble', { said: 'HTTP 503' }) : null,
  })),
}

const payer: T.OrderPayer = {
  number: '12345678',
  phone: '138****0000',
  table: { venue_id: 'ven_1', venue_name: 'Riverside', table_id: 'tbl_1', table_name: 'A1', session: null },
}

const difference: T.PayDifference = {
  id: 'dif_1',
  channel: 'wechat',
  merchant_id: '1900000001',
  day: DAY,
  kind: 'amount',
  number: number(1),
  refund_number: null,
  ours_fen: 4_572,
  theirs_fen: 4_571,
  settled_at: null,
  note: null,
}
const reconciliation: T.Reconciliation = {
  days: ['1900000001', '1900000002'].map((merchant_id) => ({
    channel: 'wechat',
    merchant_id,
    day: DAY,
    lines: 2,
    paid_fen: 4_572,
    refunded_fen: 3_429,
    differences: 1,
    at: AT,
  })),
  missing: [{ channel: 'alipay', merchant_id: '2088000000000001', day: DAY, problem: problem('no_bill'), since: AT }],
  differences: [
    difference,
    { ...difference, id: 'dif_2', kind: 'not_here', refund_number: number(2), ours_fen: null },
    { ...difference, id: 'dif_3', kind: 'not_there', theirs_fen: null },
    { ...difference, id: 'dif_4', settled_at: AT, note: 'counted twice' },
  ],
}
const waiting: T.PaymentsWaiting = { refunds: 1, differences: 3, payments: 1 }

test('k1_2a orders, refunds, reconciliation and networks, with all that can be said of them, are all English', async ({
  page,
  watch,
}) => {
  test.setTimeout(90_000)
  watch.expectRefusal(404, '/payments/find')
  const chief = await somebody('super_admin', await demo('super_admin'))
  await answerWith(page, '/payments/waiting', waiting)
  await answerWith(page, '/payments/orders', { items: orders, next_cursor: null })
  await answerWith(page, `/payments/orders/${order.id}`, detail)
  await answerWith(page, `/payments/orders/${order.id}/payer`, payer)
  await answerWith(page, '/payments/refunds', { items: refunds, next_cursor: null })
  await answerWith(page, '/payments/reconciliation', reconciliation)

  await signInEnglish(page, chief, '/payments')
  await expect(page.getByTestId('waiting-refunds')).toContainText('Refused by the network')
  await expect(row(page, 'ord_3')).toContainText('Taken of a pre-authorisation')
  await isEnglish(page)
  await page.getByTestId('find-submit').click()
  await expect(page.getByTestId('find-problem')).toHaveText('Please enter a number')
  await page.getByTestId('find-number').fill('nobody knows it')
  await page.getByTestId('find-submit').click()
  await expect(page.getByTestId('find-problem')).toHaveText('No order has this number.')
  await isEnglish(page)

  await row(page, 'ord_1').getByRole('link').click()
  const timeline = page.getByTestId('order-timeline')
  await expect(timeline.locator('[data-step="notice"]')).toHaveCount(OUTCOMES.length)
  await expect(timeline.locator('[data-step="asked"]')).toHaveCount(CALLS.length)
  await expect(page.getByTestId('payer')).toContainText('The table was not opened')
  await expect(page.getByTestId('payer-table')).toHaveText('Riverside · A1')
  await isEnglish(page)
  await page.getByTestId('remedy').click()
  await expect(page.getByRole('dialog').getByTestId('payer-number')).toHaveText('12345678')
  await refused(page, 'Refund of ¥11.43', (dialog) => dialog.getByText('Paid out by hand', { exact: true }).click())
  await page.getByTestId('mark-seen').click()
  await refused(page, 'What does not fit about this order’s payments')

  await page.goto('/payments?tab=refunds')
  await expect(row(page, 'NOT_ENOUGH')).toContainText('The table could not be opened')
  await isEnglish(page)
  await page.goto('/payments?tab=reconciliation')
  await expect(page.getByTestId('missing-days')).toContainText('no bill of that day yet')
  await page.getByText('Show settled ones').click()
  await expect(page.getByTestId('differences')).toContainText('counted twice')
  await isEnglish(page)
  await page.getByTestId('differences').getByTestId('action-settle').first().click()
  await refused(page, 'Settle this difference')

  await page.goto('/payments?tab=channels')
  await expect(page.getByTestId('channel-alipay_freeze')).toContainText('the money is only frozen')
  await isEnglish(page)
  for (const [channel, name] of [
    ['wechat', 'WeChat Pay'],
    ['alipay', 'Alipay'],
  ] as const) {
    const card = page.getByTestId(`channel-${channel}`)
    await card.getByTestId('channel-edit').click()
    await refused(page, `${name}: parameters`, (dialog) => dialog.getByTestId('channel-app-id').fill(''))
    await card.getByTestId('channel-switch').click()
    await asked(page, `Turn off ${name}`)
  }
})

test('k1_2a the levels of members, and the settings, are all English', async ({ page }) => {
  test.setTimeout(90_000)
  const chief = await somebody('super_admin', await demo('super_admin'))
  await signInEnglish(page, chief, '/levels')
  await expect(page.getByTestId('level-row').first()).toBeVisible()
  await isEnglish(page)
  await page.getByTestId('add-level').click()
  await page.getByTestId('levels-save').click()
  await expect(page.getByTestId('level-wrong')).toHaveText('Enter the name in Chinese and in English')
  await isEnglish(page)
  await answerWith(page, '/levels', { items: [], version: 1 } satisfies T.Levels)
  await page.getByTestId('levels-reload').click()
  await expect(page.getByTestId('empty-state')).toContainText('There are no levels yet')
  await isEnglish(page)

  await page.getByTestId('menu-settings').click()
  await expect(page.getByTestId('group-basic')).toBeVisible()
  await isEnglish(page)
  const lock = page.getByTestId('setting-input-security.lock_minutes')
  await lock.fill('seven')
  await page.getByTestId('setting-save-security.lock_minutes').click()
  await expect(page.locator('.el-form-item__error')).toHaveText('Enter a whole number')
  await isEnglish(page)
  await page.getByTestId('menu-home').click()
  await asked(page, 'Leave without saving')
  await page.getByTestId('settings-search').fill('no such thing')
  await expect(page.getByTestId('empty-state')).toContainText('No such setting')
  await isEnglish(page)
})
