import type { Page } from '@playwright/test'
import type * as T from '../src/api/types'
import { demo } from './support/api'
import { demoTable, giveNumber, newcomerChooses, scanned, someCustomer } from './support/app'
import { expect, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

/** At the demo's stand-in for a network's own page. */
async function payAt(page: Page, network: 'wechat' | 'alipay'): Promise<void> {
  await expect(page).toHaveURL(new RegExp(`/sandbox/${network}`))
  await page.getByTestId('stand-in-pay').click()
}

test('v3_1 a wallet is recharged by WeChat and by Alipay, and paid back', async ({ page }) => {
  await someCustomer(page)
  await page.getByTestId('recharge-open').click()
  await page.getByTestId('amount-50').click()
  await page.getByTestId('pay-by-wechat').click()
  await expect(page.getByTestId('recharge-pay')).toContainText('50.00')
  await page.getByTestId('recharge-pay').click()
  await payAt(page, 'wechat')
  await expect(page.getByTestId('order-recharged')).toBeVisible()
  await expect(page.getByTestId('order-text')).toContainText('50.00')

  // Back to where it was begun.
  await page.getByTestId('order-back').click()
  await expect(page.getByTestId('available')).toContainText('50.00')
  await expect(page.getByTestId('pay-bar')).toHaveCount(0)

  await page.getByTestId('recharge-open').click()
  const amount = page.getByTestId('amount').locator('input')
  await amount.fill('0.5')
  await page.getByTestId('recharge-pay').click()
  await expect(page.getByTestId('amount-error')).toBeVisible()
  await amount.fill('12.34')
  await page.getByTestId('pay-by-alipay').click()
  await page.getByTestId('recharge-pay').click()
  await payAt(page, 'alipay')
  await expect(page.getByTestId('order-text')).toContainText('62.34')
  await page.getByTestId('order-back').click()
  await expect(page.getByTestId('available')).toContainText('62.34')

  await page.getByTestId('refund-open').click()
  await expect(page.getByTestId('refundable')).toContainText('62.34')
  await page.getByTestId('refund-amount').locator('input').fill('70')
  await page.getByTestId('refund-confirm').click()
  await expect(page.getByTestId('refund-amount-error')).toContainText('62.34')
  await page.getByTestId('refund-amount').locator('input').fill('60')
  await page.getByTestId('refund-confirm').click()
  await expect(page.getByTestId('refund-done')).toContainText('60.00')
  await page.getByTestId('refund-close').click()
  await expect(page.getByTestId('available')).toContainText('2.34')
})

test('v3_1 a payment given up is found again, paid by the other network, and another one cancelled', async ({
  page,
}) => {
  await someCustomer(page)
  await page.getByTestId('recharge-open').click()
  await page.getByTestId('recharge-pay').click()
  await expect(page).toHaveURL(/\/sandbox\/wechat/)
  await page.getByTestId('stand-in-cancel').click()
  await expect(page.getByTestId('order-pending')).toBeVisible()
  await expect(page.getByTestId('order-left')).toBeVisible()

  await page.goto('/m/')
  await page.getByTestId('pay-bar').click()
  await page.getByTestId('order-by-alipay').click()
  await payAt(page, 'alipay')
  await expect(page.getByTestId('order-text')).toContainText('100.00')
  await page.getByTestId('order-back').click()

  await page.getByTestId('recharge-open').click()
  await page.getByTestId('amount-200').click()
  await page.getByTestId('recharge-pay').click()
  await expect(page.getByTestId('stand-in-cancel')).toBeVisible()
  // By the browser: the order's page lies underneath.
  await page.goBack()
  await page.getByTestId('order-cancel').click()
  await page.getByTestId('order-cancel-confirm').click()
  await expect(page.getByTestId('order-closed')).toBeVisible()
  await page.goto('/m/pages/mine')
  await expect(page.getByTestId('available')).toContainText('100.00')
  await expect(page.getByTestId('pay-bar')).toHaveCount(0)
})

test('v3_1 a table is paid at once, and lit', async ({ page }) => {
  const { hall, table } = await demoTable(1)
  await newcomerChooses(page, table)
  await expect(page.getByTestId('confirm-open')).toBeVisible()
  await expect(page.getByTestId('pay-by-balance')).toHaveAttribute('aria-disabled', 'true')
  await page.getByTestId('pay-by-alipay').click()
  await expect(page.getByTestId('confirm-note')).toContainText('原路退回')
  await page.getByTestId('table-open-confirm').click()
  await expect(page.getByTestId('stand-in-pay')).toBeVisible()
  // Left before it was paid: the table leads back to this payment, and begins no other.
  await page.goBack()
  await page.getByTestId('order-back').click()
  await expect(page.getByTestId('table-name')).toHaveText(table.name)
  await expect(page.getByTestId('table-open')).toHaveCount(0)
  await page.getByTestId('table-due').click()
  await page.getByTestId('order-go').click()
  await payAt(page, 'alipay')

  await expect(page.getByTestId('playing')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByTestId('session-table')).toHaveText(table.name)
  const floor = await (await demo('venue_manager')).get<T.Floor>(`/venues/${hall}/floor`)
  expect(floor.tables.find(({ id }) => id === table.id)?.device?.reported).toBe(true)

  await page.getByTestId('session-close').click()
  await page.getByTestId('session-close-confirm').click()
  await expect(page.getByTestId('ended')).toBeVisible()
})

test('v3_2 a table is opened by money that is only frozen, and what was not played is let go', async ({ page }) => {
  const { table } = await demoTable(10)
  await newcomerChooses(page, table)
  await page.getByTestId('pay-by-alipay_freeze').click()
  await expect(page.getByTestId('confirm-note')).toContainText('其余解冻')
  await page.getByTestId('table-open-confirm').click()
  // Alipay is on the same phone: nobody has to scan what it shows. It leads nowhere afterwards: one goes back by oneself.
  await payAt(page, 'alipay')
  await expect(page.locator('body')).toContainText('已支付')
  await page.goBack()
  await page.goBack()

  await expect(page.getByTestId('playing')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByTestId('session-table')).toHaveText(table.name)
  await page.getByTestId('session-close').click()
  await page.getByTestId('session-close-confirm').click()
  await expect(page.getByTestId('ended')).toBeVisible()
  // Nothing of it stays in a wallet, nor on its way.
  await page.goto('/m/pages/mine')
  await expect(page.getByTestId('available')).toContainText('0.00')
  await expect(page.getByTestId('pay-bar')).toHaveCount(0)
})

test('v3_1 a table that cannot be opened any more is not charged', async ({ page }) => {
  const staff = await demo('venue_manager')
  const { table } = await demoTable(2)
  await page.goto(scanned(table))
  await page.getByTestId('table-open').click()
  await page.getByTestId('to-sign-in').click()
  await giveNumber(page)
  await page.getByTestId('pay-by-wechat').click()
  await page.getByTestId('table-open-confirm').click()
  await expect(page.getByTestId('stand-in-pay')).toBeVisible()
  await staff.post(`/tables/${table.id}/out-of-service`, { note: 'a browser test' })
  try {
    await payAt(page, 'wechat')
    await expect(page.getByTestId('order-returned')).toBeVisible({ timeout: 30_000 })
    await page.getByTestId('order-messages').click()
    await expect(page.getByTestId('message').filter({ hasText: table.name })).toHaveCount(1)
  } finally {
    await staff.post(`/tables/${table.id}/in-service`, { note: 'a browser test' })
  }
})

test('v4_1 whose money goes back all at once or not at all is told so before asking', async ({ page }) => {
  // In the server's place: it takes fifty refunds to come there.
  const json = { amount_fen: 5_000, freely_fen: 0 }
  await page.route(
    ({ pathname }) => pathname === '/customer/v1/refundable',
    (route) => route.fulfill({ json }),
  )
  await someCustomer(page)
  await page.getByTestId('refund-open').click()
  await expect(page.getByTestId('refund-parts')).toContainText('全部 ¥50.00')
  json.freely_fen = 2_000
  await page.reload()
  await page.getByTestId('refund-open').click()
  await expect(page.getByTestId('refund-parts')).toContainText('¥20.00 以内')
})

test('v3_1 an order that is none of one’s own is not shown', async ({ page, watch }) => {
  const strange = 'ord_00000000000000000000000000'
  watch.expectRefusal(404, `/customer/v1/orders/${strange}`)
  await page.goto(`/m/?order=${strange}`)
  await expect(page.getByTestId('empty')).toBeVisible()
  await expect(page.getByTestId('to-sign-in')).toBeVisible()
})

test.describe('on a desktop', () => {
  test.use({ viewport: { width: 1280, height: 800 } })
  test('v3_1 a code is shown for the phone to scan', async ({ page }) => {
    await someCustomer(page)
    await page.getByTestId('recharge-open').click()
    await page.getByTestId('recharge-pay').click()
    await expect(page.getByTestId('pay-qr')).toBeVisible()
    await page.getByTestId('order-by-alipay').click()
    await expect(page.getByTestId('order-pending')).toContainText('支付宝扫一扫')
    await page.getByTestId('order-cancel').click()
    await page.getByTestId('order-cancel-confirm').click()
    await expect(page.getByTestId('order-closed')).toBeVisible()
  })

  test('v3_1 in the demo, whose networks no phone reaches, the page is opened beside it', async ({ page }) => {
    await someCustomer(page)
    await page.getByTestId('recharge-open').click()
    await page.getByTestId('recharge-pay').click()
    const [beside] = await Promise.all([page.waitForEvent('popup'), page.getByTestId('order-here').click()])
    await beside.getByTestId('stand-in-pay').click()
    await expect(page.getByTestId('order-recharged')).toBeVisible()
  })
})
