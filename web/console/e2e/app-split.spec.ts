import type { Page } from '@playwright/test'
import { demoTable, giveNumber, scanned, someCustomer } from './support/app'
import { expect, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

/** From the choice of an amount to the page that one came from. */
async function addMoney(page: Page): Promise<void> {
  await page.getByTestId('recharge-pay').click()
  await expect(page).toHaveURL(/\/sandbox\/wechat/)
  await page.getByTestId('stand-in-pay').click()
  await expect(page.getByTestId('order-recharged')).toBeVisible()
  await page.getByTestId('order-back').click()
}

async function open(page: Page, address: string): Promise<void> {
  await page.goto(address)
  await page.getByTestId('quote-60').click()
  await page.getByTestId('table-open').click()
  await page.getByTestId('table-open-confirm').click()
  await expect(page.getByTestId('playing')).toBeVisible({ timeout: 30_000 })
}

async function close(page: Page): Promise<void> {
  await page.getByTestId('session-close').click()
  await page.getByTestId('session-close-confirm').click()
  await expect(page.getByTestId('ended')).toBeVisible()
}

test('v4_2 two phones share a bill', async ({ page, another }) => {
  test.setTimeout(120_000)
  const { table } = await demoTable(4)
  await someCustomer(page)
  await page.getByTestId('recharge-open').click()
  await page.getByTestId('amount-200').click()
  await addMoney(page)
  await expect(page.getByTestId('available')).toContainText('200.00')
  // The free minutes are used up by the first time, so that the second has a bill.
  await open(page, scanned(table))
  await close(page)
  await expect(page.getByTestId('session-split')).toHaveCount(0)
  await expect(async () => {
    await page.goto(scanned(table))
    await expect(page.getByTestId('table-open')).toBeVisible({ timeout: 2_000 })
  }).toPass()
  await open(page, scanned(table))

  await page.getByTestId('session-split').click()
  await expect(page.getByTestId('split-own')).toBeVisible()
  await page.getByTestId('split-amounts').click()
  await page.getByTestId('share-of-1').locator('input').fill('100000')
  await page.getByTestId('split-create').click()
  await expect(page.getByTestId('share-of-1-error')).toBeVisible()
  await page.getByTestId('split-even').click()
  await page.getByTestId('people-more').click()
  await page.getByTestId('people-less').click()
  await expect(page.getByTestId('people')).toHaveText('2')
  await page.getByTestId('split-create').click()
  await expect(page.getByTestId('pay-qr')).toBeVisible()
  const link = new URL((await page.getByTestId('split-link').textContent()) ?? '')

  // A friend who has never been here: joins as a guest, is asked for a phone, then for money, and comes back each time.
  const friend = await another({ viewport: { width: 390, height: 844 } })
  await friend.goto(link.pathname + link.search)
  await expect(friend.getByTestId('split-lead')).toBeVisible()
  await friend.getByTestId('split-join').click()
  await expect(friend.getByTestId('my-share')).toBeVisible()
  await expect(page.getByTestId('share-state-1')).toHaveText('待确认')
  await friend.getByTestId('split-confirm').click()
  await friend.getByTestId('to-sign-in').click()
  await giveNumber(friend)
  await friend.getByTestId('split-confirm').click()
  await friend.getByTestId('recharge-online').click()
  await addMoney(friend)
  await friend.getByTestId('split-confirm').click()
  await expect(friend.getByTestId('split-confirmed')).toBeVisible()
  await expect(page.getByTestId('share-state-1')).toHaveText('已确认')

  // Somebody else comes too late.
  const third = await another({ viewport: { width: 390, height: 844 } })
  await third.goto(link.pathname + link.search)
  await expect(third.getByTestId('split-full')).toBeVisible()

  await page.getByTestId('split-back').click()
  await close(page)
  await page.getByTestId('session-split').click()
  await expect(page.getByTestId('split-done')).toBeVisible({ timeout: 15_000 })
  const paid = (await page.getByTestId('share-amount-1').textContent()) ?? ''
  expect(paid).toMatch(/¥\d+\.\d\d/)
  await expect(page.getByTestId('split-amount')).toContainText(paid)
  await expect(friend.getByTestId('split-amount')).toContainText(paid, { timeout: 15_000 })
  await friend.goto('/m/pages/mine?tab=messages')
  await expect(friend.getByTestId('message').first()).toContainText(paid.replace('¥', ''))
  await page.goto('/m/pages/mine?tab=bills')
  await expect(page.getByTestId('bill-row').first()).toContainText('AA')
})

test('v4_2 a link that is none says so', async ({ page, watch }) => {
  watch.expectRefusal(404, '/customer/v1/split-codes/nonsense')
  await page.goto('/m/?split=nonsense')
  await expect(page.getByTestId('empty')).toBeVisible()
  await expect(page.getByTestId('to-halls')).toBeVisible()
})
