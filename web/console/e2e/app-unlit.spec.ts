import { chooseHour, chooseHourHere, closeTable, confirmOpen, customerWithMoney } from './support/app'
import { Board } from './support/board'
import { unique } from './support/demo'
import { ASKED, ownHall, tableInService } from './support/hall'
import { expect, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

/** A lamp is waited for half a minute. */
const GIVEN_UP = { timeout: 60_000 }
const PHONE = '021-5555 0101'

let board: Board
let well: Board
test.beforeEach(async () => {
  ;[board, well] = await Promise.all([Board.start(), Board.start()])
})
test.afterEach(() => {
  board.stop()
  well.stop()
})

test('v9_5 a lamp that never lights costs nothing, can be complained about, its hall is a call away, and so is another table', async ({
  page,
}) => {
  test.setTimeout(210_000)
  const { manager, venue } = await ownHall({ phone: PHONE })
  const [table, other] = await Promise.all([
    tableInService(manager.api, venue, 'A1', board),
    tableInService(manager.api, venue, 'A2', well),
  ])
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
  // Where one could play meanwhile: the hall's other table, and not the one in the dark.
  await expect(failed.getByTestId(`other-table-${other.id}`)).toContainText('A2')
  await expect(failed.getByTestId(`other-table-${table.id}`)).toHaveCount(0)
  const unlit = page.url()

  const asked = unique('no light')
  await failed.getByTestId('session-help').click()
  await expect(page.getByTestId('help').getByTestId('hall-call')).toContainText(PHONE)
  await page.getByTestId('complaint-text').locator('textarea').fill(asked)
  await page.getByTestId('complaint-send').click()
  await expect(page.getByTestId('complaint-state')).toHaveText('等待答复')
  await expect(page.getByTestId('said-own')).toContainText(asked)

  await page.goto(unlit)
  await page.getByTestId(`other-table-${other.id}`).click()
  await expect(page.getByTestId('table-name')).toHaveText('A2')
  await chooseHourHere(page)
  await confirmOpen(page)
  await expect(page.getByTestId('session-table')).toHaveText('A2')
  await expect.poll(() => well.on, ASKED).toBe(true)
  await closeTable(page)
})
