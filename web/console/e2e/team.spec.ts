import type { Page } from '@playwright/test'
import type * as T from '../src/api/types'
import { Api, demo, FIRST_PASSWORD, mailTo, PASSWORD, somebody, work } from './support/api'
import { demoAccount, unique } from './support/demo'
import { expect, fillSignIn, row, signIn, test } from './support/test'

/** An agent that is signed in, and its admin, who looks at its page. */
async function agentInSight(page: Page, another: () => Promise<Page>) {
  const admin = await somebody('agent_admin', await demo('super_admin'))
  const agent = await somebody('agent', admin.api)
  const theirs = await another()
  await signIn(theirs, agent)
  await signIn(page, admin, `/users/${agent.id}`)
  return { admin, agent, theirs }
}

test('k1_4a an agent admin creates an agent and recharges it; the first sign-in asks for a new password', async ({
  page,
  another,
}) => {
  const admin = await somebody('agent_admin', await demo('super_admin'), 1_000)
  const name = unique('sub')
  const email = `${name}@e2e.example`
  await signIn(page, admin, '/users')
  await page.getByTestId('create-user').click()
  await page.getByTestId('user-name').fill(name)
  await page.getByTestId('user-email').fill(email)
  await expect(page.getByTestId('user-role')).toHaveCount(0)
  await page.getByTestId('user-quota').fill('100')
  await page.getByTestId('form-submit').click()
  await expect(row(page, name)).toContainText('100')
  await expect(page.getByTestId('own-quota')).toContainText('900')

  // The credentials went by mail; the admin does not get to see them.
  const password = await mailTo(email, FIRST_PASSWORD)
  await expect(page.locator('body')).not.toContainText(password)

  const agent = await another()
  await agent.goto('/keys')
  await fillSignIn(agent, { name, password })
  await expect(agent).toHaveURL(/\/change-password/)
  await agent.goto('/quota')
  await expect(agent).toHaveURL(/\/change-password\?return=/)
  await agent.getByTestId('current-password').fill(password)
  await agent.getByTestId('new-password').fill(PASSWORD)
  await agent.getByTestId('repeat-password').fill('something else')
  await agent.getByTestId('change-submit').click()
  await expect(agent.locator('.el-form-item__error')).toHaveCount(1)
  await agent.getByTestId('repeat-password').fill(PASSWORD)
  await agent.getByTestId('change-submit').click()
  await expect(agent).toHaveURL('/quota')
  await expect(agent.getByTestId('own-quota')).toContainText('100')

  // K4.1a, and the agent sees it arrive.
  await row(page, name).getByTestId('action-recharge').click()
  await page.getByTestId('recharge-amount').fill('250')
  await page.getByTestId('recharge-memo').fill('for the weekend')
  await page.getByTestId('form-submit').click()
  await expect(row(page, name)).toContainText('350')
  await expect(page.getByTestId('own-quota')).toContainText('650')
  await expect(agent.getByTestId('own-quota')).toContainText('350')
})

test('k1_4a whoever is quicker than a dialog that opens is not taken out of the field', async ({ page }) => {
  await signIn(page, await somebody('agent_admin', await demo('super_admin')), '/users')
  await page.getByTestId('create-user').click()
  await page.getByTestId('user-email').focus()
  await expect(page.locator('.dialog-fade-enter-active')).toHaveCount(0)
  await expect(page.getByTestId('user-email')).toBeFocused()
  await page.getByTestId('form-cancel').click()

  await page.getByTestId('create-user').click()
  await expect(page.getByTestId('user-name')).toBeFocused()
})

test('k1_4a a name that is taken is said at its field, and the dialog stays', async ({ page, watch }) => {
  const root = await demo('super_admin')
  const [admin, other] = await Promise.all([somebody('agent_admin', root), somebody('agent', root)])
  watch.expectRefusal(422, '/users')
  watch.expectRefusal(409, '/users')
  await signIn(page, admin, '/users')
  await page.getByTestId('create-user').click()
  await page.getByTestId('user-name').fill(other.name)
  await page.getByTestId('user-email').fill(`${unique('free')}@e2e.example`)
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await expect(page.getByTestId('user-name')).toBeFocused()
})

test('k1_4a a mistyped address is mended on the user page, and the agent signs in with what was mailed there', async ({
  page,
  another,
}) => {
  const admin = await somebody('agent_admin', await demo('super_admin'), 100)
  const name = unique('sub')
  const [wrong, right] = [`${name}@e2e.exmaple`, `${name}@e2e.example`]
  const made = await admin.api.post<T.User>('/users', { name, email: wrong, role: 'agent', initial_quota: 100 })
  const astray = await mailTo(wrong, FIRST_PASSWORD)
  await signIn(page, admin, `/users/${made.id}`)
  await page.getByTestId('action-email').click()
  await expect(page.getByTestId('email-current')).toHaveText(wrong)
  await page.getByTestId('email-new').fill(wrong)
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await page.getByTestId('email-new').fill(right)
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('detail-email')).toContainText(right)

  const password = await mailTo(right, FIRST_PASSWORD)
  expect(password).not.toBe(astray)
  const agent = await another()
  await agent.goto('/keys')
  await fillSignIn(agent, { name, password })
  await expect(agent).toHaveURL(/\/change-password/)
})

