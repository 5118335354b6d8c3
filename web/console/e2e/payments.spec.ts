import type { Browser } from '@playwright/test'
import type * as T from '../src/api/types'
import { demo } from './support/api'
import { Customer } from './support/customer'
import { demoAccount } from './support/demo'
import { expect, row, signIn, test } from './support/test'

/** On the payer's own phone: what happens there after the payment is the app's, and not looked at here. */
async function pay(browser: Browser, url: string): Promise<void> {
  const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN' })
  const page = await phone.newPage()
  await page.goto(url)
  await page.getByTestId('stand-in-pay').click()
  await expect(page).toHaveURL(/\/m\//)
  await phone.close()
}

test('v4_1 an order that a customer paid is listed, told from the first to the last, and found by each number', async ({
  page,
  browser,
  watch,
}) => {
  const customer = await Customer.signedIn()
  const order = await customer.recharge(12_345, 'h5')
  await pay(browser, order.next?.url ?? '')
  await expect.poll(async () => (await customer.order(order.id)).state).toBe('paid')
  watch.expectRefusal(404, '/payments/find')

  await signIn(page, demoAccount('super_admin'))
  await page.getByTestId('menu-payments').click()
  await expect(page.getByTestId('waiting-refunds')).toBeVisible()
  await expect(row(page, order.id)).toContainText('123.45')
  await expect(row(page, order.id).locator('[data-status]')).toHaveAttribute('data-status', 'paid')
  await row(page, order.id).getByRole('link').click()

  await expect(page).toHaveURL(`/payments/orders/${order.id}`)
  await expect(page.getByTestId('order-state')).toHaveAttribute('data-status', 'paid')
  await expect(page.getByTestId('payer-number')).toHaveText((await customer.me()).number)
  const timeline = page.getByTestId('order-timeline')
  const steps = () =>
    timeline.locator('[data-step]').evaluateAll((all) => all.map((one) => one.getAttribute('data-step')))
  // The network's notice may come before its answer to our question, or after it.
  await expect(async () => {
    await page.getByTestId('order-reload').click()
    expect(await steps()).toEqual(expect.arrayContaining(['created', 'attempt', 'paid', 'notice', 'booked']))
  }).toPass()
  expect((await steps())[0]).toBe('created')
  const ours = (await timeline.getByTestId('line-number').first().textContent()) ?? ''
  const theirs = (await timeline.getByTestId('line-channelNo').first().textContent()) ?? ''
  expect(ours).toMatch(/^[0-9a-f]{32}$/)

  for (const number of [ours, theirs, order.id]) {
    await page.goto('/payments')
    await page.getByTestId('find-number').fill(number)
    await page.getByTestId('find-submit').click()
    await expect(page).toHaveURL(`/payments/orders/${order.id}`)
  }
  // As another list leads here.
  await page.goto(`/payments?tab=orders&number=${ours}`)
  await expect(page).toHaveURL(`/payments/orders/${order.id}`)
  await page.goto('/payments')
  await page.getByTestId('find-number').fill('nobody knows it')
  await page.getByTestId('find-submit').click()
  await expect(page.getByTestId('find-problem')).toBeVisible()
})

test('v4_1 networks are shown with the address of their notices, without secrets, and refusals stand at their fields', async ({
  page,
  watch,
}) => {
  const { items } = await (await demo('super_admin')).get<{ items: T.Merchant[] }>('/payments/channels')
  watch.expectRefusal(422, '/payments/channels/wechat')

  await signIn(page, demoAccount('super_admin'), '/payments?tab=channels')
  for (const { channel, notify_url } of items) {
    const card = page.getByTestId(`channel-${channel}`)
    await expect(card.getByTestId('notify-url')).toHaveText(notify_url)
    await expect(card.getByTestId('channel-state')).toHaveAttribute('data-status', 'on')
  }

  await page.getByTestId('channel-wechat').getByTestId('channel-edit').click()
  await expect(page.getByTestId('channel-private-key')).toHaveValue('')
  await expect(page.getByTestId('channel-api-v3-key')).toHaveValue('')
  await page.getByTestId('channel-private-key').fill('no key at all')
  await page.getByTestId('form-submit').click()
  const item = page.locator('.el-form-item.is-error')
  await expect(item).toHaveCount(1)
  await expect(item.getByTestId('channel-private-key')).toBeVisible()
  await page.getByTestId('form-cancel').click()

  // Nothing typed: nothing but the time changes.
  await page.getByTestId('channel-wechat').getByTestId('channel-edit').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('channel-private-key')).toHaveCount(0)
  const after = await (await demo('super_admin')).get<{ items: T.Merchant[] }>('/payments/channels')
  expect(after.items.map(({ parameters }) => parameters)).toEqual(items.map(({ parameters }) => parameters))
})

test('v4_1 each view of payments has its own address, and others may not see any', async ({ page, another }) => {
  await signIn(page, demoAccount('super_admin'), '/payments')
  await page.getByTestId('waiting-refunds').click()
  await expect(page).toHaveURL('/payments?tab=refunds&state=stuck')
  await page.getByTestId('tab-reconciliation').click()
  await expect(page).toHaveURL('/payments?tab=reconciliation')
  await expect(page.getByTestId('reconciliation')).toBeVisible()

  const theirs = await another()
  await signIn(theirs, demoAccount('venue_manager'), '/floor')
  await expect(theirs.getByTestId('menu-payments')).toHaveCount(0)
  await theirs.goto('/payments')
  await expect(theirs).toHaveURL('/forbidden')
})
