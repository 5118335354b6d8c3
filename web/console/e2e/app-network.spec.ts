import type { Page } from '@playwright/test'
import { chooseHour, confirmOpen, customerWithMoney, KEYS } from './support/app'
import { Board } from './support/board'
import { ASKED, ownHall, tableInService } from './support/hall'
import { expect, inChinese, test, untranslated } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

/** The page about a session asks again every quarter of a minute, with or without an answer. */
const BACK = { timeout: 30_000 }
const PHONE = '021-5555 0101'
/** Nothing is free: what is closed at once costs five minutes. */
const TARIFF = { per_hour: 3_600, unit_minutes: 5, grace_minutes: 0 }

let board: Board
test.beforeEach(async () => {
  board = await Board.start()
})
test.afterEach(() => board.stop())

/** Somebody who plays at a table of a hall of its own. */
async function somebodyPlays(page: Page) {
  const { manager, venue } = await ownHall({ tariff: TARIFF, phone: PHONE })
  const table = await tableInService(manager.api, venue, 'A1', board)
  await customerWithMoney(page, manager.api, 10_000)
  await chooseHour(page, table)
  await confirmOpen(page)
  await expect(page.getByTestId('held')).toHaveText('¥36.00')
  return { staff: manager.api, table }
}

async function endUnheard(page: Page): Promise<void> {
  await page.getByTestId('session-close').click()
  await page.getByTestId('session-close-confirm').click()
  await expect(page.getByTestId('kept-close')).toBeVisible()
  await expect(page.getByTestId('session-close')).toHaveCount(0)
}

test('v8_1 who ends play without a network is told that it goes on, may play on, and has the bill once it is back', async ({
  page,
  context,
}) => {
  test.setTimeout(120_000)
  await somebodyPlays(page)
  await context.setOffline(true)
  await endUnheard(page)
  await expect(page.getByTestId('kept-close')).toContainText('继续计费')
  // Nobody of the staff may be in the hall.
  await expect(page.getByTestId('kept-close').getByTestId('hall-call')).toContainText(PHONE)
  await expect(page.getByTestId('offline')).toBeVisible(BACK)
  await page.getByTestId('kept-back').click()
  await expect(page.getByTestId('kept-close')).toHaveCount(0)
  await endUnheard(page)

  // Over a reload too, while the end alone does not arrive.
  const unheard = '**/close'
  await page.route(unheard, (route) => route.abort())
  await context.setOffline(false)
  await page.reload()
  await expect(page.getByTestId('kept-close')).toBeVisible(BACK)
  await expect(page.getByTestId('playing')).toBeVisible()
  expect(board.on).toBe(true)
  await page.unroute(unheard)
  await expect(page.getByTestId('ended')).toContainText('您已结束本次使用', BACK)
  await expect(page.getByTestId('bill-total')).toHaveText('¥3.00')
  await expect.poll(() => board.on, ASKED).toBe(false)
})

test('v8_1 an end that was wished without a network is not sent where the staff has ended it meanwhile', async ({
  page,
  context,
}) => {
  test.setTimeout(90_000)
  const { staff, table } = await somebodyPlays(page)
  await context.setOffline(true)
  await endUnheard(page)
  await staff.post(`/tables/${table.id}/close`, { why: 'told at the desk' })
  const sent: string[] = []
  page.on('request', (request) => sent.push(request.url()))
  await context.setOffline(false)
  await expect(page.getByTestId('ended')).toContainText('由店员结束', BACK)
  await expect(page.getByTestId('bill-total')).toHaveText('¥3.00')
  expect(sent.filter((url) => url.endsWith('/close'))).toEqual([])
})

test('v8_1 a call for help that did not arrive is sent once the network is back', async ({ page, context }) => {
  test.setTimeout(90_000)
  const { staff, table } = await somebodyPlays(page)
  await page.getByTestId('session-help').click()
  await page.getByTestId('complaint-text').locator('textarea').fill('no chalk')
  await context.setOffline(true)
  await page.getByTestId('complaint-send').click()
  await expect(page.getByTestId('complaint-waits')).toContainText('自动发送')
  await expect(page.getByTestId('help').getByTestId('hall-call')).toContainText(PHONE)
  await context.setOffline(false)
  await expect(page.getByTestId('said-own')).toContainText('no chalk', BACK)
  await page.goto('/m/pages/mine?tab=complaints')
  await expect(page.getByTestId('complaint-row')).toHaveCount(1)
  await staff.post(`/tables/${table.id}/close`, { why: 'a browser test' })
})

