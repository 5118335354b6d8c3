import { closeTable, giveNumber } from './support/app'
import { Board } from './support/board'
import { demoAccount, unique } from './support/demo'
import { ASKED, ownHall, tableInService } from './support/hall'
import { expect, row, signIn, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

const desktop = { viewport: { width: 1280, height: 800 } }
/** The page about a session asks again every quarter of a minute, and the floor at least every half. */
const TOLD = { timeout: 40_000 }
/** Nothing is free: a quarter of an hour is begun at once, and costs 11.43. */
const TARIFF = { per_hour: 4_572, unit_minutes: 15, grace_minutes: 0 }

let board: Board
test.beforeEach(async () => {
  board = await Board.start()
})
test.afterEach(() => board.stop())

test('v1_1 from the hall’s page to a bill that is to the fen the same on the phone and in the console', async ({
  page,
  another,
}) => {
  test.setTimeout(240_000)
  const { manager, venue } = await ownHall({ tariff: TARIFF })
  // Orders are found by what they are for.
  const name = unique('T')
  const table = await tableInService(manager.api, venue, name, board)
  const desk = await another(desktop)
  await signIn(desk, manager, `/floor?hall=${venue.id}`)
  const onFloor = desk.getByTestId(`table-${table.id}`)
  await expect(onFloor).toHaveAttribute('data-state', 'idle')
  await expect(onFloor).toHaveAttribute('data-lamp', 'off')

  await page.goto(`/m/pages/hall?id=${venue.id}`)
  await page.getByTestId(`table-${table.id}`).click()
  await expect(page.getByTestId('table-name')).toHaveText(name)
  await page.getByTestId('quote-60').click()
  await page.getByTestId('table-open').click()
  await page.getByTestId('to-sign-in').click()
  await giveNumber(page)
  await page.getByTestId('pay-by-wechat').click()
  await expect(page.getByTestId('confirm-held')).toHaveText('¥45.72')
  await page.getByTestId('table-open-confirm').click()
  await page.getByTestId('stand-in-pay').click()

  await expect(page.getByTestId('playing')).toBeVisible(TOLD)
  const played = page.url()
  await expect(page.getByTestId('session-table')).toHaveText(name)
  await expect(page.getByTestId('playing').locator('.lamp-on')).toBeVisible(TOLD)
  await expect(page.getByTestId('cost-so-far')).toHaveText('¥11.43')
  await expect.poll(() => board.on, ASKED).toBe(true)
  await expect(onFloor).toHaveAttribute('data-state', 'playing', TOLD)
  await expect(onFloor).toHaveAttribute('data-lamp', 'on', TOLD)

  // More time comes from the wallet, in which there is nothing yet.
  await page.getByTestId('session-extend').click()
  await page.getByTestId('recharge-online').click()
  await page.getByTestId('amount-50').click()
  await page.getByTestId('recharge-pay').click()
  await page.getByTestId('stand-in-pay').click()
  await expect(page.getByTestId('order-recharged')).toBeVisible()
  await page.getByTestId('order-back').click()
  await page.getByTestId('session-extend').click()
  await expect(page.getByTestId('extend-offer')).toContainText('22.86')
  await page.getByTestId('extend-confirm').click()
  await expect(page.getByTestId('time-left')).toHaveText(/^1:(2\d:\d\d|30:00)$/)
  await expect(page.getByTestId('held')).toHaveText('¥68.58')

  await closeTable(page)
  await expect(page.getByTestId('bill-total')).toHaveText('¥11.43')
  await expect(page.getByTestId('bill-to-source')).toHaveText('¥34.29')
  await expect(page.getByTestId('bill-to-balance')).toHaveText('¥22.86')
  await expect.poll(() => board.on, ASKED).toBe(false)
  await expect(onFloor).toHaveAttribute('data-state', 'idle', TOLD)
  await expect(onFloor).toHaveAttribute('data-lamp', 'off', TOLD)

  await page.getByTestId('to-bills').click()
  const bill = page.getByTestId('bill-row')
  await expect(bill).toHaveCount(1)
  await expect(bill).toContainText(name)
  await expect(bill).toContainText('¥11.43')
  await expect(page.getByTestId('available')).toHaveText('¥50.00')

  // The hall's manager sees it where the customer asks about it.
  const question = unique('why so much')
  await page.goto(played)
  await expect(page.getByTestId('bill-total')).toHaveText('¥11.43')
  await page.getByTestId('session-help').click()
  await page.getByTestId('complaint-text').locator('textarea').fill(question)
  await page.getByTestId('complaint-send').click()
  await expect(page.getByTestId('complaint-state')).toHaveText('等待答复')
  await desk.goto('/complaints')
  await row(desk, question).getByRole('link', { name: question }).click()
  await expect(desk.getByTestId('detail-paid')).toHaveText('¥11.43')
  for (const money of ['¥11.43', '¥34.29', '¥22.86'])
    await expect(desk.getByTestId('complaint-bill')).toContainText(money)

  // And whoever runs the payments, in what was paid and what went back.
  const chief = await another(desktop)
  await signIn(chief, demoAccount('super_admin'), '/payments?limit=200')
  const paid = row(chief, `${name} 台费`)
  await expect(paid).toHaveCount(1)
  for (const money of ['¥45.72', '¥34.29']) await expect(paid).toContainText(money)
  await paid.getByRole('link').click()
  await expect(chief.getByTestId('order-state')).toHaveAttribute('data-status', 'paid')
  const back = chief.getByTestId('order-timeline').locator('[data-step="refunded"]')
  await expect(async () => {
    await chief.getByTestId('order-reload').click()
    await expect(back).toContainText('¥34.29', { timeout: 2_000 })
  }).toPass()
  const fen = async (line: string) =>
    Number(((await chief.getByTestId(`detail-${line}`).textContent()) ?? '').replace(/\D/g, ''))
  expect((await fen('amount')) - (await fen('refunded'))).toBe(1_143)
})
