import type { Page } from '@playwright/test'
import type * as T from '../src/api/types'
import { base, demo } from './support/api'
import { demoAccount, unique } from './support/demo'
import { expect, fillSignIn, signIn, test, toast } from './support/test'

const TABLES = 12

/** The hall that the demo came with, and its tables in their order. */
async function demoFloor(): Promise<T.Floor> {
  const api = await demo('venue_manager')
  const { items } = await api.get<{ items: T.Venue[] }>('/venues')
  return api.get<T.Floor>(`/venues/${items[0]?.id}/floor`)
}
const tableOf = (page: Page, { id }: { id: string }) => page.getByTestId(`table-${id}`)

test('v3_1 who works in a hall lands on its floor, with a menu of its own', async ({ page }) => {
  await page.goto('/sign-in')
  await fillSignIn(page, demoAccount('venue_manager'))
  await expect(page).toHaveURL('/floor')
  for (const entry of ['menu-floor', 'menu-maintainers', 'menu-notifications', 'menu-logs-operations'])
    await expect(page.getByTestId(entry)).toBeVisible()
  for (const entry of ['menu-home', 'menu-batches', 'menu-quota', 'menu-users', 'menu-settings'])
    await expect(page.getByTestId(entry)).toHaveCount(0)
})

test('v5_1 a light set by hand is lit on the floor once it says so, and dark again when it is given back', async ({
  page,
}) => {
  const { tables, venue } = await demoFloor()
  const last = tables.at(-1)
  if (!last) throw new Error('the demo has no tables')
  await (await demo('venue_manager')).call('DELETE', `/tables/${last.id}/light`)

  await signIn(page, demoAccount('venue_manager'), `/floor?hall=${venue.id}`)
  const plan = page.getByTestId('floor-plan')
  // Somebody may be playing on the first one: another test.
  await expect(plan.locator('[data-state]')).toHaveCount(TABLES)
  await expect(tableOf(page, last)).toHaveAttribute('data-state', 'idle')
  await expect(tableOf(page, last)).toHaveAttribute('data-lamp', 'off')
  await expect(page.getByTestId('count-idle')).toHaveText(/1[12]/)

  await tableOf(page, last).click()
  const panel = page.getByTestId('table-panel')
  await expect(panel.getByTestId('table-state')).toHaveAttribute('data-status', 'idle')
  await expect(panel.getByTestId('table-url')).toHaveText(last.url)
  await expect(panel.getByTestId('table-page')).toHaveAttribute('href', last.url)

  await panel.getByTestId('set-light').click()
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  const why = unique('cleaning')
  await page.getByTestId('light-minutes').fill('5')
  await page.getByTestId('light-why').fill(why)
  await page.getByTestId('form-submit').click()

  await expect(panel.getByTestId('lamp-state')).toHaveAttribute('data-status', 'on')
  await expect(panel.getByTestId('by-hand')).toContainText(why)
  await expect(tableOf(page, last)).toHaveAttribute('data-lamp', 'on')
  await expect(tableOf(page, last).locator('[data-mark="by_hand"]')).toBeVisible()

  await panel.getByTestId('device-log').click()
  await expect(panel.getByTestId('log-list')).toContainText(why)
  await expect(panel.locator('[data-did="on"]').first()).toBeVisible()

  await panel.getByTestId('give-back').click()
  await page.getByTestId('form-submit').click()
  await expect(panel.getByTestId('lamp-state')).toHaveAttribute('data-status', 'off')
  await expect(panel.getByTestId('by-hand')).toHaveCount(0)
  await expect(panel.getByTestId('give-back')).toHaveCount(0)
  await expect(tableOf(page, last)).toHaveAttribute('data-lamp', 'off')
})

