import type { Page } from '@playwright/test'
import { demo, somebody } from './support/api'
import { expect, row, signIn, test } from './support/test'

const step = (page: Page, name: string) => page.getByTestId('table').locator(`[data-step="${name}"]`)

test('k4_2 quota is given to another user by name; k7_1 who hears of it without a reload', async ({
  page,
  another,
}) => {
  const root = await demo('super_admin')
  const [giver, taker] = await Promise.all([somebody('agent', root, 500), somebody('agent', root)])
  const theirs = await another()
  await signIn(theirs, taker)
  await expect(theirs.getByTestId('unread-count')).toHaveCount(0)
  await theirs.evaluate(() => Object.assign(window, { sameDocument: true }))

  await signIn(page, giver, '/quota')
  await page.getByTestId('transfer').click()
  await page.getByTestId('transfer-to').fill(giver.name)
  await page.getByTestId('transfer-amount').fill('501')
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(2)

  await page.getByTestId('transfer-to').fill(taker.name)
  await page.getByTestId('transfer-amount').fill('120')
  await page.getByTestId('transfer-memo').fill('as agreed')
  await expect(page.getByTestId('transfer-summary')).toContainText(taker.name)
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('quota-available')).toHaveText('380')
  await expect(row(page, 'as agreed')).toHaveCount(2)
  await expect(row(page, 'as agreed').first()).toContainText(taker.name)
  await expect(step(page, 'hold')).toHaveCount(1)
  await expect(step(page, 'post')).toHaveCount(1)

  await expect(theirs.getByTestId('unread-count')).toHaveText('1')
  await expect(theirs.getByTestId('own-quota')).toContainText('120')
  await theirs.getByTestId('bell').click()
  await expect(theirs.locator('.bell-list')).toContainText(giver.name)
  await theirs.getByTestId('read-all').click()
  await expect(theirs.getByTestId('unread-count')).toHaveCount(0)
  expect(await theirs.evaluate(() => 'sameDocument' in window)).toBe(true)
})

test('k4_2 a recipient who is not there is said, and nothing moves', async ({ page, watch }) => {
  const giver = await somebody('agent', await demo('super_admin'), 500)
  watch.expectRefusal(404, '/quota/transfers')
  watch.expectRefusal(422, '/quota/transfers')
  await signIn(page, giver, '/quota')
  await page.getByTestId('transfer').click()
  await page.getByTestId('transfer-to').fill('nobody-of-that-name')
  await page.getByTestId('transfer-amount').fill('10')
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('form-error').or(page.locator('.el-form-item__error'))).toHaveCount(1)
  await page.getByTestId('form-cancel').click()
  await expect(page.getByTestId('quota-available')).toHaveText('500')
})

test('k4_3 a withdrawal is asked, approved and paid; the statement shows hold and post', async ({ page, another }) => {
  const admin = await somebody('agent_admin', await demo('super_admin'), 2_000)
  const agent = await somebody('agent', admin.api, 1_000)
  const superior = await another()
  await signIn(superior, admin)

  await signIn(page, agent, '/withdrawals')
  await page.getByTestId('ask-withdrawal').click()
  await page.getByTestId('withdrawal-amount').fill('300')
  await page.getByTestId('withdrawal-payee').fill('张三 Zhang San')
  await page.getByTestId('withdrawal-account').fill('6222 0000 1111 2222')
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await page.getByTestId('withdrawal-bank').fill('招商银行')
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('table').locator('[data-status="pending"]')).toHaveCount(1)
  await expect(page.getByTestId('own-quota')).toContainText('700')
  await expect(page.getByTestId('own-quota')).toContainText('300')

  // The superior hears of it where it is, and comes to it from there.
  await expect(superior.getByTestId('unread-count')).toHaveText('1')
  await superior.getByTestId('bell').click()
  await superior.locator('.bell-list button').filter({ hasText: agent.name }).click()
  await expect(superior.getByTestId('withdrawal-state')).toHaveAttribute('data-status', 'pending')
  await expect(superior.getByTestId('payee')).toContainText('6222 0000 1111 2222')
  await superior.getByTestId('drawer-approve').click()
  await superior.getByTestId('form-submit').click()
  await expect(superior.getByTestId('withdrawal-state')).toHaveAttribute('data-status', 'approved')
  await superior.getByTestId('drawer-pay').click()
  await superior.getByTestId('withdrawal-reference').fill('CMB-20261121-0007')
  await superior.getByTestId('form-submit').click()
  await expect(superior.getByTestId('withdrawal-state')).toHaveAttribute('data-status', 'paid')

  await expect(page.getByTestId('unread-count')).toBeVisible()
  await page.reload()
  await expect(page.getByTestId('table').locator('[data-status="paid"]')).toHaveCount(1)
  await page.getByTestId('menu-quota').click()
  await expect(page.getByTestId('quota-available')).toHaveText('700')
  await expect(page.getByTestId('quota-held')).toHaveText('0')
  await expect(step(page, 'hold')).toHaveCount(1)
  await expect(step(page, 'post')).toHaveCount(1)
})

test('k4_3 a refused withdrawal gives back what it held, and says why', async ({ page, another }) => {
  const admin = await somebody('agent_admin', await demo('super_admin'), 2_000)
  const agent = await somebody('agent', admin.api, 1_000)
  await agent.api.post('/withdrawals', { amount: 400, payee_name: 'A', payee_account: '1', payee_bank: 'B' })

  await signIn(page, admin, '/withdrawals')
  await row(page, agent.name).getByTestId('action-more').click()
  await page.locator('[data-testid="action-refuse"]:visible').click()
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await page.getByTestId('confirm-reason').fill('the account is closed')
  await page.getByTestId('form-submit').click()
  await expect(row(page, agent.name).locator('[data-status="refused"]')).toBeVisible()

  const theirs = await another()
  await signIn(theirs, agent, '/quota')
  await expect(theirs.getByTestId('quota-available')).toHaveText('1,000')
  await expect(step(theirs, 'release')).toHaveCount(1)
  await theirs.getByTestId('menu-withdrawals').click()
  await theirs.getByTestId('action-detail').click()
  await expect(theirs.getByTestId('withdrawal-detail')).toContainText('the account is closed')
})
