import type { Page } from '@playwright/test'
import type * as T from '../src/api/types'
import { demo, mailTo } from './support/api'
import { expect, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

/** A number that no other run on this server has. */
const phone = () => `138${String(Date.now()).slice(-8)}`

test('v3_1 a customer scans a table, signs in, pays, plays, extends, closes and finds the bill', async ({ page }) => {
  const staff = await demo('venue_manager')
  const { items } = await staff.get<{ items: T.Venue[] }>('/venues')
  const { tables } = await staff.get<T.Floor>(`/venues/${items[0]?.id}/floor`)
  const table = tables[0]
  if (!table) throw new Error('the demo has no tables')

  // What the QR code on the table says.
  await page.goto(new URL(table.url).pathname + new URL(table.url).search)
  await expect(page.getByTestId('table-name')).toHaveText(table.name)
  await expect(page.getByTestId('table-state')).toBeVisible()
  await page.getByTestId('quote-60').click()
  await page.getByTestId('table-open').click()
  await page.getByTestId('to-sign-in').click()

  const number = phone()
  await page.getByTestId('phone').locator('input').fill(number)
  await page.getByTestId('send-code').click()
  await expect(page.getByTestId('code-sent')).toBeVisible()
  await page
    .getByTestId('code')
    .locator('input')
    .fill(await mailTo(number, /(\d{6})/))
  await page.getByTestId('sign-in').click()

  // Too little: the app says so, the customer's number is told at the desk, and the desk takes the money.
  const told = page.getByTestId('recharge').getByTestId('customer-number')
  await expect(told).toHaveText(/\d{8}/)
  const customer = ((await told.textContent()) ?? '').replace(/\D/g, '')
  await staff.post('/customers/recharge', { number: customer, amount_fen: 20_000 })
  await page.getByTestId('recharge-recheck').click()
  await page.getByTestId('table-open-confirm').click()

  await expect(page.getByTestId('playing')).toBeVisible()
  await expect(page.getByTestId('session-table')).toHaveText(table.name)
  await expect(page.getByTestId('time-left')).toHaveText(/(59:|1:00:00|60:00)/)
  const floor = await staff.get<T.Floor>(`/venues/${items[0]?.id}/floor`)
  expect(floor.tables[0]?.device?.reported).toBe(true)

  await page.getByTestId('session-extend').click()
  await expect(page.getByTestId('extend-offer')).toBeVisible()
  await page.getByTestId('extend-confirm').click()
  await expect(page.getByTestId('time-left')).toHaveText(/1:(29|30):/)

  await page.getByTestId('session-close').click()
  await page.getByTestId('session-close-confirm').click()
  await expect(page.getByTestId('ended')).toBeVisible()
  // Within the free minutes.
  await expect(page.getByTestId('bill-total')).toContainText('0.00')

  await page.getByTestId('to-bills').click()
  await expect(page.getByTestId('bill-row').first()).toContainText(table.name)
  const me = page.getByTestId('balance').first()
  await expect(me).toContainText('200.00')
})

test('v3_1a a code that is none leads to the halls', async ({ page, watch }) => {
  watch.expectRefusal(404, '/customer/v1/codes/nonsense')
  await page.goto('/m/?t=nonsense')
  await expect(page.getByTestId('code-unknown')).toBeVisible()
  await expect(page.getByTestId('halls')).toBeVisible()
})

async function signIn(page: Page): Promise<void> {
  const number = phone()
  await page.getByTestId('phone').locator('input').fill(number)
  await page.getByTestId('send-code').click()
  await expect(page.getByTestId('code-sent')).toBeVisible()
  await page
    .getByTestId('code')
    .locator('input')
    .fill(await mailTo(number, /(\d{6})/))
  await page.getByTestId('sign-in').click()
}

test('v4_1 money comes by WeChat, after thinking better of Alipay, and goes back to where it came from', async ({
  page,
}) => {
  await page.goto('/m/pages/mine')
  await page.getByTestId('to-sign-in').click()
  await signIn(page)

  await page.getByTestId('recharge-open').click()
  await page.getByTestId('amount-5000').click()
  await page.getByTestId('means-alipay').click()
  await page.getByTestId('recharge-go').click()
  // The network's page, which says that it is none. Whoever turns back finds the payment again.
  await expect(page.getByTestId('stand-in-note')).toBeVisible()
  await page.goto('/m/')
  await page.getByTestId('pending-bar').click()
  await expect(page.getByTestId('order-waiting')).toBeVisible()
  await page.getByTestId('order-other').click()
  await page.getByTestId('stand-in-pay').click()
  await expect(page.getByTestId('order-recharged')).toBeVisible()
  await expect(page.getByTestId('order-available')).toContainText('50.00')

  await page.getByTestId('order-mine').click()
  await expect(page.getByTestId('available')).toContainText('50.00')
  await page.getByTestId('refund-open').click()
  await page.getByTestId('refund-amount').locator('input').fill('20')
  await page.getByTestId('refund-go').click()
  await expect(page.getByTestId('available')).toContainText('30.00')
})

test('v3_1c a table is paid for at once, and its light comes on', async ({ page }) => {
  const staff = await demo('venue_manager')
  const { items } = await staff.get<{ items: T.Venue[] }>('/venues')
  const { tables } = await staff.get<T.Floor>(`/venues/${items[0]?.id}/floor`)
  const table = tables[7]
  if (!table) throw new Error('the demo has no tables')

  await page.goto(new URL(table.url).pathname + new URL(table.url).search)
  await page.getByTestId('quote-60').click()
  await page.getByTestId('table-open').click()
  await page.getByTestId('to-sign-in').click()
  await signIn(page)
  await page.getByTestId('pay-now').getByTestId('means-wechat').click()
  await page.getByTestId('pay-now-go').click()
  await page.getByTestId('stand-in-pay').click()

  await expect(page.getByTestId('playing')).toBeVisible()
  await expect(page.getByTestId('session-table')).toHaveText(table.name)
  const floor = await staff.get<T.Floor>(`/venues/${items[0]?.id}/floor`)
  expect(floor.tables[7]?.device?.reported).toBe(true)
  await page.getByTestId('session-close').click()
  await page.getByTestId('session-close-confirm').click()
  await expect(page.getByTestId('ended')).toBeVisible()
})