test('v5_2 a table is taken out of service with a note, seen by others without a reload, and brought back', async ({
  page,
  another,
}) => {
  const { tables, venue } = await demoFloor()
  const one = tables.at(-2)
  if (!one) throw new Error('the demo has too few tables')
  const theirs = await another({ viewport: { width: 390, height: 844 } })
  await signIn(theirs, demoAccount('venue_manager'), `/floor?hall=${venue.id}`)
  await expect(theirs.getByTestId('floor-cards').locator('li')).toHaveCount(TABLES)
  await expect(tableOf(theirs, one)).toHaveAttribute('data-state', 'idle')

  await signIn(page, demoAccount('venue_manager'), `/floor?hall=${venue.id}&table=${one.id}`)
  await page.getByTestId('take-out').click()
  await page.getByTestId('confirm-reason').fill('the cloth is torn')
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('table-case')).toContainText('the cloth is torn')
  await expect(tableOf(theirs, one)).toHaveAttribute('data-state', 'maintenance')

  await page.getByTestId('bring-back').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('table-state')).toHaveAttribute('data-status', 'idle')
  await expect(tableOf(theirs, one)).toHaveAttribute('data-state', 'idle')
})

test('v4_1 cash goes to the customer at the desk and back, and who it is, is seen before', async ({ page, watch }) => {
  const answer = await fetch(`${base}/customer/v1/guests`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  })
  const { customer } = (await answer.json()) as { customer: T.Customer }
  watch.expectRefusal(422, '/customers/find')

  await signIn(page, demoAccount('venue_manager'), '/floor')
  await page.getByTestId('desk-recharge').click()
  await page.getByTestId('desk-number').fill('1')
  await page.getByTestId('desk-amount').fill('1.234')
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await page.getByTestId('desk-amount').fill('100.5')
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await expect(page.getByTestId('desk-paid')).toHaveCount(0)

  await page.getByTestId('desk-number').fill(customer.number)
  await expect(page.getByTestId('desk-summary')).toContainText('100.50')
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('desk-paid')).toContainText(customer.number)
  await expect(page.getByTestId('desk-paid')).toContainText('100.50')
  await expect(page.getByTestId('desk-number')).toHaveValue('')

  await page.getByTestId('desk-number').fill(customer.number)
  await page.getByTestId('desk-amount').fill('0.01')
  await expect(page.getByTestId('desk-summary')).toContainText(customer.number)
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('desk-paid')).toContainText('100.51')
  await page.getByTestId('form-cancel').click()
  await expect(page.getByTestId('desk-number')).toHaveCount(0)

  await page.getByTestId('desk-payout').click()
  await page.getByTestId('desk-number').fill(customer.number)
  await expect(page.getByTestId('desk-who')).toContainText('100.51')
  await page.getByTestId('desk-amount').fill('100.52')
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await page.getByTestId('desk-amount').fill('100.01')
  await expect(page.getByTestId('desk-summary')).toContainText('100.01')
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('desk-paid')).toContainText('0.50')
})

test('v5_1 a coil of a relay board is a light with an address, and nothing is told of it', async ({ page }) => {
  await signIn(page, demoAccount('venue_manager'), '/floor')
  await page.getByTestId('floor-manage').click()
  await page.getByTestId('new-hall').click()
  await page.getByTestId('hall-name').fill(unique('hall'))
  await page.getByTestId('hall-per-hour').fill('36')
  await page.getByTestId('form-submit').click()
  await expect(page).toHaveURL(/hall=ven_/)
  // Nobody is at this address: the board is away.
  const host = `${unique('board')}.invalid`
  const panel = page.getByTestId('table-panel')

  await page.getByTestId('empty-state').getByTestId('new-table').click()
  await page.getByTestId('table-name').fill('A1')
  await page.getByTestId('form-submit').click()
  await panel.getByTestId('add-device').click()
  await page.getByTestId('device-driver').getByText('Modbus').click()
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await page.getByTestId('coil-host').fill(host)
  await page.getByTestId('coil-number').fill('300')
  await page.getByTestId('coil-timer').getByText('闪开').click()
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error').filter({ hasText: '254' })).toBeVisible()
  await page.getByTestId('coil-number').fill('7')
  await page.getByTestId('form-submit').click()
  await expect(panel.getByTestId('lamp-state')).toHaveAttribute('data-status', 'away')
  await expect(panel).toContainText(`${host}:502`)
  await expect(panel.getByTestId('renew-password')).toHaveCount(0)
  await expect(page.getByTestId('secret-once')).toHaveCount(0)
})

