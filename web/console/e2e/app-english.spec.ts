import type { Page } from '@playwright/test'
import { chooseHour, confirmOpen, customerWithMoney, KEYS, someCustomer } from './support/app'
import { Board } from './support/board'
import { FULL_TARIFF, newTable, offerPauses, ownHall, tableInService } from './support/hall'
import { expect, isEnglish, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 }, locale: 'en-US' })

const allEnglish = (page: Page) => isEnglish(page, KEYS)

/** A tab of one's own page, when its list is there. */
async function showTab(page: Page, name: string): Promise<void> {
  const tab = page.getByTestId(`tab-${name}`)
  await tab.click()
  await expect(tab).toHaveAttribute('aria-pressed', 'true')
  await expect(page.getByTestId('list')).toBeVisible()
  await expect(page.getByTestId('loading')).toHaveCount(0)
}

test('v3_1 one’s own page, a payment and what becomes of it are all English', async ({ page }) => {
  test.setTimeout(90_000)
  await someCustomer(page)
  await expect(page.getByTestId('member-card')).toBeVisible()
  for (const name of ['wallet', 'bills', 'points', 'messages', 'complaints']) {
    await showTab(page, name)
    await allEnglish(page)
  }

  await page.getByTestId('recharge-open').click()
  await page.getByTestId('amount').locator('input').fill('0.5')
  await page.getByTestId('recharge-pay').click()
  await expect(page.getByTestId('amount-error')).toHaveText('At least ¥1.00.')
  await allEnglish(page)
  await page.getByTestId('amount-50').click()
  await page.getByTestId('recharge-pay').click()
  await expect(page.getByTestId('stand-in-cancel')).toHaveText('Cancel')
  await allEnglish(page)
  await page.getByTestId('stand-in-cancel').click()
  await expect(page.getByTestId('order-pending')).toBeVisible()
  await expect(page.getByTestId('order-left')).toBeVisible()
  await allEnglish(page)
  await page.getByTestId('order-cancel').click()
  await expect(page.getByTestId('order-cancel-confirm')).toBeVisible()
  await allEnglish(page)
  await page.getByTestId('order-cancel-confirm').click()
  await expect(page.getByTestId('order-closed')).toBeVisible()
  await allEnglish(page)

  await page.goto('/m/pages/mine')
  await page.getByTestId('recharge-open').click()
  await page.getByTestId('amount-50').click()
  await page.getByTestId('recharge-pay').click()
  await page.getByTestId('stand-in-pay').click()
  await expect(page.getByTestId('order-recharged')).toBeVisible()
  await expect(page.getByTestId('order-text')).toContainText('50.00')
  await allEnglish(page)
  await page.goto('/m/pages/mine')
  await expect(page.getByTestId('wallet-entry').first()).toContainText('50.00')
  await allEnglish(page)
  await page.getByTestId('refund-open').click()
  await expect(page.getByTestId('refundable')).toContainText('50.00')
  await allEnglish(page)
})

test.describe('at a table', () => {
  let board: Board
  test.beforeEach(async () => {
    board = await Board.start()
  })
  test.afterEach(() => board.stop())

  test('v3_1 a hall, a table, play, a split, a call for help and a bill are all English', async ({ page }) => {
    test.setTimeout(120_000)
    const { manager, venue } = await ownHall({ address: '1 Long Road', phone: '021-55500000', tariff: FULL_TARIFF })
    await offerPauses(manager.api, venue)
    const table = await tableInService(manager.api, venue, 'A1', board)
    const dark = await newTable(manager.api, venue, 'A2', 600)
    await page.goto(`/m/pages/hall?id=${venue.id}`)
    await expect(page.getByTestId(`table-${dark.id}`)).toContainText('Out of service')
    await allEnglish(page)
    await page.goto(`/m/?t=${dark.code}`)
    await expect(page.getByTestId('blocked')).toBeVisible()
    await expect(page.getByTestId('other-tables')).toBeVisible()
    await expect(page.getByTestId('prices-packages')).toContainText('Three hours')
    await allEnglish(page)

    await customerWithMoney(page, manager.api, 20_000)
    await chooseHour(page, table)
    await allEnglish(page)
    await page.getByTestId('pay-by-wechat').click()
    await expect(page.getByTestId('table-open-confirm')).toContainText('Pay ¥')
    await allEnglish(page)
    await page.getByTestId('pay-by-balance').click()
    await expect(page.getByTestId('table-open-confirm')).toContainText('lamp on')
    await confirmOpen(page)
    const played = page.url()
    await allEnglish(page)

    await page.getByTestId('session-extend').click()
    await expect(page.getByTestId('extend-offer')).toBeVisible()
    await allEnglish(page)
    await page.getByTestId('sheet-close').click()
    await page.getByTestId('session-pause').click()
    await expect(page.getByTestId('paused')).toBeVisible()
    await allEnglish(page)
    await page.getByTestId('session-resume').click()
    await expect(page.getByTestId('paused')).toHaveCount(0)

    await page.getByTestId('session-split').click()
    await page.getByTestId('split-amounts').click()
    await expect(page.getByTestId('share-of-1')).toBeVisible()
    await allEnglish(page)
    await page.getByTestId('split-even').click()
    await page.getByTestId('split-create').click()
    await expect(page.getByTestId('pay-qr')).toBeVisible()
    await allEnglish(page)
    await page.getByTestId('split-undo').click()
    await expect(page.getByTestId('split-sure')).toBeVisible()
    await allEnglish(page)
    await page.getByTestId('split-sure').click()
    await expect(page.getByTestId('split-done')).toBeVisible()
    await allEnglish(page)

    await page.goto(played)
    await page.getByTestId('session-help').click()
    await page.getByTestId('complaint-send').click()
    await expect(page.getByTestId('complaint-text-error')).toBeVisible()
    await allEnglish(page)
    await page.getByTestId('complaint-text').locator('textarea').fill('no chalk')
    await page.getByTestId('complaint-send').click()
    await expect(page.getByTestId('complaint')).toBeVisible()
    await allEnglish(page)

    await page.goto(played)
    await page.getByTestId('session-close').click()
    await expect(page.getByTestId('session-close-confirm')).toBeVisible()
    await allEnglish(page)
    await page.getByTestId('session-close-confirm').click()
    await expect(page.getByTestId('ended')).toBeVisible()
    await expect(page.getByTestId('bill-total')).toHaveText('¥5.00')
    await allEnglish(page)

    await page.goto('/m/pages/mine?tab=bills')
    await expect(page.getByTestId('bill-row')).toHaveCount(1)
    await allEnglish(page)
    await showTab(page, 'points')
    await expect(page.getByTestId('point-line')).toHaveCount(1)
    await allEnglish(page)
    for (const [name, entry] of [
      ['wallet', 'wallet-entry'],
      ['messages', 'message'],
      ['complaints', 'complaint-row'],
    ] as const) {
      await showTab(page, name)
      await expect(page.getByTestId(entry).first()).toBeVisible()
      await allEnglish(page)
    }
  })
})
