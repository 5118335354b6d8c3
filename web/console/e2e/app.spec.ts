import type { Route } from '@playwright/test'
import type * as T from '../src/api/types'
import { demo } from './support/api'
import { demoTable, giveNumber, scanned, someCustomer, takeCash } from './support/app'
import { expect, test, welcomeStart } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

test('v3_1 a customer scans a table, signs in, pays, plays, extends, closes and finds the bill', async ({ page }) => {
  const staff = await demo('venue_manager')
  const { hall, table } = await demoTable(0)
  await page.goto(scanned(table))
  await expect(page.getByTestId('table-name')).toHaveText(table.name)
  await expect(page.getByTestId('table-state')).toBeVisible()
  await page.getByTestId('quote-60').click()
  await page.getByTestId('table-open').click()
  await page.getByTestId('to-sign-in').click()

  await giveNumber(page)

  // Too little: the app says so, the customer's number is told at the desk, and the desk takes the money.
  await page.getByTestId('confirm-recharge').click()
  const told = page.getByTestId('recharge').getByTestId('customer-number')
  await expect(told).toHaveText(/\d{8}/)
  const customer = ((await told.textContent()) ?? '').replace(/\D/g, '')
  await takeCash(staff, customer, 20_000)
  await page.getByTestId('recharge-recheck').click()
  await page.getByTestId('table-open-confirm').click()

  await expect(page.getByTestId('playing')).toBeVisible()
  await expect(page.getByTestId('session-table')).toHaveText(table.name)
  await expect(page.getByTestId('time-left')).toHaveText(/(59:|1:00:00|60:00)/)
  const floor = await staff.get<T.Floor>(`/venues/${hall}/floor`)
  expect(floor.tables[0]?.device?.reported).toBe(true)

  await page.getByTestId('session-extend').click()
  await expect(page.getByTestId('extend-offer')).toBeVisible()
  await page.getByTestId('extend-confirm').click()
  await expect(page.getByTestId('time-left')).toHaveText(/1:(29|30):/)

  // An answer that is lost on its way is looked for, and nothing is asked for twice.
  const lost = async (route: Route) => {
    await route.fetch()
    await route.abort()
  }
  await page.route('**/extend', lost, { times: 1 })
  await page.getByTestId('session-extend').click()
  await page.getByTestId('extend-confirm').click()
  await expect(page.getByTestId('extend-offer')).toHaveCount(0)
  await expect(page.getByTestId('time-left')).toHaveText(/(1:59:|2:00:00)/)

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

test('v2_1 whoever is new is welcomed with the number for the desk, once', async ({ browser, baseURL }) => {
  // In other tests' browsers somebody clicks each welcome away.
  const context = await browser.newContext({ baseURL, viewport: { width: 390, height: 844 } })
  const page = await context.newPage()
  await page.goto('/m/pages/mine')
  await page.getByTestId('to-sign-in').click()
  await giveNumber(page)
  await expect(page.getByTestId('welcome-number')).toHaveText(/^\d{8}$/)
  await welcomeStart(page).click()
  await expect(page.getByTestId('welcome')).toHaveCount(0)
  await expect(page.getByTestId('recharge-open')).toBeVisible()
  await context.close()
})

test('v2_2 whoever has lost a phone signs out on all of them', async ({ page }) => {
  await someCustomer(page)
  await page.getByTestId('sign-out').click()
  await page.getByTestId('sign-out-everywhere').click()
  await expect(page.getByTestId('halls')).toBeVisible()
  await page.goto('/m/pages/mine')
  await expect(page.getByTestId('to-sign-in')).toBeVisible()
})

test('v3_1a a code that is none leads to the halls', async ({ page, watch }) => {
  watch.expectRefusal(404, '/customer/v1/codes/nonsense')
  await page.goto('/m/?t=nonsense')
  await expect(page.getByTestId('code-unknown')).toBeVisible()
  await expect(page.getByTestId('halls')).toBeVisible()
})