test('v5_1 a hall is made, a table, and its light, whose password is told once', async ({ page }) => {
  const name = unique('hall')
  await signIn(page, demoAccount('venue_manager'), '/floor')
  await page.getByTestId('floor-manage').click()
  await page.getByTestId('new-hall').click()
  await page.getByTestId('hall-name').fill(name)
  await page.getByTestId('hall-per-hour').fill('36.50')
  await page.getByTestId('form-submit').click()
  await expect(page).toHaveURL(/hall=ven_/)
  await expect(page.getByTestId('empty-state')).toBeVisible()

  await page.getByTestId('empty-state').getByTestId('new-table').click()
  await page.getByTestId('table-name').fill('A1')
  await page.getByTestId('form-submit').click()
  const panel = page.getByTestId('table-panel')
  await expect(panel.getByTestId('table-state')).toHaveAttribute('data-status', 'maintenance')
  const url = (await panel.getByTestId('table-url').textContent()) ?? ''

  await panel.getByTestId('add-device').click()
  await page.getByTestId('form-submit').click()
  const secrets = page.getByTestId('secret-once').getByTestId('secret-value')
  await expect(secrets).toHaveCount(4)
  const [, user, password, topic] = await secrets.allTextContents()
  expect(topic).toBe(user)
  expect(password?.length).toBeGreaterThanOrEqual(20)
  await page.getByTestId('secret-saved').click()
  await expect(panel.getByTestId('lamp-state')).toHaveAttribute('data-status', 'away')
  await expect(page.getByText(password ?? 'none')).toHaveCount(0)

  // Another one: the old one is void.
  await panel.getByTestId('renew-password').click()
  await page.getByTestId('form-submit').click()
  await expect(secrets).toHaveCount(4)
  const [, sameUser, another] = await secrets.allTextContents()
  expect(sameUser).toBe(user)
  expect(another).not.toBe(password)
  await page.getByTestId('secret-saved').click()
  await expect(page.getByTestId('secret-once')).toHaveCount(0)

  await panel.getByTestId('reissue').click()
  await page.getByTestId('form-submit').click()
  await expect(toast(page, /\S/).first()).toBeVisible()
  await expect(panel.getByTestId('table-url')).not.toHaveText(url)
})

test('v1_1 the codes of all tables are printed, or that of one, and nothing else is on the paper', async ({ page }) => {
  const { tables, venue } = await demoFloor()
  await signIn(page, demoAccount('venue_manager'), `/floor?hall=${venue.id}&table=${tables[1]?.id}`)
  await page.getByTestId('table-print').click()
  await expect(page).toHaveURL(`/halls/${venue.id}/codes?table=${tables[1]?.id}`)
  const codes = page.locator('.codes li')
  await expect(codes).toHaveCount(1)
  await expect(codes).toContainText(tables[1]?.name ?? '')
  await page.goto(`/halls/${venue.id}/codes`)
  await expect(codes).toHaveCount(TABLES)
  // Each is a picture of its own.
  const drawn = await codes.locator('img').evaluateAll((images: HTMLImageElement[]) => images.map(({ src }) => src))
  expect(new Set(drawn).size).toBe(TABLES)
  await expect(page.getByTestId('codes-place')).toContainText(base)
  await page.emulateMedia({ media: 'print' })
  await expect(codes.first()).toBeVisible()
  await expect(page.getByTestId('codes-print')).toBeHidden()
  await expect(page.getByTestId('user-menu')).toBeHidden()
})
