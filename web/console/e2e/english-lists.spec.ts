import type { CaseRow, DeviceRow } from '../src/api/devices'
import type { TextRow } from '../src/api/texts'
import { answerWith } from './support/answers'
import { takeCash } from './support/app'
import { Customer } from './support/customer'
import { ownHall } from './support/hall'
import { expect, isEnglish, row, signInEnglish, test } from './support/test'

const AT = '2026-01-02T03:04:05Z'
const where = (n: number) => ({ venue_id: 'ven_x', venue_name: 'hall', table_id: 'tbl_x', table_name: `A${n}` })

const text = (n: number, change: Pick<TextRow, 'kind' | 'state'> & Partial<TextRow>): TextRow => ({
  id: `txt_${n}`,
  venue_id: 'ven_x',
  venue_name: 'hall',
  phone: '138****0000',
  reason: null,
  called: null,
  created_at: AT,
  sent_at: AT,
  ended_at: AT,
  ...change,
})
const texts: TextRow[] = [
  text(1, { kind: 'code', state: 'queued', venue_id: null, venue_name: null, ended_at: null }),
  text(2, { kind: 'light_failed', state: 'sent' }),
  text(3, { kind: 'ending', state: 'delivered' }),
  text(4, { kind: 'phone_left', state: 'failed', reason: 'isv.MOBILE_NUMBER_ILLEGAL' }),
  text(5, { kind: 'ending', state: 'unknown' }),
  text(6, { kind: 'ending', state: 'withheld', reason: 'DAILY_LIMIT' }),
  text(7, { kind: 'ending', state: 'withheld', reason: 'hall: ADDRESS' }),
  text(8, { kind: 'ending', state: 'withheld', reason: 'table: EMPTY' }),
]

const LIGHTS = [
  ['tasmota', 'agrees', true],
  ['shelly', 'differs', false],
  ['modbus', 'away', null],
] as const
const devices: DeviceRow[] = LIGHTS.map(([driver, state, reported], n) => ({
  ...where(n),
  id: `dev_${n}`,
  table_state: 'idle',
  driver,
  name: `Relay A${n}`,
  state,
  online_since: AT,
  wanted: true,
  reported,
  reported_at: AT,
}))

const CAUSES = ['not_lit', 'not_dark', 'in_play', 'no_power', 'offline', 'staff'] as const
const cases: CaseRow[] = CAUSES.map((cause, n) => ({
  ...where(n),
  id: `cas_${n}`,
  cause,
  note: n % 2 ? 'the cloth is torn' : '',
  session_id: null,
  opened_at: AT,
  closed_at: n % 3 ? AT : null,
  closed_by: n === 1 ? { id: 'usr_x', name: 'somebody' } : null,
  closing_note: n === 1 ? 'a new cloth' : null,
}))

test('k1_2a texts, lights and cases in all their states, and a day’s cash, are all English', async ({ page }) => {
  test.setTimeout(90_000)
  const { manager, venue } = await ownHall()
  const { number } = await (await Customer.guest()).me()
  await takeCash(manager.api, number, 8_050)
  await manager.api.post('/customers/payout', { venue_id: venue.id, number, amount_fen: 1_000 })
  await signInEnglish(page, manager, '/texts')
  await expect(page.getByTestId('empty-state')).toContainText('No texts')
  await isEnglish(page)
  await answerWith(page, '/texts', { items: texts, next_cursor: null })
  await page.getByTestId('texts-reload').click()
  await expect(row(page, 'Name of the hall: looks like a web address')).toHaveCount(1)
  await isEnglish(page)

  await page.getByTestId('menu-cash').click()
  await expect(row(page, manager.name)).toContainText('80.50')
  await expect(page.getByTestId('cash-drawer')).toContainText('70.50')
  await isEnglish(page)

  await answerWith(page, '/devices', { items: devices, next_cursor: null })
  await page.getByTestId('menu-devices').click()
  await expect(row(page, 'Relay A2')).toContainText('Modbus relay board')
  await isEnglish(page)
  await answerWith(page, '/cases', { items: cases, next_cursor: null })
  await page.getByTestId('menu-cases').click()
  await expect(row(page, 'a new cloth')).toContainText('The light did not go off')
  await isEnglish(page)
})
