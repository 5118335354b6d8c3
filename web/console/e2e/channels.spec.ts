import { addRelay, newTable, ownHall } from './support/hall'
import { expect, signIn, test, toast } from './support/test'

test('v5_1 another table’s light is put on a channel of a relay that is there, and nothing is told of it', async ({
  page,
}) => {
  const { manager, venue } = await ownHall()
  const { device } = await addRelay(manager.api, await newTable(manager.api, venue, 'A1'))
  const second = await newTable(manager.api, venue, 'A2', 600)
  await signIn(page, manager, `/floor?hall=${venue.id}&table=${second.id}`)
  const panel = page.getByTestId('table-panel')
  await panel.getByTestId('add-device').click()
  const dialog = page.getByRole('dialog', { name: '为“A2”添加灯控设备' })
  await dialog.getByTestId('relay-channel').fill('9')
  await dialog.getByTestId('form-submit').click()
  await expect(dialog.getByRole('alert')).toHaveText('请输入 1 至 8 的整数')

  // The first channel that is free is suggested; of a meter that both share nothing is asked.
  await dialog.getByTestId('relay-beside').click()
  await page.getByRole('option', { name: '与 A1 共用', exact: true }).click()
  await expect(dialog.getByTestId('relay-channel')).toHaveValue('2')
  await expect(dialog).toContainText('几路共用一个电表的 Tasmota 不能按路监测功率。')
  await dialog.getByTestId('form-submit').click()
  await expect(toast(page, '已添加。几秒后可以看到这一路的状态。')).toBeVisible()
  await expect(page.getByTestId('secret-once')).toHaveCount(0)
  await expect(panel).toContainText(device.topic ?? 'none')
  await expect(panel.getByTestId('channel')).toHaveText('第 2 路')
  await expect(panel.getByTestId('watch-power')).toHaveCount(0)
})
