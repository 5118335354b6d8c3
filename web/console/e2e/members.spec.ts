import type * as T from '../src/api/types'
import { demo } from './support/api'
import { demoAccount, unique } from './support/demo'
import { demoTable, giveNumber, scanned, takeCash } from './support/app'
import { expect, signIn, test } from './support/test'

async function ownHall(): Promise<T.Venue> {
  const api = await demo('venue_manager')
  const tariff: T.Tariff = { per_hour: 3_600, unit_minutes: 5, grace_minutes: 3 }
  return api.call<T.Venue>('POST', '/venues', { name: unique('hall'), time_zone: 'Asia/Shanghai', tariff })
}

test('v1_1 prices are tried out in the form and kept, and the second of two editors is told', async ({
  page,
  another,
  watch,
}) => {
  const hall = await ownHall()
  await signIn(page, demoAccount('venue_manager'), `/halls/${hall.id}`)
  const late = await another()
  await signIn(late, demoAccount('venue_manager'), `/halls/${hall.id}`)
  await expect(late.getByTestId('hall-per-hour')).toHaveValue('36.00')

  await page.getByTestId('add-band').click()
  await page.getByTestId('band-0-price').fill('48')
  await page.getByTestId('add-package').click()
  await page.getByTestId('package-0-zh').fill('欢打三小时')
  await page.getByTestId('package-0-en').fill('Three hours')
  await page.getByTestId('package-0-price').fill('88')
  await expect(page.getByTestId('preview-20:00')).toContainText('48.00')
  await expect(page.getByTestId('preview-10:00')).toContainText('36.00')
  await page.getByTestId('prices-save').click()
  await expect(page.locator('.el-message--success')).toBeVisible()
  await page.setViewportSize({ width: 375, height: 800 })

  const { items } = await (await demo('venue_manager')).get<{ items: T.Prices[] }>(`/venues/${hall.id}/price-lists`)
  watch.expectRefusal(409, `/price-lists/${items[0]?.id}`)
  await late.getByTestId('hall-per-hour').fill('40')
  await late.getByTestId('prices-save').click()
  await expect(late.getByTestId('prices-error')).toContainText('刷新')
})

test('v1_1 a hall gets another price list, a table uses it, and it cannot be removed then', async ({ page, watch }) => {
  const hall = await ownHall()
  const api = await demo('venue_manager')
  const table = await api.call<T.Table>('POST', `/venues/${hall.id}/tables`, { name: 'A1', x: 100, y: 100 })
  await signIn(page, demoAccount('venue_manager'), `/halls/${hall.id}`)
  await page.getByTestId('price-list-add').click()
  await page.getByTestId('price-list-new-name').fill('Rooms')
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('price-list-name')).toHaveValue('Rooms')
  await page.getByTestId('price-list-name').fill('VIP')
  await page.getByTestId('hall-per-hour').fill('68')
  await page.getByTestId('prices-save').click()
  await expect(page.getByTestId('price-list')).toContainText('VIP')

  await page.goto(`/floor?hall=${hall.id}&table=${table.id}`)
  await page.getByTestId('table-panel').getByTestId('edit-table').click()
  await page.getByTestId('table-price-list').click()
  await page.getByRole('option', { name: 'VIP' }).click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('table-prices')).toHaveText('VIP')

  const { items } = await api.get<{ items: T.Prices[] }>(`/venues/${hall.id}/price-lists`)
  watch.expectRefusal(409, `/price-lists/${items[1]?.id}`)
  await page.goto(`/halls/${hall.id}`)
  await page.getByTestId('price-list').click()
  await page.getByRole('option', { name: 'VIP' }).click()
  await expect(page.getByTestId('price-list-tables')).toContainText('A1')
  await page.getByTestId('price-list-remove').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('form-error')).toContainText('A1')
})

test('v1_1 a table is renamed, and retired', async ({ page }) => {
  const hall = await ownHall()
  const api = await demo('venue_manager')
  const table = await api.call<T.Table>('POST', `/venues/${hall.id}/tables`, { name: 'A1', x: 100, y: 100 })
  await signIn(page, demoAccount('venue_manager'), `/floor?hall=${hall.id}&table=${table.id}`)
  const panel = page.getByTestId('table-panel')
  await panel.getByTestId('edit-table').click()
  await page.getByTestId('table-name').fill('VIP 1')
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId(`table-${table.id}`)).toContainText('VIP 1')
  await panel.getByTestId('retire').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('empty-state')).toBeVisible()
})

test('v6_1 the operator edits the levels', async ({ page }) => {
  await signIn(page, demoAccount('super_admin'), '/levels')
  await expect(page.getByTestId('level-row')).toHaveCount(2)
  await page.setViewportSize({ width: 375, height: 800 })
  await page.getByTestId('level-1-threshold').fill('50')
  await page.getByTestId('levels-save').click()
  await expect(page.getByTestId('level-wrong')).toHaveCount(1)
  await page.getByTestId('level-1-threshold').fill('500')
  await page.getByTestId('levels-save').click()
  await expect(page.locator('.el-message--success')).toBeVisible()
})

test('v1_1 a guest chooses a package, sees what it costs and holds, and finds points and level on the own page', async ({
  page,
}) => {
  await page.setViewportSize({ width: 390, height: 844 })
  const staff = await demo('venue_manager')
  const { table } = await demoTable(5)
  await page.goto(scanned(table))
  await page.getByTestId('package-1').click()
  await expect(page.getByTestId('table-open')).toContainText('88.00')
  await page.getByTestId('table-open').click()
  await page.getByTestId('to-sign-in').click()
  await giveNumber(page)
  await page.getByTestId('confirm-recharge').click()
  const told = page.getByTestId('recharge').getByTestId('customer-number')
  const number = ((await told.textContent()) ?? '').replace(/\D/g, '')
  await takeCash(staff, number, 20_000)
  await page.getByTestId('recharge-recheck').click()
  await expect(page.getByTestId('confirm-held')).toContainText('88.00')
  await page.getByTestId('table-open-confirm').click()
  await expect(page.getByTestId('playing')).toBeVisible()
  await expect(page.getByTestId('time-left')).toHaveText(/(2:59:|3:00:00)/)
  await page.getByTestId('session-close').click()
  await page.getByTestId('session-close-confirm').click()
  await expect(page.getByTestId('ended')).toBeVisible()
  await page.getByTestId('to-bills').click()
  await expect(page.getByTestId('points')).toContainText('0')
  await expect(page.getByTestId('missing')).toContainText('100')
})
