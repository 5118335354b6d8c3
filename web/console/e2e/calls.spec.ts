import type * as T from '../src/api/types'
import { phone, takeCash } from './support/app'
import { demo, somebody } from './support/api'
import { Board } from './support/board'
import { Customer } from './support/customer'
import { unique } from './support/demo'
import { ASKED, newHall, newTable, ownHall, tableInService } from './support/hall'
import { expect, row, signIn, test } from './support/test'

test('v5_2 a notice about a table opens it in its hall, and a link to a hall where one does not work says so', async ({
  page,
}) => {
  const { manager } = await ownHall()
  const second = await newHall(manager.api)
  const table = await newTable(manager.api, second, unique('B'))
  await manager.api.post(`/tables/${table.id}/out-of-service`, { note: 'the cloth is torn' })

  await signIn(page, manager, '/floor')
  await expect(page.getByTestId('hall-switch')).toBeVisible()
  await page.getByTestId('bell').click()
  await page.locator('.bell-list button').filter({ hasText: table.name }).click()
  await expect(page).toHaveURL(`/floor?hall=${second.id}&table=${table.id}`)
  await expect(page.getByTestId('table-panel')).toHaveAttribute('data-table', table.id)
  await expect(page.getByTestId('table-case')).toContainText('the cloth is torn')

  await page.goto('/floor?hall=ven_x&table=tbl_x')
  await expect(page.getByTestId('floor-elsewhere')).toBeVisible()
  await expect(page.getByTestId('table-panel')).toHaveCount(0)
})

test.describe('with somebody who plays', () => {
  let board: Board
  test.beforeEach(async () => {
    board = await Board.start()
  })
  test.afterEach(() => board.stop())

  test('v9_5 a cashier sees a call at once, is shown the number of who calls, and is led to the table', async ({
    page,
  }) => {
    test.setTimeout(90_000)
    const { manager, venue } = await ownHall({ tariff: { per_hour: 3_600, unit_minutes: 5, grace_minutes: 0 } })
    const table = await tableInService(manager.api, venue, 'A1', board)
    const cashier = await somebody('cashier', await demo('super_admin'))
    await manager.api.post(`/venues/${venue.id}/staff`, { name: cashier.name })
    const called = phone()
    const customer = await Customer.signedIn(called)
    const { number } = await customer.me()
    await takeCash(manager.api, number, 10_000)
    const ask = { minutes: 60, expected_fen: 3_600 }
    const session = await customer.call<{ id: string }>('POST', `/tables/${table.id}/open`, ask)

    await signIn(page, cashier, `/floor?hall=${venue.id}&table=${table.id}`)
    await expect(page.getByTestId('table-state')).toHaveAttribute('data-status', 'playing', ASKED)
    await expect(page.getByTestId('play-customer')).toHaveText(number)

    const listening = page.waitForResponse((response) => new URL(response.url()).pathname === '/events')
    await page.goto('/complaints')
    await listening
    await expect(page.getByTestId('empty-state')).toBeVisible()
    const text = unique('no chalk')
    await customer.call('POST', '/complaints', { matter: 'help', kind: 'table', text, session_id: session.id })
    // Without a reload.
    await row(page, text).getByRole('link', { name: text }).click()

    const who = page.getByTestId('detail-customer')
    await expect(who).toContainText(`${called.slice(0, 3)}****${called.slice(-4)}`)
    await expect(page.getByTestId('answer')).toBeVisible()
    await page.getByTestId('show-phone').click()
    await page.getByTestId('form-submit').click()
    await expect(page.getByTestId('customer-phone')).toHaveText(called)
    await expect(page.getByTestId('customer-call')).toHaveAttribute('href', `tel:${called}`)
    const { items } = await cashier.api.get<T.Page<T.OperationEntry>>('/logs/operations?module=venues&limit=1')
    expect(items[0]).toMatchObject({ action: 'phone_shown', level: 'security', actor: { name: cashier.name } })

    await page.getByTestId('light-table').click()
    await expect(page).toHaveURL(`/floor?hall=${venue.id}&table=${table.id}`)
    await expect(page.getByTestId('table-panel')).toHaveAttribute('data-table', table.id)
  })
})
