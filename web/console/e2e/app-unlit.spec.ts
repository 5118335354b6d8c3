import { chooseHour, customerWithMoney } from './support/app'
import { Board } from './support/board'
import { unique } from './support/demo'
import { ownHall, tableInService } from './support/hall'
import { expect, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

/** A lamp is waited for half a minute. */
const GIVEN_UP = { timeout: 60_000 }
const PHONE = '021-5555 0101'

let board: Board
test.beforeEach(async () => {
  board = await Board.start()
})
test.afterEach(() => board.stop())

test('v9_5 a lamp that never lights costs nothing, can be complained about, and its hall is a call away', async ({
  page,
}) => {
  test.setTimeout(150_000)
  const { manager, venue } = await ownHall({ phone: PHONE })
  const table = await tableInService(manager.api, venue, 'A1', board)
  await customerWithMoney(page, manager.api, 10_000)
  await chooseHour(page, table)
  board.stuck = true
  await page.getByTestId('table-open-confirm').click()
  await expect(page.getByTestId('opening')).toBeVisible()

  const failed = page.getByTestId('failed')
  await expect(failed).toBeVisible(GIVEN_UP)
  await expect(page.getByTestId('failed-title')).toHaveText('抱歉，灯没有亮起来')
  await expect(page.getByTestId('nothing-charged')).toContainText('¥36.00')
  await expect(failed.getByTestId('hall-call')).toContainText(PHONE)

  const asked = unique('no light')
  await failed.getByTestId('session-help').click()
  await expect(page.getByTestId('help').getByTestId('hall-call')).toContainText(PHONE)
  await page.getByTestId('complaint-text').locator('textarea').fill(asked)
  await page.getByTestId('complaint-send').click()
  await expect(page.getByTestId('complaint-state')).toHaveText('等待答复')
  await expect(page.getByTestId('said-own')).toContainText(asked)
})
