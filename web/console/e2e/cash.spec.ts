import type { Page, Route } from '@playwright/test'
import type * as T from '../src/api/types'
import { base, demo, somebody } from './support/api'
import { newHall, ownHall } from './support/hall'
import { expect, row, signIn, test } from './support/test'

/** What somebody tells at the desk who has just come. */
async function newcomer(): Promise<string> {
  const answer = await fetch(`${base}/customer/v1/guests`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  })
  const { customer } = (await answer.json()) as { customer: T.Customer }
  return customer.number
}

async function recharge(page: Page, number: string, yuan: string): Promise<void> {
  await page.getByTestId('desk-recharge').click()
  await page.getByTestId('desk-number').fill(number)
  await page.getByTestId('desk-amount').fill(yuan)
  await expect(page.getByTestId('desk-summary')).toContainText(number)
}

test('v4_1 cash is added up by day and person, and a cashier sees nobody else', async ({ page, another }) => {
  const { manager, venue } = await ownHall()
  const cashier = await somebody('cashier', await demo('super_admin'))
  await manager.api.post(`/venues/${venue.id}/staff`, { name: cashier.name })
  const number = await newcomer()

  await signIn(page, cashier, '/floor')
  await expect(page.getByTestId('floor-manage')).toHaveCount(0)
  await recharge(page, number, '80.50')
  // There is one hall alone to choose from.
  await expect(page.getByTestId('desk-hall')).toHaveCount(0)
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('desk-paid')).toContainText('80.50')
  await page.getByTestId('form-cancel').click()
  await manager.api.post('/customers/payout', { venue_id: venue.id, number, amount_fen: 1_000 })

  await page.getByTestId('menu-cash').click()
  await expect(page.getByTestId('cash-drawer')).toContainText('80.50')
  await expect(row(page, cashier.name)).toHaveCount(1)
  await expect(row(page, manager.name)).toHaveCount(0)

  const theirs = await another()
  await signIn(theirs, manager, '/cash')
  await expect(theirs.getByTestId('cash-taken')).toContainText('80.50')
  await expect(theirs.getByTestId('cash-paidOut')).toContainText('10.00')
  await expect(theirs.getByTestId('cash-drawer')).toContainText('70.50')
  await expect(row(theirs, cashier.name)).toContainText('80.50')
  // Two people, and both of them together.
  await expect(row(theirs, venue.name)).toHaveCount(3)
  const saved = theirs.waitForEvent('download')
  await theirs.getByTestId('cash-export').click()
  expect((await saved).suggestedFilename()).toMatch(/^cash-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/)
})

test('v4_1 what a walk-in has left who has gone takes a manager, and that is said before', async ({ page }) => {
  const { manager, venue } = await ownHall()
  const cashier = await somebody('cashier', await demo('super_admin'))
  await manager.api.post(`/venues/${venue.id}/staff`, { name: cashier.name })
  const number = await newcomer()
  await manager.api.post('/customers/recharge', { venue_id: venue.id, number, amount_fen: 3_200 })
  await signIn(page, cashier, '/floor')
  // As the server says it a quarter of an hour later.
  await page.route(
    (url) => url.pathname === '/api/v1/customers/find',
    async (route) => {
      const response = await route.fetch()
      const found = (await response.json()) as T.AtDesk
      await route.fulfill({ response, json: { ...found, payable_fen: 0 } })
    },
  )
  await page.getByTestId('desk-payout').click()
  await page.getByTestId('desk-number').fill(number)
  await expect(page.getByTestId('desk-gone')).toContainText('门店管理人员')
  await page.getByTestId('desk-amount').fill('32')
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toContainText('门店管理人员')
  await expect(page.getByTestId('desk-paid')).toHaveCount(0)
})

test('v4_1 who works in several halls sees for which of them cash is taken', async ({ page }) => {
  const { manager, venue } = await ownHall()
  const second = await newHall(manager.api)
  await signIn(page, manager, `/floor?hall=${second.id}`)
  const number = await newcomer()
  await recharge(page, number, '5')
  await expect(page.getByTestId('desk-summary')).toContainText(second.name)
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('desk-paid')).toContainText('5.00')
  await page.goto('/cash')
  await expect(row(page, second.name)).toContainText('5.00')
  await expect(row(page, venue.name)).toHaveCount(0)
})

test('v4_1 without days it is each hall’s own today, and sums that cannot be loaded again say so', async ({
  page,
  watch,
}) => {
  // Two clocks a whole day apart: it is never the same day at both.
  const { manager, venue } = await ownHall({ time_zone: 'Pacific/Kiritimati' })
  const second = await newHall(manager.api, { time_zone: 'Pacific/Honolulu' })
  const number = await newcomer()
  for (const { id } of [venue, second])
    await manager.api.post('/customers/recharge', { venue_id: id, number, amount_fen: 500 })
  await signIn(page, manager, '/cash')
  await expect(row(page, venue.name)).toContainText('5.00')
  await expect(row(page, second.name)).toContainText('5.00')
  await expect(page.getByTestId('cash-taken')).toContainText('10.00')
  expect(page.url()).not.toContain('from=')

  const failing = (route: Route) => route.fulfill({ status: 503, json: { code: 'BUSY', title: 'Busy', status: 503 } })
  await page.route((url) => url.pathname === '/api/v1/cash', failing, { times: 1 })
  watch.expectRefusal(503, '/cash')
  await page.getByTestId('cash-reload').click()
  await expect(page.getByTestId('cash-stale')).toBeVisible()
  await expect(row(page, venue.name)).toContainText('5.00')
  await page.getByTestId('cash-reload').click()
  await expect(page.getByTestId('cash-stale')).toHaveCount(0)
})
