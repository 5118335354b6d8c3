import type { Page } from '@playwright/test'
import { base } from './support/api'
import { closeTable, demoTable, newcomerChooses, someCustomer } from './support/app'
import { demoAccount } from './support/demo'
import { expect, signIn, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

async function mood(network: string, chosen: string): Promise<void> {
  const answer = await fetch(`${base}/sandbox/payments`, {
    method: 'POST',
    body: new URLSearchParams({ network, mood: chosen }),
    redirect: 'manual',
  })
  expect(answer.status).toBe(303)
}

async function recharge(page: Page, network: 'wechat' | 'alipay'): Promise<void> {
  await page.getByTestId('recharge-open').click()
  await page.getByTestId('amount-50').click()
  await page.getByTestId(`pay-by-${network}`).click()
  await page.getByTestId('recharge-pay').click()
}

test.afterEach(async () => {
  await mood('wechat', 'well')
  await mood('alipay', 'well')
})

test('v4_1 a payment that its network refuses is told where it was begun, and made by another means', async ({
  page,
  another,
  watch,
}) => {
  watch.expectRefusal(409, '/customer/v1/orders')
  const faults = await another()
  await faults.goto('/sandbox/payments')
  await expect(faults.getByTestId('stand-in-note')).toContainText('不会真的扣款')
  const refusing = faults.getByTestId('wechat-places_nothing').getByRole('button')
  await refusing.click()
  await expect(refusing).toHaveText('现在')
  await expect(faults.getByTestId('alipay-well').getByRole('button')).toHaveText('现在')

  await someCustomer(page)
  await recharge(page, 'wechat')
  await expect(page.getByTestId('pay-error')).toContainText('支付渠道拒绝了这笔支付，请换一种方式')
  await page.getByTestId('pay-by-alipay').click()
  await page.getByTestId('recharge-pay').click()
  await page.getByTestId('stand-in-pay').click()
  await expect(page.getByTestId('order-recharged')).toBeVisible()
  await page.getByTestId('order-back').click()
  await expect(page.getByTestId('available')).toContainText('50.00')

  // Whoever can put it right hears of it, and is led to what happened.
  const desk = await another({ viewport: { width: 1280, height: 800 } })
  await signIn(desk, demoAccount('super_admin'), '/notifications')
  await expect(desk.getByText('支付渠道拒绝').first()).toBeVisible()
})

test('v4_1 a network that refuses on its own page leaves the order open, to be paid by another means', async ({
  page,
}) => {
  await mood('alipay', 'places_nothing')
  await someCustomer(page)
  await recharge(page, 'alipay')
  await expect(page.getByTestId('stand-in-state')).toContainText('商户暂时不能收款')
  await expect(page.getByTestId('stand-in-pay')).toHaveCount(0)
  await page.goto('/m/')
  await page.getByTestId('pay-bar').click()
  await page.getByTestId('order-by-wechat').click()
  await page.getByTestId('stand-in-pay').click()
  await expect(page.getByTestId('order-text')).toContainText('50.00')
})

test('v4_1 a table whose payment is refused stays free, and can be paid by another means', async ({ page, watch }) => {
  watch.expectRefusal(409, '/customer/v1/orders')
  await mood('wechat', 'places_nothing')
  const { table } = await demoTable(7)
  await newcomerChooses(page, table)
  await page.getByTestId('pay-by-wechat').click()
  await page.getByTestId('table-open-confirm').click()
  await expect(page.getByTestId('pay-error')).toContainText('请换一种方式')

  await page.getByTestId('pay-by-alipay').click()
  await page.getByTestId('table-open-confirm').click()
  await page.getByTestId('stand-in-pay').click()
  await expect(page.getByTestId('playing')).toBeVisible({ timeout: 30_000 })
  await closeTable(page)
})

test('v4_2 a network that does not answer is told, and charges nobody twice', async ({ page, watch }) => {
  watch.expectRefusal(503, '/customer/v1/orders')
  await mood('wechat', 'down')
  await someCustomer(page)
  await recharge(page, 'wechat')
  await expect(page.getByTestId('pay-error')).toContainText('不会重复扣款')
  await mood('wechat', 'well')
  await page.getByTestId('recharge-pay').click()
  await page.getByTestId('stand-in-pay').click()
  await page.getByTestId('order-back').click()
  await expect(page.getByTestId('available')).toContainText('50.00')
})
