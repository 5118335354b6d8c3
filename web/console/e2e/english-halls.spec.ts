import type * as T from '../src/api/types'
import { takeCash } from './support/app'
import { Board } from './support/board'
import { Customer } from './support/customer'
import { asked, refused } from './support/english'
import { ASKED, FULL_TARIFF, newTable, ownHall, tableInService } from './support/hall'
import { choose, expect, isEnglish, row, signInEnglish, test } from './support/test'

test.describe('with a light', () => {
  let board: Board
  test.beforeEach(async () => {
    board = await Board.start()
  })
  test.afterEach(() => board.stop())

  test('k1_2a a table, who plays at it, and what they complain of, are all English', async ({ page }) => {
    test.setTimeout(180_000)
    const { manager, venue } = await ownHall({ tariff: { per_hour: 3_600, unit_minutes: 5, grace_minutes: 0 } })
    const table = await tableInService(manager.api, venue, 'A1', board)
    const customer = await Customer.signedIn()
    await takeCash(manager.api, (await customer.me()).number, 10_000)
    await customer.call('POST', `/tables/${table.id}/open`, { minutes: 60, expected_fen: 3_600 })
    const played = async () =>
      (await customer.call<{ session: { id: string; state: string } | null }>('GET', '/session')).session
    await expect.poll(async () => (await played())?.state, ASKED).toBe('playing')
    const session = (await played())?.id ?? ''

    await signInEnglish(page, manager, `/floor?hall=${venue.id}&table=${table.id}`)
    const panel = page.getByTestId('table-panel')
    const state = panel.getByTestId('table-state')
    await expect(state).toHaveAttribute('data-status', 'playing')
    await expect(panel.getByTestId('play-cost')).toHaveText('¥3.00')
    await isEnglish(page)
    await panel.getByTestId('table-close').click()
    await refused(page, 'Close “A1” for its customer')
    await panel.getByTestId('set-light').click()
    await refused(page, 'Set the light of “A1” by hand')

    const about = { matter: 'complaint', kind: 'price', text: 'too dear', session_id: session }
    await customer.call('POST', '/complaints', about)
    await customer.call('POST', `/sessions/${session}/close`, {})
    await page.goto('/complaints')
    await expect(page.getByTestId('complaint-figures')).toContainText(venue.name)
    await expect(row(page, 'too dear')).toContainText('Complaint · Price and bill')
    await isEnglish(page)
    await choose(page, 'state', 'Closed')
    await expect(page.getByTestId('empty-state')).toContainText('No records match')
    await isEnglish(page)
    await page.getByTestId('filters-clear').click()
    await row(page, 'too dear').getByRole('link', { name: 'too dear' }).click()
    await expect(page.getByTestId('complaint-bill')).toContainText('3.00')
    await expect(page.getByTestId('light-log').locator('li').first()).toBeVisible()
    await page.getByTestId('answer-send').click()
    await expect(page.locator('.el-form-item__error')).toHaveText('Write an answer')
    await isEnglish(page)
    await page.getByTestId('give-back').click()
    await refused(page, 'Give back what the session cost')
    await page.getByTestId('answer').fill('the prices are on the wall')
    await page.getByTestId('answer-send').click()
    await expect(page.getByTestId('complaint-state')).toHaveAttribute('data-status', 'answered')
    await page.getByTestId('complaint-close').click()
    await asked(page, 'Close this?')

    await page.goto(`/floor?hall=${venue.id}&table=${table.id}`)
    await expect(state).toHaveAttribute('data-status', 'idle', ASKED)
    await panel.getByTestId('hold').click()
    await refused(page, 'Reserve “A1”')
    await panel.getByTestId('edit-table').click()
    await refused(page, 'Change “A1”', (dialog) => dialog.getByTestId('table-name').fill(''))
    await panel.getByTestId('take-out').click()
    await refused(page, 'Take “A1” out of service')
    await panel.getByTestId('reissue').click()
    await asked(page, 'Reissue the code of “A1”')
    await panel.getByTestId('retire').click()
    await asked(page, 'Retire “A1” for good')
    await panel.getByTestId('device-log').click()
    await expect(panel.locator('[data-did="on"]').first()).toBeVisible()
    await isEnglish(page)
  })
})

test('k1_2a the dialogs of a hall and of its desk are all English', async ({ page }) => {
  test.setTimeout(90_000)
  const { manager, venue } = await ownHall()
  const table = await newTable(manager.api, venue, 'A1')
  await signInEnglish(page, manager, '/floor')
  await expect(page.getByTestId(`table-${table.id}`)).toBeVisible()
  await isEnglish(page)
  const manage = async (item: string) => {
    await page.getByTestId('floor-manage').click()
    await page.getByTestId(item).click()
  }
  await manage('new-table')
  await refused(page, 'New table')
  await manage('new-hall')
  await refused(page, 'New hall')
  await manage('staff')
  await expect(page.getByTestId('staff-members')).toContainText('Venue manager')
  await refused(page, 'Who works in this hall')
  await manage('offers')
  await expect(page.getByText('Minutes that a customer may hold a table')).toBeVisible()
  await asked(page, 'Pauses, cleaning and tables that are held')
  await page.getByTestId('desk-recharge').click()
  await refused(page, 'Desk recharge')
  await page.getByTestId('desk-payout').click()
  await refused(page, 'Pay cash out of a wallet')
})

test('k1_2a a hall’s prices, packages, price lists and printed codes are all English', async ({ page }) => {
  test.setTimeout(90_000)
  const { manager, venue } = await ownHall({ address: '1 Long Road', phone: '021-55500000', tariff: FULL_TARIFF })
  // Its first list comes with a name in both languages.
  const { items } = await manager.api.get<{ items: T.Prices[] }>(`/venues/${venue.id}/price-lists`)
  const named: T.ChangedPrices = { name: 'Standard', tariff: FULL_TARIFF, version: items[0]?.version ?? 0 }
  await manager.api.call('PUT', `/price-lists/${items[0]?.id}`, named)

  await signInEnglish(page, manager, `/halls/${venue.id}/codes`)
  await expect(page.getByTestId('empty-state')).toContainText('There is no code to print yet')
  await isEnglish(page)
  await newTable(manager.api, venue, 'A1')
  await page.reload()
  await expect(page.getByTestId('codes-place')).toBeVisible()
  await isEnglish(page)

  await page.goto(`/halls/${venue.id}`)
  await expect(page.getByTestId('preview-lines')).toContainText('yuan an hour')
  await isEnglish(page)
  await page.getByTestId('price-list-add').click()
  await refused(page, 'New price list')
  await page.getByTestId('price-list-add').click()
  await page.getByTestId('price-list-new-name').fill('Rooms')
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('price-list-name')).toHaveValue('Rooms')
  await isEnglish(page)
  await page.getByTestId('price-list-remove').click()
  await asked(page, 'Remove the price list “Rooms”')

  await page.getByTestId('add-band').click()
  await page.getByTestId('add-package').click()
  await page.getByTestId('prices-save').click()
  await expect(page.getByTestId('prices-form').getByRole('alert').first()).toBeVisible()
  await isEnglish(page)
  await page.getByTestId('price-list').click()
  await page.getByRole('option', { name: 'Standard', exact: true }).click()
  await asked(page, 'Discard the changes')
  await page.getByTestId('hall-name').fill('')
  await page.getByTestId('hall-save').click()
  await expect(page.getByTestId('hall-form').getByRole('alert').first()).toBeVisible()
  await isEnglish(page)
})
