import type { Page } from '@playwright/test'
import { chooseHour, confirmOpen, customerWithMoney, KEYS } from './support/app'
import { Board } from './support/board'
import { ASKED, ownHall, tableInService } from './support/hall'
import { expect, inChinese, test, untranslated } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

/** The page about a session asks again every quarter of a minute, with or without an answer. */
const BACK = { timeout: 30_000 }
/** Nothing is free: what is closed at once costs five minutes. */
const TARIFF = { per_hour: 3_600, unit_minutes: 5, grace_minutes: 0 }

let board: Board
test.beforeEach(async () => {
  board = await Board.start()
})
test.afterEach(() => board.stop())

/** Somebody who plays at a table of a hall of its own. */
async function somebodyPlays(page: Page) {
  const { manager, venue } = await ownHall({ tariff: TARIFF })
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
  await context.setOffline(false)
  await expect(page.getByTestId('said-own')).toContainText('no chalk', BACK)
  await page.goto('/m/pages/mine?tab=complaints')
  await expect(page.getByTestId('complaint-row')).toHaveCount(1)
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