test('v1_1 a sheet that has asked for the end of play is not left before it is known what has come of it', async ({
  page,
}) => {
  test.setTimeout(90_000)
  await somebodyPlays(page)
  let answer: () => void = () => undefined
  const held = new Promise<void>((resolve) => (answer = resolve))
  await page.route('**/close', async (route) => {
    await held
    await route.continue()
  })
  await page.getByTestId('session-close').click()
  // Thought better of, while nothing was asked.
  await page.getByTestId('session-close-cancel').click()
  await expect(page.getByTestId('sheet')).toHaveCount(0)
  await page.getByTestId('session-close').click()
  const confirm = page.getByTestId('session-close-confirm')
  await confirm.click()
  await expect(page.getByTestId('sheet-busy')).toBeVisible()
  // None of them can be pressed, and all of them are tried.
  await page.getByTestId('session-close-cancel').click({ force: true })
  await page.getByTestId('sheet-close').click({ force: true })
  await page.getByTestId('sheet-shade').click({ force: true, position: { x: 20, y: 100 } })
  await page.keyboard.press('Escape')
  await expect(confirm).toHaveAttribute('aria-busy', 'true')
  answer()
  await expect(page.getByTestId('ended')).toContainText('您已结束本次使用')
  await expect(page.getByTestId('sheet')).toHaveCount(0)
})

test('v8_1 whoever signs out is told of play that goes on, and of an end that has not arrived', async ({ page }) => {
  test.setTimeout(90_000)
  const { staff, table } = await somebodyPlays(page)
  const warning = page.getByTestId('sign-out-warning')
  await page.goto('/m/pages/mine')
  await page.getByTestId('sign-out').click()
  await expect(warning).toContainText('A1')
  await page.getByTestId('sign-out-to-play').click()
  await expect(page.getByTestId('playing')).toBeVisible()

  await page.route('**/close', (route) => route.abort())
  await endUnheard(page)
  await page.goto('/m/pages/mine')
  await page.getByTestId('sign-out').click()
  await expect(warning).toContainText('还没有送达')
  await page.getByTestId('sign-out-cancel').click()
  await expect(warning).toHaveCount(0)
  await staff.post(`/tables/${table.id}/close`, { why: 'a browser test' })
})

test.describe('in English', () => {
  test.use({ locale: 'en-US' })

  test('v8_1 more time is not added by itself afterwards, but asked about again', async ({ page, context }) => {
    test.setTimeout(120_000)
    const allEnglish = async () => {
      expect(await inChinese(page)).toEqual([])
      expect(await untranslated(page, KEYS)).toEqual([])
    }
    await somebodyPlays(page)
    await context.setOffline(true)
    await page.getByTestId('session-extend').click()
    await expect(page.getByTestId('extend-message')).toBeVisible()
    await page.getByTestId('sheet-close').click()
    await expect(page.getByTestId('kept-extend')).toContainText('nothing is added or charged by itself', BACK)
    await allEnglish()
    await context.setOffline(false)
    await expect(page.getByTestId('kept-extend-now')).toBeVisible(BACK)
    await allEnglish()
    await expect(page.getByTestId('held')).toHaveText('¥36.00')
    await page.getByTestId('kept-extend-now').click()
    await page.getByTestId('extend-confirm').click()
    await expect(page.getByTestId('extended')).toBeVisible()
    await expect(page.getByTestId('held')).toHaveText('¥54.00')
    await expect(page.getByTestId('kept-extend')).toHaveCount(0)

    await context.setOffline(true)
    await endUnheard(page)
    await allEnglish()
    await context.setOffline(false)
    await expect(page.getByTestId('ended')).toBeVisible(BACK)
  })
})
