import type { CashReport } from '../src/api/cash'
import type { ComplaintRow, HallFigures } from '../src/api/complaints'
import type { TextRow } from '../src/api/texts'
import type * as T from '../src/api/types'
import { answerWith } from './support/answers'
import { demoAccount, type Account } from './support/demo'
import { FULL_TARIFF, ownHall } from './support/hall'
import { expect, signIn, test } from './support/test'

const LONG = 'x'.repeat(60)
const LONGER = LONG.repeat(3)
const AT = '2026-01-02T03:04:05Z'
const DAY = '2026-01-01'
const WHO = { id: 'usr_x', name: LONG }
const MUCH = 123_456_789
const list = (item: unknown) => ({ items: [item], next_cursor: null })

interface Named {
  address: string
  answers: Record<string, unknown>
  /** There once the answer is. */
  shown: string
}

const device: T.FloorDevice = {
  id: 'dev_x',
  driver: 'tasmota',
  name: LONG,
  version: 1,
  topic: LONG,
  channel: 1,
  lacks_channel: false,
  refused: null,
  locks_button: false,
  address: null,
  online: false,
  online_since: AT,
  wanted: true,
  reported: null,
  override_on: null,
  override_until: null,
  override_why: null,
  draw: { least_watts: null, milliwatts: null, at: null, dark_since: null },
}
const play: T.FloorPlay = {
  id: 'ses_x',
  state: 'playing',
  customer_number: LONG,
  at_desk: false,
  walk_in: false,
  asked_at: AT,
  lit_at: AT,
  paid_until: AT,
  held_fen: MUCH,
  cost_so_far_fen: MUCH,
}
const hold: T.HeldFor = {
  id: 'hld_x',
  since: AT,
  until: '2036-01-02T03:04:05Z',
  customer_number: null,
  customer_phone: null,
  by: LONG,
  note: LONG,
}
const STATES = ['idle', 'reserved', 'opening', 'playing', 'paused', 'closing', 'cleaning', 'maintenance'] as const
const tables: T.FloorTable[] = STATES.map((state, n) => ({
  id: `tbl_${n}`,
  name: `${n}-${LONG}`,
  code: 'x',
  url: `http://127.0.0.1/m/?t=${LONG}`,
  state,
  since: AT,
  x: 150 + (n % 4) * 450,
  y: 150 + Math.floor(n / 4) * 400,
  tariff_id: 'trf_x',
  price_list: LONG,
  version: 1,
  play: state === 'playing' || state === 'paused' ? play : null,
  device,
  case: state === 'maintenance' ? { id: 'cas_x', cause: 'in_play', note: LONGER, opened_at: AT } : null,
  hold: state === 'reserved' ? hold : null,
}))

const complaint: ComplaintRow = {
  id: 'cmp_x',
  venue_id: 'ven_x',
  venue_name: LONG,
  table_id: null,
  table_name: LONG,
  session_id: null,
  matter: 'complaint',
  kind: 'cleanliness',
  state: 'open',
  text: LONGER,
  created_at: AT,
  changed_at: AT,
}
const figures: HallFigures = {
  venue_id: 'ven_x',
  venue_name: LONG,
  since: AT,
  sessions: MUCH,
  complained: MUCH,
  within_bound: false,
  open: MUCH,
}
const text: TextRow = {
  id: 'txt_x',
  kind: 'light_failed',
  venue_id: 'ven_x',
  venue_name: LONG,
  phone: '138****0000',
  state: 'failed',
  reason: LONGER,
  called: LONG,
  created_at: AT,
  sent_at: AT,
  ended_at: AT,
}
const sum = {
  taken_fen: MUCH,
  recharges: MUCH,
  paid_out_fen: MUCH,
  payouts: MUCH,
  walk_ins_fen: MUCH,
  walk_in_payouts: MUCH,
  drawer_fen: MUCH,
}
const people = [{ user: WHO, sum }]
const cash: CashReport = {
  from: DAY,
  to: DAY,
  days: [{ venue_id: 'ven_x', venue_name: LONG, day: DAY, total: sum, people }],
  total: sum,
}

