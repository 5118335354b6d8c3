import { closeTable, chooseHour, confirmOpen, customerWithMoney, giveNumber } from './support/app'
import { Board } from './support/board'
import { unique } from './support/demo'
import { ASKED, offerPauses, ownHall, tableInService } from './support/hall'
import { choose, expect, row, signIn, test, toast } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

const desktop = { viewport: { width: 1280, height: 800 } }
/** The pages about a session and about a complaint ask again every quarter of a minute. */
const TOLD = { timeout: 30_000 }
/** Nothing is free: what is closed at once costs five minutes. */
const TARIFF = { per_hour: 3_600, unit_minutes: 5, grace_minutes: 0 }

let board: Board
test.beforeEach(async () => {
  board = await Board.start()
})
test.afterEach(() => board.stop())

test('v3_1 who plays sees what it costs so far, pauses in the dark, and is told of a lost network', async ({
  page,
  context,
}) => {
  test.setTimeout(120_000)
  const { manager, venue } = await ownHall({ tariff: TARIFF })
  await offerPauses(manager.api, venue)
  const table = await tableInService(manager.api, venue, 'A1', board)
  await customerWithMoney(page, manager.api, 10_000)
  await chooseHour(page, table)
  await confirmOpen(page)
  // Five minutes are begun, and an hour is held.
  await expect(page.getByTestId('cost-so-far')).toHaveText('¥3.00')
  await expect(page.getByTestId('held')).toHaveText('¥36.00')
  await expect.poll(() => board.on, ASKED).toBe(true)

  await page.getByTestId('session-pause').click()
  await expect(page.getByTestId('paused')).toContainText('自动继续计时')
  await expect(page.getByTestId('session-pause')).toHaveCount(0)
  await expect.poll(() => board.on, ASKED).toBe(false)
  await page.getByTestId('session-resume').click()
  await expect(page.getByTestId('paused')).toHaveCount(0)
  await expect.poll(() => board.on, ASKED).toBe(true)

  // Whoever comes back to the page is told at once, as it asks then.
  await page.getByTestId('session-help').click()
  await expect(page.getByTestId('help')).toBeVisible()
  await context.setOffline(true)
  await page.getByTestId('help-back').click()
  await expect(page.getByTestId('offline')).toContainText('计时不受影响', TOLD)
  await expect(page.getByTestId('time-left')).toHaveText(/^5\d:\d\d$/)
  await expect(page.getByTestId('cost-so-far')).toHaveText('¥3.00')
  await context.setOffline(false)
  await expect(page.getByTestId('offline')).toHaveCount(0, TOLD)

  await closeTable(page)
  await expect(page.getByTestId('bill-total')).toHaveText('¥3.00')
  await expect.poll(() => board.on, ASKED).toBe(false)
})

test('v1_1 whom the hall sends away is told why, and pays the minutes played instead of what was begun', async ({
  page,
  another,
}) => {
  test.setTimeout(120_000)
  const { manager, venue } = await ownHall({ tariff: TARIFF })
  const table = await tableInService(manager.api, venue, 'A1', board)
  await customerWithMoney(page, manager.api, 10_000)
  const desk = await another(desktop)
  await signIn(desk, manager, `/floor?hall=${venue.id}&table=${table.id}`)
  await expect(desk.getByTestId('table-state')).toHaveAttribute('data-status', 'idle')
  await chooseHour(page, table)
  await confirmOpen(page)
  await expect(page.getByTestId('cost-so-far')).toHaveText('¥3.00')

  await expect(desk.getByTestId('table-state')).toHaveAttribute('data-status', 'playing')
  await desk.getByTestId('table-close').click()
  await expect(desk.getByTestId('confirm-message')).toContainText('套餐收全价')
  const choice = desk.getByTestId('confirm-choice')
  await expect(choice).not.toHaveClass(/is-checked/)
  await choice.click()
  await expect(choice).toHaveClass(/is-checked/)
  await desk.getByTestId('confirm-reason').fill('the roof leaks')
  await desk.getByTestId('form-submit').click()
  // Less than a minute.
  await expect(toast(desk, '没有收费')).toBeVisible()

  await expect(page.getByTestId('ended')).toContainText('门店原因，提前结束', TOLD)
  await expect(page.getByTestId('bill-total')).toHaveText('¥0.00')
  await expect.poll(() => board.on, ASKED).toBe(false)
})

