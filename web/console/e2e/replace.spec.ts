import { Board } from './support/board'
import { addRelay, newTable, ownHall } from './support/hall'
import { expect, signIn, test, toast } from './support/test'

let board: Board
test.beforeEach(async () => {
  board = await Board.start()
})
test.afterEach(() => board.stop())

/** Boards are asked every few seconds. */
const ASKED = { timeout: 30_000 }

test('v5_1 another light takes a light’s place, and its table is used once that was seen on', async ({
  page,
  watch,
}) => {
  test.setTimeout(120_000)
  const { manager, venue } = await ownHall()
  const table = await newTable(manager.api, venue, 'A1')
  const { device } = await addRelay(manager.api, table)
  watch.expectRefusal(409, `/tables/${table.id}/in-service`)
  await signIn(page, manager, `/floor?hall=${venue.id}&table=${table.id}`)
  const panel = page.getByTestId('table-panel')
  const lamp = panel.getByTestId('lamp-state')
  await expect(lamp).toHaveAttribute('data-status', 'away')
  await expect(panel).toContainText(device.topic ?? 'none')

  // One of the same kind: what is entered into it is told once, and what was entered into the first is void.
  await panel.getByTestId('change-device').click()
  const dialog = page.getByRole('dialog', { name: '修改或更换“Relay A1”' })
  await dialog.getByTestId('change-name').fill('')
  await dialog.getByText('已换成同类型的另一台设备').click()
  await dialog.getByTestId('form-submit').click()
  await expect(dialog.getByRole('alert')).toHaveText('请输入名称')
  await expect(dialog.getByTestId('change-name')).toBeFocused()
  await dialog.getByTestId('change-name').fill('Relay A1')
  await dialog.getByTestId('form-submit').click()
  const secrets = page.getByTestId('secret-once').getByTestId('secret-value')
  await expect(secrets).toHaveCount(4)
  const topic = (await secrets.allTextContents())[3] ?? ''
  expect(topic).not.toBe(device.topic)
  await page.getByTestId('secret-saved').click()
  await expect(panel).toContainText(topic)

  // One of another kind, which is there: nothing is entered into it.
  await panel.getByTestId('change-device').click()
  await dialog.getByTestId('device-driver').getByText('Modbus').click()
  await dialog.getByTestId('coil-host').fill('127.0.0.1')
  await dialog.getByTestId('coil-port').fill(String(board.port))
  await dialog.getByTestId('form-submit').click()
  await expect(toast(page, '已保存。')).toBeVisible()
  await expect(page.getByTestId('secret-once')).toHaveCount(0)
  await expect(panel).toContainText(`127.0.0.1:${board.port}`)
  await expect(lamp).toHaveAttribute('data-status', 'off', ASKED)

  const back = page.getByRole('dialog', { name: '恢复使用“A1”' })
  await panel.getByTestId('bring-back').click()
  await back.getByTestId('form-submit').click()
  await expect(back.getByTestId('form-error')).toContainText('请先“测试灯”')
  await back.getByTestId('form-cancel').click()
  await panel.getByTestId('test-light').click()
  await page.getByRole('dialog', { name: '测试“A1”的灯' }).getByTestId('form-submit').click()
  await expect(lamp).toHaveAttribute('data-status', 'on', ASKED)
  expect(board.on).toBe(true)

  await panel.getByTestId('bring-back').click()
  await back.getByTestId('form-submit').click()
  await expect(panel.getByTestId('table-state')).toHaveAttribute('data-status', 'idle')
  // While its table is in use it stays.
  await expect(panel.getByTestId('change-device')).toHaveCount(0)
})
