import { demo, newProject, somebody } from './support/api'
import { demoAccount, unique } from './support/demo'
import { verifyKey } from './support/crypto'
import { expect, pick, row, signIn, test } from './support/test'

test('k2_1 a project is made, its secret is shown once, and the secret is good', async ({ page }) => {
  const name = unique('播放器')
  await signIn(page, demoAccount('super_admin'), '/projects')
  await page.getByTestId('create-project').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('project-name')).toBeFocused()
  await page.getByTestId('project-name').fill(name)
  await page.getByTestId('project-version').fill('2.4.1')
  await page.getByTestId('project-devices').fill('2')
  if ((await page.getByTestId('price-count-0').count()) === 0) await page.getByTestId('price-add').click()
  await page.getByTestId('price-count-0').fill('7')
  await page.getByTestId('price-price-0').fill('5')
  await page.getByTestId('form-submit').click()

  const secret = await page.getByTestId('secret-value').filter({ hasText: /^sk_/ }).innerText()
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('secret-once')).toBeVisible()
  await page.getByTestId('secret-saved').click()
  await expect(page).toHaveURL(/\/projects\/prj_[a-z0-9]+\?tab=access/)
  await expect(page.getByTestId('page-title')).toHaveText(name)
  const apiKey = await page.getByTestId('api-key').innerText()
  const publicKey = await page.getByTestId('public-key').innerText()

  const project = { id: '', api_key: apiKey, secret, response_public_key: publicKey }
  const device = { id: 'a1b2c3d4e5f60718', name: 'desk' }
  expect(await verifyKey(project, '00000-00000-00000-00000-00000', device)).toMatchObject({ code: 'NOT_FOUND' })

  await page.reload()
  await expect(page.getByTestId('api-key')).toHaveText(apiKey)
  await expect(page.locator('body')).not.toContainText(secret)
})

test('k2_1 of two who edit a project at once the second is told, and loads what is there now', async ({
  page,
  watch,
}) => {
  const [root, { project }] = await Promise.all([demo('super_admin'), newProject()])
  watch.expectRefusal(409, `/projects/${project.id}`)
  await signIn(page, demoAccount('super_admin'), `/projects/${project.id}`)
  await page.getByTestId('action-edit').click()
  const description = page.getByTestId('project-description')
  await description.fill('what I think')
  await root.call('PATCH', `/projects/${project.id}`, { description: 'what somebody else thinks' })
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('changed-meanwhile')).toBeVisible()
  await expect(description).toHaveValue('what I think')

  await page.getByTestId('load-current').click()
  await expect(description).toHaveValue('what somebody else thinks')
  await expect(page.getByTestId('changed-meanwhile')).toHaveCount(0)
  await description.fill('what both think')
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('project-description')).toHaveCount(0)
  await expect(page.locator('body')).toContainText('what both think')
})

test('k2_2a a project is granted to an agent, who then has it', async ({ page, another }) => {
  const [agent, { project }] = await Promise.all([somebody('agent', await demo('super_admin')), newProject()])
  const theirs = await another()
  await signIn(theirs, agent, '/projects')
  await expect(theirs.getByTestId('empty-state')).toBeVisible()

  await signIn(page, demoAccount('super_admin'), '/grants')
  await page.getByTestId('create-grant').click()
  await pick(page, 'grant-project', project.name)
  await pick(page, 'grant-agent', agent.name)
  await page.getByTestId('grant-note').fill('until the summer')
  await page.getByTestId('form-submit').click()
  await expect(row(page, agent.name)).toContainText(project.name)

  await expect(theirs.getByTestId('unread-count')).toHaveText('1')
  await theirs.reload()
  await theirs.getByRole('link', { name: project.name }).click()
  await expect(theirs.getByTestId('page-title')).toHaveText(project.name)
  await expect(theirs.getByTestId('action-generate')).toBeVisible()
  // What belongs to whoever runs the project is not for agents.
  await expect(theirs.getByTestId('tab-access')).toHaveCount(0)
  await expect(theirs.getByTestId('action-edit')).toHaveCount(0)
})

test('k2_2b an agent applies for an open project, the superior approves', async ({ page, another }) => {
  const admin = await somebody('agent_admin', await demo('super_admin'))
  const [agent, { project }] = await Promise.all([
    somebody('agent', admin.api),
    newProject({ open_for_application: true }),
  ])
  const root = await demo('super_admin')
  await root.post('/grants', { project_id: project.id, agent_id: admin.id })

  await signIn(page, agent, '/applications')
  await page.getByTestId('apply').click()
  await pick(page, 'apply-project', project.name)
  await page.getByTestId('apply-reason').fill('our shop has asked for it')
  await page.getByTestId('form-submit').click()
  await expect(row(page, project.name).locator('[data-status="pending"]')).toBeVisible()

  const superior = await another()
  await signIn(superior, admin, '/applications')
  await expect(row(superior, agent.name)).toContainText('our shop has asked for it')
  await row(superior, agent.name).getByTestId('action-approve').click()
  await superior.getByTestId('approve-note').fill('good luck')
  await superior.getByTestId('form-submit').click()
  await expect(row(superior, agent.name).locator('[data-status="approved"]')).toBeVisible()

  await expect(page.getByTestId('unread-count')).toBeVisible()
  await page.getByTestId('menu-projects').click()
  await expect(row(page, project.name)).toBeVisible()
})