test('k1_4b an agent that has a password of its own changes its address itself, and who made it does not', async ({
  page,
  another,
  watch,
}) => {
  const admin = await somebody('agent_admin', await demo('super_admin'))
  const agent = await somebody('agent', admin.api)
  await signIn(page, admin, `/users/${agent.id}`)
  await expect(page.getByTestId('email-its-own')).toBeVisible()
  await expect(page.getByTestId('action-email')).toHaveCount(0)

  const email = `${agent.name}@moved.example`
  const theirs = await another()
  watch.expectRefusal(422, '/me/email')
  await signIn(theirs, agent, '/account')
  await theirs.getByTestId('own-email').click()
  await theirs.getByTestId('own-email-new').fill(email)
  await theirs.getByTestId('own-email-password').fill('not my password')
  await theirs.getByTestId('form-submit').click()
  await expect(theirs.locator('.el-form-item__error')).toHaveCount(1)
  await theirs.getByTestId('own-email-password').fill(PASSWORD)
  await theirs.getByTestId('form-submit').click()
  await expect(theirs.getByTestId('detail-email')).toContainText(email)
  await mailTo(email, /邮箱已于/)
})

test('k1_4b an address that somebody has is refused at its field', async ({ page, watch }) => {
  const root = await demo('super_admin')
  const [one, other] = await Promise.all([somebody('agent', root), somebody('agent', root)])
  watch.expectRefusal(422, `/users/${one.id}/email`)
  await signIn(page, demoAccount('super_admin'), `/users/${one.id}`)
  await page.getByTestId('action-email').click()
  await page.getByTestId('email-new').fill(other.email.toUpperCase())
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await expect(page.getByTestId('email-new')).toBeFocused()
})

test('k1_4b who signed up and never got the mail is activated by a super admin', async ({ page, another }) => {
  const [name, visitor] = [unique('new'), Api.visitor()]
  const captcha = await visitor.post<T.Captcha>('/captchas', { kind: 'work' })
  const answer = { id: captcha.id, answer: work(captcha) }
  await visitor.post('/sign-up', { name, email: `${name}@e2e.example`, password: PASSWORD, captcha: answer })
  const { items } = await (await demo('super_admin')).get<T.Page<T.User>>(`/users?search=${name}`)
  await signIn(page, demoAccount('super_admin'), `/users/${items[0]?.id ?? ''}`)
  await expect(page.getByTestId('user-state')).toHaveAttribute('data-status', 'pending')
  await page.getByTestId('action-enable').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('user-state')).toHaveAttribute('data-status', 'active')
  const theirs = await another()
  await signIn(theirs, { name, password: PASSWORD })
})

test('k1_4b who is signed out everywhere signs in again', async ({ page, another, watch }) => {
  const { agent, theirs } = await agentInSight(page, another)
  await page.getByTestId('action-endSessions').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('form-submit')).toHaveCount(0)
  await expect(page.getByTestId('user-state')).toHaveAttribute('data-status', 'active')
  watch.expectRefusal(401, '/keys')
  await theirs.getByTestId('menu-keys').click()
  await expect(theirs).toHaveURL(/\/sign-in/)
  await fillSignIn(theirs, agent)
  await expect(theirs.getByTestId('user-menu')).toBeVisible()
})

test('k1_4b a disabled agent is signed out where it is, and comes in again once enabled', async ({
  page,
  another,
  watch,
}) => {
  const { admin, agent, theirs } = await agentInSight(page, another)
  await page.getByTestId('action-disable').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('user-state')).toHaveAttribute('data-status', 'disabled')
  watch.expectRefusal(401, '/keys')
  await theirs.getByTestId('menu-keys').click()
  await expect(theirs).toHaveURL(/\/sign-in/)

  watch.expectRefusal(403, '/session')
  await fillSignIn(theirs, agent)
  await expect(theirs.getByTestId('form-error')).toBeVisible()
  await page.getByTestId('action-enable').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('user-state')).toHaveAttribute('data-status', 'active')
  await fillSignIn(theirs, agent)
  await expect(theirs.getByTestId('user-menu')).toBeVisible()
  const { items } = await admin.api.get<T.Page<T.User>>(`/users?search=${agent.name}`)
  expect(items[0]?.state).toBe('active')
})
