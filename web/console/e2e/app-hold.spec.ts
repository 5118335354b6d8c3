import type * as T from '../src/api/types'
import { demo } from './support/api'
import { demoTable, giveNumber, scanned } from './support/app'
import { demoAccount } from './support/demo'
import { expect, signIn, test, toast } from './support/test'

const phone = { width: 390, height: 844 }

test('v3_1a a customer holds a table on the way, others see it reserved, and it is given back', async ({
  page,
  another,
}) => {
  await page.setViewportSize(phone)
  const { hall, table } = await demoTable(7)
  await page.goto(scanned(table))
  // Nobody yet: first one says who one is.
  await page.getByTestId('hold').click()
  await giveNumber(page)
  await expect(page.getByTestId('hold')).toContainText('15')
  await page.getByTestId('hold').click()
  await expect(page.getByTestId('hold-left')).toHaveText(/1[45]:\d\d/)
  await expect(page.getByTestId('table-open')).toBeVisible()

  const other = await another({ viewport: phone })
  await other.goto(scanned(table))
  await expect(other.getByTestId('blocked-detail')).toContainText('已预约')
  await expect(other.getByTestId('other-tables')).toBeVisible()
  await expect(other.getByTestId('table-open')).toHaveCount(0)

  // The bar leads back to it.
  await page.goto(`/m/pages/hall?id=${hall}`)
  await page.getByTestId('hold-bar').click()
  await page.getByTestId('give-back').click()
  await expect(page.getByTestId('hold')).toBeVisible()
  const floor = await (await demo('venue_manager')).get<T.Floor>(`/venues/${hall}/floor`)
  expect(floor.tables.find(({ id }) => id === table.id)?.hold).toBeNull()
})

test('v3_1a the staff reserves a table for a guest, sees for whom, and releases it', async ({ page }) => {
  const { hall, table } = await demoTable(8)
  await signIn(page, demoAccount('venue_manager'), `/floor?hall=${hall}`)
  await page.getByTestId(`table-${table.id}`).click()
  const panel = page.getByTestId('table-panel')
  await panel.getByTestId('hold').click()
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await page.getByTestId('hold-note').fill('王先生')
  await page.getByTestId('hold-minutes').fill('90')
  await page.getByTestId('form-submit').click()
  await expect(toast(page, '已预约')).toBeVisible()
  await expect(panel.getByTestId('table-state')).toHaveAttribute('data-status', 'reserved')
  await expect(panel.getByTestId('table-hold')).toContainText('王先生')
  await expect(page.getByTestId(`table-${table.id}`)).toContainText('1:')
  await panel.getByTestId('release').click()
  await page.getByTestId('form-submit').click()
  await expect(panel.getByTestId('table-state')).toHaveAttribute('data-status', 'idle')
})
