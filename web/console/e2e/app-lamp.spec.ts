import type { CaseRow } from '../src/api/devices'
import type * as T from '../src/api/types'
import { base, demo, type Api } from './support/api'
import { demoTable, newcomerChooses } from './support/app'
import { demoAccount } from './support/demo'
import { expect, row, signIn, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

/** The broker misses who is silent for 45 seconds, and a light may be away for 60. */
const MISSED = { timeout: 150_000 }

async function floorTable(staff: Api, hall: string, id: string): Promise<T.FloorTable> {
  const { tables } = await staff.get<T.Floor>(`/venues/${hall}/floor`)
  const found = tables.find((table) => table.id === id)
  if (!found) throw new Error(`no table ${id}`)
  return found
}

/** What the network has given back of the newest payment for this. */
async function refunded(what: string): Promise<string | undefined> {
  const { items } = await (await demo('super_admin')).get<T.Page<T.PayOrder>>('/payments/orders?limit=200')
  const order = items.find(({ subject }) => subject === what)
  return order && `¥${(order.refunded_fen / 100).toFixed(2)}`
}

/** As the hall would: plugged in, and, where that is not enough, tried and returned. Also where the test has failed before. */
async function mend(staff: Api, hall: string, id: string): Promise<void> {
  const lit = () => floorTable(staff, hall, id).then(({ device }) => device?.online && device.reported)
  const slow = { timeout: 30_000 }
  await fetch(`${base}/sandbox/lamps`, { method: 'POST', body: new URLSearchParams({ lamp: id, do: 'plug_in' }) })
  await expect.poll(async () => (await floorTable(staff, hall, id)).device?.online, slow).toBe(true)
  const { play } = await floorTable(staff, hall, id)
  if (play?.state === 'playing') await staff.post(`/tables/${id}/close`, { why: 'a browser test' })
  await expect.poll(lit, slow).toBe(false)
  // Of a light that was only away nothing else is to be seen.
  if ((await floorTable(staff, hall, id)).state !== 'maintenance') return
  await staff.post(`/tables/${id}/light-test`, {})
  await expect.poll(lit, slow).toBe(true)
  await staff.call('DELETE', `/tables/${id}/light`)
  await expect.poll(lit, slow).toBe(false)
  await staff.post(`/tables/${id}/in-service`, { note: 'a browser test' })
}

test('v5_2 a plug that is pulled while somebody plays ends in a refund and a case', async ({ page, another }) => {
  test.setTimeout(360_000)
  const staff = await demo('venue_manager')
  const { hall, table } = await demoTable(6)
  await newcomerChooses(page, table)
  await page.getByTestId('pay-by-wechat').click()
  const paid = ((await page.getByTestId('confirm-held').textContent()) ?? '').trim()
  expect(paid).toMatch(/^¥\d+\.\d\d$/)
  await page.getByTestId('table-open-confirm').click()
  await page.getByTestId('stand-in-pay').click()
  try {
    await expect(page.getByTestId('playing')).toBeVisible({ timeout: 30_000 })

    const lamps = await another()
    await lamps.goto('/sandbox/lamps')
    await expect(lamps.getByTestId('stand-in-note')).toContainText('不是真的')
    const lamp = lamps.getByTestId(`lamp-${table.id}`)
    const plug = lamp.getByRole('button')
    await expect(lamp).toContainText(table.name)
    await expect(lamp).toHaveAttribute('data-lamp', 'on')
    // By the keyboard, whose place is kept.
    await plug.focus()
    await lamps.keyboard.press('Enter')
    await expect(lamp).toHaveAttribute('data-lamp', 'unplugged')
    await expect(plug).toHaveText('插上')
    await expect(plug).toBeFocused()

    // Who plays is told of it before it ends.
    await expect(page.getByTestId('light-away')).toBeVisible(MISSED)
    await expect(page.getByTestId('ended')).toBeVisible(MISSED)
    await expect(page.getByTestId('ended')).toContainText('设备故障，已为您结束')
    await expect(page.getByTestId('session-text')).toContainText(table.name)
    // Less than the free minutes were lit: all of it goes back to where it came from.
    await expect(page.getByTestId('bill-total')).toHaveText('¥0.00')
    await expect(page.getByTestId('bill-to-source')).toHaveText(paid)
    await expect.poll(() => refunded(`${table.name} 台费`), { timeout: 30_000 }).toBe(paid)

    const { items } = await staff.get<T.Page<CaseRow>>('/cases?state=open')
    expect(items.filter(({ table_id }) => table_id === table.id)).toMatchObject([{ cause: 'offline' }])
    const desk = await another({ viewport: { width: 1280, height: 800 } })
    await signIn(desk, demoAccount('venue_manager'), '/cases?state=open')
    await expect(row(desk, table.name)).toContainText('灯控设备离线')

    await plug.click()
    await expect(lamp).toHaveAttribute('data-lamp', 'off')
  } finally {
    await mend(staff, hall, table.id)
  }
  await expect.poll(async () => (await floorTable(staff, hall, table.id)).state).toBe('idle')
})
