import type { Route } from '@playwright/test'
import type { CaseRow, DeviceRow } from '../src/api/devices'
import type * as T from '../src/api/types'
import { demo, somebody, type Api } from './support/api'
import { Board } from './support/board'
import { addCoil, addRelay, newHall, newTable, ownHall } from './support/hall'
import { choose, expect, row, signIn, test } from './support/test'

let board: Board
test.beforeEach(async () => {
  board = await Board.start()
})
test.afterEach(() => board.stop())

/** Boards are asked every few seconds. */
const ASKED = { timeout: 30_000 }

/** Until so many of somebody's lights are there, and as they should be. */
const answering = (api: Api, count: number) =>
  expect.poll(async () => (await api.get<T.Page<DeviceRow>>('/devices?state=agrees')).items.length, ASKED).toBe(count)

test('v5_1 lights are listed with what they say, by hall and by state, and each leads to its table', async ({
  page,
}) => {
  const { manager, venue } = await ownHall()
  const other = await newHall(manager.api)
  const first = await newTable(manager.api, venue, 'A1')
  await addRelay(manager.api, first)
  await addCoil(manager.api, await newTable(manager.api, venue, 'A2', 600), board.port)
  await answering(manager.api, 1)

  await signIn(page, manager, '/devices')
  await expect(page.getByTestId('page-title')).toHaveText('灯控设备')
  const away = row(page, 'Relay A1')
  const there = row(page, 'Coil A2')
  for (const text of ['A1', venue.name, 'Tasmota', '离线', '未知']) await expect(away).toContainText(text)
  for (const text of ['A2', venue.name, 'Modbus 继电器板', '正常', '灭']) await expect(there).toContainText(text)

  await choose(page, 'state', '离线')
  await expect(page).toHaveURL(/state=away/)
  await expect(there).toHaveCount(0)
  await expect(away).toBeVisible()
  await page.reload()
  await expect(away).toBeVisible()
  await expect(there).toHaveCount(0)
  await page.getByTestId('filters-reset').click()
  await expect(there).toBeVisible()

  await choose(page, 'hall', other.name)
  await expect(page).toHaveURL(new RegExp(`venue=${other.id}`))
  await expect(page.getByTestId('empty-state')).toContainText('没有符合条件的记录')
  await page.getByTestId('filters-clear').click()
  await expect(away).toBeVisible()

  await away.getByRole('link', { name: 'A1' }).click()
  await expect(page.getByTestId('table-panel')).toHaveAttribute('data-table', first.id)
})

test('v5_2 a case is listed with its cause and note while it is open, and with who has ended it and how', async ({
  page,
}) => {
  const { manager, venue } = await ownHall()
  const { api } = manager
  const table = await newTable(api, venue, 'A1')
  await addCoil(api, table, board.port)
  await answering(api, 1)
  await api.post(`/tables/${table.id}/in-service`, { note: '' })
  await api.post(`/tables/${table.id}/out-of-service`, { note: 'the cloth is torn' })

  await signIn(page, manager, '/cases')
  await expect(page.getByTestId('page-title')).toHaveText('维修单')
  const torn = row(page, 'the cloth is torn')
  for (const text of ['A1', venue.name, '人工停用', '处理中']) await expect(torn).toContainText(text)

  await api.post(`/tables/${table.id}/in-service`, { note: 'a new cloth' })
  await page.getByTestId('cases-reload').click()
  for (const text of ['已结束', 'a new cloth', manager.name]) await expect(torn).toContainText(text)
  await choose(page, 'state', '处理中')
  await expect(page).toHaveURL(/state=open/)
  await expect(page.getByTestId('empty-state')).toContainText('没有符合条件的记录')
  await page.getByTestId('filters-clear').click()
  await choose(page, 'state', '已结束')
  await expect(torn).toBeVisible()
})