/** Of a hall that is called so. */
const itsManagers = (venue: T.Venue): Record<string, Named> => {
  const floor: T.Floor = { venue: { ...venue, name: LONG, address: LONGER, phone: '0'.repeat(30) }, tables, now: AT }
  const packages = (FULL_TARIFF.packages ?? []).map((one) => ({ ...one, name_zh: LONG, name_en: LONG }))
  const tariff: T.Tariff = { ...FULL_TARIFF, packages }
  const prices: T.Prices = { id: 'trf_x', name: LONG, own: false, tables: [LONG, LONG], tariff, version: 1 }
  const lines = [{ kind: 'play', text: LONGER, fen: MUCH }]
  const tried: T.TriedPrice = { clock: '20:00', at: AT, price_fen: MUCH, lines }
  const hall = { '/venues': { items: [floor.venue] }, [`/venues/${venue.id}/floor`]: floor }
  return {
    floor: { address: '/floor', answers: hall, shown: 'table-tbl_0' },
    prices: {
      address: `/halls/${venue.id}`,
      answers: {
        ...hall,
        [`/venues/${venue.id}/price-lists`]: { items: [prices] },
        [`/venues/${venue.id}/prices/try`]: { items: [tried] },
      },
      shown: 'preview-lines',
    },
    complaints: {
      address: '/complaints',
      answers: { '/complaints': list(complaint), '/complaints/figures': { items: [figures] } },
      shown: 'table',
    },
    texts: { address: '/texts', answers: { '/texts': list(text) }, shown: 'table' },
    cash: { address: '/cash', answers: { '/cash': cash }, shown: 'table' },
  }
}

const order: T.PayOrder = {
  id: 'ord_x',
  purpose: 'play',
  subject: LONGER,
  amount_fen: MUCH,
  refunded_fen: MUCH,
  state: 'paid',
  created_at: AT,
  paid_at: AT,
  written_off: null,
}
const refund: T.PayRefund = {
  id: 'rfd_x',
  order: 'ord_x',
  number: LONG,
  amount_fen: MUCH,
  reason: 'not_opened',
  state: 'stuck',
  tries: 3,
  problem: { code: 'refused', amount_fen: null, number: null, said: LONGER },
  created_at: AT,
  settled_at: null,
  note: null,
  frozen: false,
}
const reconciliation: T.Reconciliation = {
  days: [
    {
      channel: 'wechat',
      merchant_id: LONG,
      day: DAY,
      lines: MUCH,
      paid_fen: MUCH,
      refunded_fen: MUCH,
      differences: MUCH,
      at: AT,
    },
  ],
  missing: [
    {
      channel: 'alipay_freeze',
      merchant_id: LONG,
      day: DAY,
      problem: { code: 'no_bill', amount_fen: null, number: null, said: LONGER },
      since: AT,
    },
  ],
  differences: [
    {
      id: 'dif_x',
      channel: 'wechat',
      merchant_id: LONG,
      day: DAY,
      kind: 'amount',
      number: LONG,
      refund_number: LONG,
      ours_fen: MUCH,
      theirs_fen: MUCH,
      settled_at: null,
      note: null,
    },
  ],
}
const level: T.Level = { id: 'lvl_x', name_zh: LONG, name_en: LONG, threshold: MUCH, pays: 9_500, gift_fen: MUCH }
const levels: T.Levels = { items: [level], version: 1 }
const superAdmins: Record<string, Named> = {
  payments: { address: '/payments', answers: { '/payments/orders': list(order) }, shown: 'table' },
  refunds: { address: '/payments?tab=refunds', answers: { '/payments/refunds': list(refund) }, shown: 'table' },
  reconciliation: {
    address: '/payments?tab=reconciliation',
    answers: { '/payments/reconciliation': reconciliation },
    shown: 'differences',
  },
  levels: { address: '/levels', answers: { '/levels': levels }, shown: 'level-row' },
}

for (const name of ['floor', 'prices', 'complaints', 'texts', 'cash', ...Object.keys(superAdmins)]) {
  test(`v8_1 the page of ${name} is no wider than the screen, however long a name is`, async ({ page }) => {
    let who: Account = demoAccount('super_admin')
    let one = superAdmins[name]
    if (!one) {
      const { manager, venue } = await ownHall()
      who = manager
      one = itsManagers(venue)[name]
    }
    if (!one) throw new Error(`no page of ${name}`)
    for (const [path, json] of Object.entries(one.answers)) await answerWith(page, path, json)
    await signIn(page, who, one.address)
    const shown = page.getByTestId(one.shown).first()
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 })
      await expect(shown).toBeVisible()
      const wider = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      await expect.poll(wider, `at ${width}`).toBeLessThanOrEqual(0)
    }
  })
}