test('v9_5 who plays asks for help, is answered, asks again, and is given money back with the reason', async ({
  page,
  another,
}) => {
  test.setTimeout(120_000)
  const { manager, venue } = await ownHall({ tariff: TARIFF })
  const table = await tableInService(manager.api, venue, 'A1', board)
  await customerWithMoney(page, manager.api, 10_000)
  await chooseHour(page, table)
  await confirmOpen(page)
  const played = page.url()

  await page.getByTestId('session-help').click()
  await page.getByTestId('complaint-send').click()
  await expect(page.getByTestId('complaint-text-error')).toHaveText('请先写下情况')
  const asked = unique('no chalk')
  await page.getByTestId('kind-table').click()
  await page.getByTestId('complaint-text').locator('textarea').fill(asked)
  await page.getByTestId('complaint-send').click()
  await expect(page.getByTestId('complaint')).toBeVisible()
  await expect(page.getByTestId('complaint-state')).toHaveText('等待答复')
  await expect(page.getByTestId('said-own')).toContainText(asked)

  const desk = await another(desktop)
  await signIn(desk, manager, '/complaints')
  const listed = row(desk, asked)
  for (const text of [venue.name, 'A1', '求助 · 球台与器材', '待答复']) await expect(listed).toContainText(text)
  await listed.getByRole('link', { name: asked }).click()
  const state = desk.getByTestId('complaint-state')
  await expect(state).toHaveAttribute('data-status', 'open')
  await expect(desk.getByTestId('light-log').locator('li').first()).toBeVisible()
  // It is played, and nothing is paid yet.
  await expect(desk.getByTestId('give-back')).toHaveCount(0)
  await desk.getByTestId('answer-send').click()
  await expect(desk.locator('.el-form-item__error')).toHaveText('请填写答复')
  await desk.getByTestId('answer').fill('it is on its way')
  await desk.getByTestId('answer-send').click()
  await expect(toast(desk, '已答复顾客')).toBeVisible()
  await expect(state).toHaveAttribute('data-status', 'answered')

  await expect(page.getByTestId('said-staff')).toContainText('it is on its way', TOLD)
  await expect(page.getByTestId('complaint-state')).toHaveText('已答复')
  await page.getByTestId('reopen').click()
  await page.getByTestId('reopen-text').locator('textarea').fill('it has not come')
  await page.getByTestId('reopen-send').click()
  await expect(page.getByTestId('complaint-state')).toHaveText('等待答复')
  await expect(page.getByTestId('said-own')).toHaveCount(2)
  await expect(page.getByTestId('reopen')).toHaveCount(0)
  await page.goto(played)
  await closeTable(page)

  await desk.getByTestId('complaint-reload').click()
  await expect(desk.getByTestId('said')).toContainText('it has not come')
  await expect(desk.getByTestId('complaint-bill')).toContainText('3.00')
  await desk.getByTestId('give-back').click()
  await desk.getByTestId('give-amount').fill('3.01')
  await desk.getByTestId('form-submit').click()
  await expect(desk.locator('.el-form-item__error')).toHaveCount(2)
  await desk.getByTestId('give-amount').fill('1.50')
  await desk.getByTestId('give-reason').fill('the chalk came late')
  await desk.getByTestId('form-submit').click()
  await expect(desk.getByTestId('given-back')).toContainText('1.50')
  await expect(desk.getByTestId('give-back')).toHaveCount(0)

  await page.goto('/m/pages/mine?tab=messages')
  await expect(page.getByTestId('message').filter({ hasText: 'it is on its way' })).toContainText(venue.name)
  await expect(page.getByTestId('message').filter({ hasText: 'the chalk came late' })).toContainText('1.50')
  await expect(page.getByTestId('available')).toHaveText('¥98.50')
  await page.getByTestId('tab-complaints').click()
  await page.getByTestId('complaint-row').filter({ hasText: asked }).click()
  await expect(page.getByTestId('given-back')).toHaveText('the chalk came late')
  await page.getByTestId('settle').click()
  await expect(page.getByTestId('complaint').getByTestId('complaint-state')).toHaveText('已结束')
})

test('v9_5 a visitor signs in to complain to a hall, and the staff finds it by kind, answers and ends it', async ({
  page,
  another,
}) => {
  test.setTimeout(90_000)
  const { manager, venue } = await ownHall()
  await page.goto(`/m/pages/hall?id=${venue.id}`)
  await page.getByTestId('hall-help').click()
  await expect(page.getByTestId('help')).toContainText(venue.name)
  await expect(page.getByTestId('complaint-send')).toHaveCount(0)
  await page.getByTestId('to-sign-in').click()
  await giveNumber(page)
  const asked = unique('dusty floor')
  await page.getByTestId('matter-complaint').click()
  await page.getByTestId('kind-cleanliness').click()
  await page.getByTestId('complaint-text').locator('textarea').fill(asked)
  await page.getByTestId('complaint-send').click()
  await expect(page.getByTestId('complaint-state')).toHaveText('等待答复')

  const desk = await another(desktop)
  await signIn(desk, manager, '/complaints')
  await expect(desk.getByTestId('complaint-figures')).toContainText(venue.name)
  await choose(desk, 'kind', '灯光')
  await expect(desk.getByTestId('empty-state')).toContainText('没有符合条件的记录')
  await choose(desk, 'kind', '卫生')
  await expect(row(desk, asked)).toContainText('投诉 · 卫生')
  await choose(desk, 'matter', '求助')
  await expect(desk.getByTestId('empty-state')).toBeVisible()
  await desk.getByTestId('filters-clear').click()
  await row(desk, asked).getByRole('link', { name: asked }).click()
  // Not before an answer.
  await expect(desk.getByTestId('answer')).toBeVisible()
  await expect(desk.getByTestId('complaint-close')).toHaveCount(0)
  await desk.getByTestId('answer').fill('swept by now')
  await desk.getByTestId('answer-send').click()
  await desk.getByTestId('complaint-close').click()
  await desk.getByTestId('form-submit').click()
  await expect(desk.getByTestId('complaint-state')).toHaveAttribute('data-status', 'closed')

  await expect(page.getByTestId('said-staff')).toContainText('swept by now', TOLD)
  await expect(page.getByTestId('complaint-state')).toHaveText('已结束', TOLD)
  await expect(page.getByTestId('settle')).toHaveCount(0)
  await expect(page.getByTestId('reopen')).toBeVisible()
})