test('v5_1 whoever works in no hall yet is told how lights and cases come to be listed', async ({ page }) => {
  const nobody = await somebody('venue_manager', await demo('super_admin'))
  await signIn(page, nobody, '/devices')
  const empty = page.getByTestId('empty-state')
  await expect(empty).toContainText('没有灯控设备')
  await expect(empty).toContainText('在球厅平面图上选择球台后添加。')
  await expect(page.getByTestId('filter-hall')).toHaveCount(0)
  await page.getByTestId('menu-cases').click()
  await expect(empty).toContainText('没有维修单')
  await expect(empty).toContainText('球台停用或灯出现故障时，会出现在这里。')
})

for (const list of ['devices', 'cases'] as const) {
  test(`v5_1 the list of ${list} says that it waits, and what has failed, and asks again`, async ({ page, watch }) => {
    const { manager } = await ownHall()
    watch.expectRefusal(500, `/${list}`)
    let answer = () => {}
    const held = new Promise<void>((resolve) => (answer = resolve))
    const said = { detail: '系统出错，已记录，请稍后再试', request_id: 'req_e2e' }
    const problem = { type: 'about:blank', title: 'INTERNAL', status: 500, code: 'INTERNAL', ...said }
    const failing = async (route: Route) => {
      await held
      await route.fulfill({ status: 500, json: problem })
    }
    await page.route((url) => url.pathname === `/api/v1/${list}`, failing, { times: 1 })

    await signIn(page, manager, `/${list}`)
    await expect(page.getByTestId('table-loading')).toContainText('正在加载')
    await expect(page.getByTestId('page-title')).toBeVisible()
    answer()
    const error = page.getByTestId('error-state')
    for (const text of ['加载失败', said.detail, '请求编号', said.request_id]) await expect(error).toContainText(text)
    await page.getByTestId('retry').click()
    await expect(page.getByTestId('empty-state')).toBeVisible()
    await expect(error).toHaveCount(0)
  })
}

const LONG = 'x'.repeat(60)
const MANY = Array.from({ length: 200 }, (_, n) => `${n + 1}-${LONG}`)
const AT = '2026-01-02T03:04:05Z'
const where = (name: string) => ({
  id: `row_${name}`,
  venue_id: 'ven_x',
  venue_name: LONG,
  table_id: 'tbl_x',
  table_name: name,
})
const devices: DeviceRow[] = MANY.map((name) => ({
  ...where(name),
  table_state: 'idle',
  driver: 'shelly',
  name: LONG,
  state: 'differs',
  online_since: AT,
  wanted: true,
  reported: null,
  reported_at: null,
}))
const cases: CaseRow[] = MANY.map((name) => ({
  ...where(name),
  cause: 'in_play',
  note: LONG.repeat(3),
  session_id: null,
  opened_at: AT,
  closed_at: AT,
  closed_by: null,
  closing_note: LONG.repeat(3),
}))

for (const [list, items] of [
  ['devices', devices],
  ['cases', cases],
] as const) {
  test(`v5_1 200 ${list} with long names are on one page, which is no wider than the screen`, async ({ page }) => {
    const { manager } = await ownHall()
    // So many cannot be made in the time of a test.
    await page.route(
      (url) => url.pathname === `/api/v1/${list}`,
      (route) => route.fulfill({ json: { items, next_cursor: null } }),
    )
    await signIn(page, manager, `/${list}?limit=200`)
    for (const [width, each] of [
      [1280, 'tbody tr'],
      [390, 'li'],
    ] as const) {
      await page.setViewportSize({ width, height: 844 })
      const shown = page.getByTestId('table').locator(each)
      await expect(shown).toHaveCount(200)
      await expect(shown.last()).toContainText('200-x')
      await shown.last().scrollIntoViewIfNeeded()
      await expect(page.getByTestId('page-next')).toBeDisabled()
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(wide, `at ${width}`).toBeLessThanOrEqual(0)
    }
  })
}
