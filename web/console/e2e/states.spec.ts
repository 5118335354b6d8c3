import type { Page } from '@playwright/test'
import type * as T from '../src/api/types'
import { answerWith, BUSY, outageOf } from './support/answers'
import { demo, somebody } from './support/api'
import { demoAccount, type Account } from './support/demo'
import { ownHall } from './support/hall'
import { expect, signIn, test } from './support/test'

interface Shown {
  /** Its address, and what it asks for. */
  page: string
  asks: string
  loading: string
  /** Where there is nothing yet. */
  empty: string
  says: string
  /** The answer, where others' data would be in the server's. */
  answer?: unknown
}
const NONE = { items: [], next_cursor: null }

/** Of a hall in which nothing has happened yet. */
const ITS_MANAGERS: Shown[] = [
  { page: '/floor', asks: '/venues/:hall/floor', loading: 'loading', empty: 'empty-state', says: '还没有球台' },
  {
    page: '/halls/:hall',
    asks: '/venues/:hall/price-lists',
    loading: 'loading',
    empty: 'price-list-tables',
    says: '还没有球台使用',
  },
  { page: '/complaints', asks: '/complaints', loading: 'table-loading', empty: 'empty-state', says: '没有求助或投诉' },
  { page: '/texts', asks: '/texts', loading: 'table-loading', empty: 'empty-state', says: '没有短信' },
  { page: '/cash', asks: '/cash', loading: 'loading', empty: 'empty-state', says: '这些日子没有现金收付' },
]
const SUPER_ADMINS: Shown[] = [
  {
    page: '/payments',
    asks: '/payments/orders',
    loading: 'table-loading',
    empty: 'empty-state',
    says: '还没有支付订单',
    answer: NONE,
  },
  {
    page: '/payments?tab=refunds',
    asks: '/payments/refunds',
    loading: 'table-loading',
    empty: 'empty-state',
    says: '还没有退款',
    answer: NONE,
  },
  {
    page: '/payments?tab=reconciliation',
    asks: '/payments/reconciliation',
    loading: 'loading',
    empty: 'empty-state',
    says: '没有未处理的差异',
    answer: { days: [], missing: [], differences: [] } satisfies T.Reconciliation,
  },
  {
    page: '/levels',
    asks: '/levels',
    loading: 'loading',
    empty: 'empty-state',
    says: '还没有会员等级',
    answer: { items: [], version: 1 } satisfies T.Levels,
  },
]

/** It waits, is refused, is asked to try again, and has nothing to show. */
async function waitAndTryAgain(page: Page, who: Account, shown: Shown): Promise<void> {
  if (shown.answer !== undefined) await answerWith(page, shown.asks, shown.answer)
  const outage = await outageOf(page, shown.asks)
  await signIn(page, who, shown.page)
  await expect(page.getByTestId(shown.loading)).toContainText('正在加载')
  await expect(page.getByTestId('page-title')).toBeVisible()
  outage.refuse()
  const error = page.getByTestId('error-state')
  for (const text of ['加载失败', '系统繁忙，请稍候片刻再试。', '请求编号', BUSY.request_id])
    await expect(error).toContainText(text)
  await expect(page.getByTestId(shown.loading)).toHaveCount(0)
  outage.end()
  await page.getByTestId('retry').click()
  await expect(page.getByTestId(shown.empty).first()).toContainText(shown.says)
  await expect(error).toHaveCount(0)
}

for (const shown of ITS_MANAGERS) {
  test(`v8_1 ${shown.page} says that it waits, and what has failed, tries again, and has nothing to show`, async ({
    page,
    watch,
  }) => {
    const { manager, venue } = await ownHall()
    const asks = shown.asks.replace(':hall', venue.id)
    watch.expectRefusal(BUSY.status, asks)
    await waitAndTryAgain(page, manager, { ...shown, asks, page: shown.page.replace(':hall', venue.id) })
  })
}
for (const shown of SUPER_ADMINS) {
  test(`v8_1 ${shown.page} says that it waits, and what has failed, tries again, and has nothing to show`, async ({
    page,
    watch,
  }) => {
    watch.expectRefusal(BUSY.status, shown.asks)
    await waitAndTryAgain(page, demoAccount('super_admin'), shown)
  })
}

test('v8_1 who works in no hall yet is told so, and whom to ask', async ({ page }) => {
  const nobody = await somebody('venue_manager', await demo('super_admin'))
  await signIn(page, nobody, '/floor')
  await expect(page.getByTestId('empty-state')).toContainText('还没有球厅')
  await page.getByTestId('menu-complaints').click()
  await expect(page.getByTestId('empty-state')).toContainText('没有求助或投诉')
  await expect(page.locator('main#content')).toContainText('还没有球厅')
  for (const [entry, says] of [
    ['menu-texts', '没有短信'],
    ['menu-cash', '这些日子没有现金收付'],
  ] as const) {
    await page.getByTestId(entry).click()
    await expect(page.getByTestId('empty-state')).toContainText(says)
  }
})

test('v8_1 levels that cannot be loaded again are shown still, and said to be old', async ({ page, watch }) => {
  const level: T.Level = { id: 'lvl_1', name_zh: '银卡', name_en: 'Silver', threshold: 100, pays: 9_500, gift_fen: 0 }
  await answerWith(page, '/levels', { items: [level], version: 1 } satisfies T.Levels)
  await signIn(page, demoAccount('super_admin'), '/levels')
  await expect(page.getByTestId('level-row')).toHaveCount(1)
  watch.expectRefusal(BUSY.status, '/levels')
  const outage = await outageOf(page, '/levels')
  outage.refuse()
  await page.getByTestId('levels-reload').click()
  const stale = page.getByTestId('stale')
  await expect(stale).toContainText('未能取得最新内容')
  await expect(page.getByTestId('level-row')).toHaveCount(1)
  outage.end()
  await stale.getByRole('button').click()
  await expect(stale).toHaveCount(0)
})

test('v8_1 prices that cannot be tried out say why, and are asked for again', async ({ page, watch }) => {
  const { manager, venue } = await ownHall()
  const path = `/venues/${venue.id}/prices/try`
  watch.expectRefusal(BUSY.status, path)
  const outage = await outageOf(page, path)
  await signIn(page, manager, `/halls/${venue.id}`)
  await expect(page.getByTestId('preview-loading')).toContainText('正在加载')
  outage.refuse()
  await expect(page.getByTestId('preview-error')).toContainText('系统繁忙')
  outage.end()
  await page.getByTestId('preview-retry').click()
  await expect(page.getByTestId('preview-20:00')).toContainText('36.00')
  await expect(page.getByTestId('preview-error')).toHaveCount(0)
})
