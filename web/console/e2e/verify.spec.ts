import type * as T from '../src/api/types'
import { demo, grant, newProject, seller, somebody } from './support/api'
import { verifyKey, type Verdict } from './support/crypto'
import { demoAccount, type Credentials } from './support/demo'
import { expect, signIn, test } from './support/test'

const FRONT = { id: 'a1b2c3d4e5f60718', name: 'front desk' }
const OTHER = { id: '0f1e2d3c4b5a6978', name: 'somebody else' }

test('k3_2c a refused device is looked up, with rule and remedy; k3_3a unbinding lets it in', async ({ page }) => {
  const { agent, made } = await seller(5)
  const batch = await agent.api.post<T.Batch>('/batches', {
    project_id: made.project.id,
    count: 1,
    unit: 'hour',
    validity: 1,
  })
  const { items } = await agent.api.get<T.Page<T.Key>>(`/keys?batch=${batch.id}`)
  const key = items[0]
  if (!key) throw new Error('a batch without keys')
  const project: Credentials = { ...made.project, secret: made.secret }
  const verify = (device: typeof FRONT): Promise<Verdict> => verifyKey(project, key.key, device)

  await signIn(page, agent, `/keys/${key.id}`)
  const state = page.getByTestId('key-state')
  await expect(state).toHaveAttribute('data-status', 'unused')
  await expect(page.getByTestId('no-devices')).toBeVisible()

  expect(await verify(FRONT)).toMatchObject({ valid: true, code: 'VALID' })
  await page.reload()
  await expect(state).toHaveAttribute('data-status', 'active')
  await expect(page.getByTestId(`device-${FRONT.id}`)).toContainText(FRONT.name)

  const refused = await verify(OTHER)
  expect(refused.valid).toBe(false)
  await page.getByTestId('menu-calls').click()
  await page.getByTestId('filter-key').fill(key.key)
  const line = page.getByTestId('table').locator('tbody tr').filter({ hasText: OTHER.name })
  await expect(async () => {
    await page.getByTestId('filters-apply').click()
    await expect(line).toHaveCount(1, { timeout: 1_000 })
  }).toPass({ timeout: 15_000 })
  await line.locator('[data-testid^="explain-"]').click()

  await expect(page).toHaveURL(/\/calls\/[a-z]+_/)
  await expect(page.getByTestId('call-code')).toHaveAttribute('data-code', refused.code)
  await expect(page.getByTestId('call-rule')).not.toBeEmpty()
  await expect(page.getByTestId('call-remedy')).not.toBeEmpty()
  await expect(page.getByTestId('call-steps').locator('[data-outcome="refused"]')).toHaveCount(1)
  await expect(page.getByTestId('call-now').locator('[data-code]')).toHaveAttribute('data-code', refused.code)

  await page.getByTestId('call-key').click()
  await page.getByTestId('action-unbind').click()
  await expect(page.getByTestId('confirm-message')).toContainText(FRONT.name)
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('no-devices')).toBeVisible()
  await expect(page.getByTestId('unbinds-left')).toContainText('2')

  expect(await verify(OTHER)).toMatchObject({ valid: true, code: 'VALID' })
  await page.reload()
  await expect(page.getByTestId(`device-${OTHER.id}`)).toBeVisible()
  // First uses and refusals: what one looks for.
  await expect(page.getByTestId('recent-calls').locator('li')).toHaveCount(2)
})

test('k3_3a at the limit a super admin unbinds all the same and says why, and the agent reads it', async ({
  page,
  another,
}) => {
  const [agent, made] = await Promise.all([
    somebody('agent', await demo('super_admin'), 5),
    newProject({ unbind_limit: 0 }),
  ])
  await grant(made.project.id, agent.id)
  await agent.api.post('/batches', { project_id: made.project.id, count: 1, unit: 'hour', validity: 1 })
  const { items } = await agent.api.get<T.Page<T.Key>>(`/keys?project=${made.project.id}`)
  const key = items[0]
  if (!key) throw new Error('a batch without keys')
  const project: Credentials = { ...made.project, secret: made.secret }
  expect((await verifyKey(project, key.key, FRONT)).valid).toBe(true)

  const theirs = await another()
  await signIn(theirs, agent, `/keys/${key.id}`)
  await expect(theirs.getByTestId('action-unbind')).toBeDisabled()
  await expect(theirs.getByTestId('unbindings')).toHaveCount(0)

  await signIn(page, demoAccount('super_admin'), `/keys/${key.id}`)
  await page.getByTestId('action-unbind').click()
  await expect(page.getByTestId('confirm-message')).toContainText(FRONT.name)
  await page.getByTestId('confirm-reason').fill('the computer is broken')
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('no-devices')).toBeVisible()
  await expect(page.getByTestId('unbindings')).toContainText('the computer is broken')

  await theirs.reload()
  await expect(theirs.getByTestId('unbindings')).toContainText('the computer is broken')
  expect((await verifyKey(project, key.key, OTHER)).valid).toBe(true)
})

test('k3_3 a key that is switched off is refused, and good again when it is on', async ({ page }) => {
  const { agent, made } = await seller(5)
  await agent.api.post('/batches', { project_id: made.project.id, count: 1, unit: 'hour', validity: 1 })
  const { items } = await agent.api.get<T.Page<T.Key>>(`/keys?project=${made.project.id}`)
  const key = items[0]
  if (!key) throw new Error('a batch without keys')
  const project: Credentials = { ...made.project, secret: made.secret }

  await signIn(page, agent, `/keys/${key.id}`)
  await page.getByTestId('action-disable').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('key-state')).toHaveAttribute('data-status', 'disabled')
  expect((await verifyKey(project, key.key, FRONT)).valid).toBe(false)
  await page.getByTestId('action-enable').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('key-state')).toHaveAttribute('data-status', 'unused')
  expect((await verifyKey(project, key.key, FRONT)).valid).toBe(true)
})
