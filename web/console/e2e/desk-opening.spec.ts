import { demo, somebody } from './support/api'
import { Board } from './support/board'
import { ASKED, ownHall, tableInService } from './support/hall'
import { expect, row, signIn, test } from './support/test'

test.describe('with a light', () => {
  let board: Board
  test.beforeEach(async () => {
    board = await Board.start()
  })
  test.afterEach(() => board.stop())

  test('v3_1c a cashier opens a table for a walk-in, adds time, ends it, and pays back the rest', async ({ page }) => {
    test.setTimeout(180_000)
    // Five minutes that are begun cost three yuan.
    const { manager, venue } = await ownHall({ tariff: { per_hour: 3_600, unit_minutes: 5, grace_minutes: 0 } })
    const table = await tableInService(manager.api, venue, 'A1', board)
    const cashier = await somebody('cashier', await demo('super_admin'))
    await manager.api.post(`/venues/${venue.id}/staff`, { name: cashier.name })
    await signIn(page, cashier, `/floor?hall=${venue.id}&table=${table.id}`)

    const panel = page.getByTestId('table-panel')
    await panel.getByTestId('desk-open').click()
    await page.getByTestId('form-submit').click()
    await expect(page.locator('.el-form-item__error')).toHaveText('请输入 11 位手机号或 8 位会员号')
    await page.getByTestId('open-walk-in').click()
    await page.getByTestId('open-cash').fill('50')
    await expect(page.getByTestId('choice-within')).toContainText('80 分钟')
    await page.getByTestId('choice-m60').click()
    await expect(page.getByTestId('open-summary')).toContainText('14.00')
    await page.getByTestId('form-submit').click()

    // What was opened is shown, and that its light has come on.
    const play = page.getByTestId('desk-play')
    await expect(play).toHaveAttribute('data-state', 'playing', ASKED)
    expect(board.on).toBe(true)
    const number = ((await play.getByTestId('desk-play-number').textContent()) ?? '').trim()
    await expect(play.getByTestId('detail-left')).toHaveText('¥14.00')

    await page.getByTestId('desk-play-extend').click()
    await page.getByTestId('extend-30').click()
    await expect(page.getByTestId('extend-price')).toContainText('18.00')
    await page.getByTestId('form-submit').click()
    await expect(page.locator('.el-form-item__error')).toContainText('4.00')
    await page.getByTestId('extend-cash').fill('10')
    await page.getByTestId('form-submit').click()
    await expect(page.getByTestId('extend-price')).toHaveCount(0)
    await expect(play.getByTestId('detail-held')).toHaveText('¥54.00')
    await expect(play.getByTestId('detail-left')).toHaveText('¥6.00')
    await page.getByTestId('desk-play-close').click()
    await expect(play).toBeHidden()

    await expect(panel.getByTestId('play-walk-in')).toBeVisible()
    await panel.getByTestId('table-close').click()
    await page.getByTestId('confirm-reason').fill('has had enough')
    await page.getByTestId('form-submit').click()
    await expect(play).toHaveAttribute('data-state', 'closed')
    await expect(play.getByTestId('desk-play-bill')).toContainText('3.00')
    await expect(play.getByTestId('desk-play-owed')).toContainText('57.00')
    await page.getByTestId('desk-play-pay-back').click()
    await expect(page.getByTestId('desk-summary')).toContainText('57.00')
    await page.getByTestId('form-submit').click()
    await expect(page.getByTestId('desk-paid')).toContainText(number)
    await page.getByTestId('form-cancel').click()
    await expect(play.getByTestId('detail-left')).toHaveText('¥0.00')

    // All of it is in the list, and in the day's sums.
    await page.goto(`/floor?hall=${venue.id}`)
    await page.getByTestId('desk-plays').click()
    await expect(row(page, number)).toContainText('3.00')
    await row(page, number).getByTestId('desk-play-show').click()
    await expect(play).toHaveAttribute('data-state', 'closed')
    await page.goto('/cash')
    await expect(page.getByTestId('cash-taken')).toContainText('60.00')
    await expect(page.getByTestId('cash-paidOut')).toContainText('57.00')
    await expect(page.getByTestId('cash-drawer')).toContainText('3.00')
  })
})
