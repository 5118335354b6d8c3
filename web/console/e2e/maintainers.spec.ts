import type * as T from '../src/api/types'
import { demo, FIRST_PASSWORD, mailTo, PASSWORD } from './support/api'
import { demoAccount, unique } from './support/demo'
import { ownHall } from './support/hall'
import { expect, fillSignIn, isEnglish, row, signIn, signInEnglish, test } from './support/test'

test('v5_2 a manager makes a maintainer for its hall, who comes in there by what was mailed, and is disabled again', async ({
  page,
  another,
}) => {
  const { manager, venue } = await ownHall()
  const name = unique('mt')
  const email = `${name}@e2e.example`
  await signIn(page, manager, '/floor')
  await page.getByTestId('menu-maintainers').click()
  await page.getByTestId('create-maintainer').click()
  const dialog = page.getByRole('dialog')
  // It has one hall alone, which is chosen already.
  await expect(dialog).toContainText(venue.name)
  await page.getByTestId('form-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(2)
  await page.getByTestId('maintainer-name').fill(name)
  await page.getByTestId('maintainer-email').fill(email)
  await page.getByTestId('form-submit').click()
  await expect(row(page, name)).toContainText(email)

  const password = await mailTo(email, FIRST_PASSWORD)
  const fixer = await another()
  await fixer.goto('/floor')
  await fillSignIn(fixer, { name, password })
  await expect(fixer).toHaveURL(/\/change-password/)
  await fixer.getByTestId('current-password').fill(password)
  await fixer.getByTestId('new-password').fill(PASSWORD)
  await fixer.getByTestId('repeat-password').fill(PASSWORD)
  await fixer.getByTestId('change-submit').click()
  await expect(fixer).toHaveURL('/floor')
  await expect(fixer.getByTestId('hall-shown')).toHaveText(venue.name)
  await expect(fixer.getByTestId('menu-cases')).toBeVisible()
  await expect(fixer.getByTestId('menu-maintainers')).toHaveCount(0)
  // Where nothing is asked meanwhile.
  await fixer.getByTestId('menu-notifications').click()
  await expect(fixer).toHaveURL('/notifications')

  await row(page, name).getByTestId('action-disable').click()
  await page.getByTestId('form-submit').click()
  await expect(row(page, name).locator('[data-status="disabled"]')).toBeVisible()
  await fixer.goto('/cases')
  await expect(fixer).toHaveURL(/\/sign-in/)

  // What super admins have disabled as well the manager cannot undo, and is offered nothing that would not work.
  const root = await demo('super_admin')
  const { items } = await root.get<T.Page<T.User>>(`/users?search=${name}`)
  const chief = await another()
  await signIn(chief, demoAccount('super_admin'), '/maintainers')
  await expect(row(chief, name)).toContainText(manager.name)
  await chief.goto(`/users/${items[0]?.id ?? ''}`)
  await expect(chief.getByTestId('detail-made_by')).toHaveText(manager.name)
  await chief.getByTestId('action-disable').click()
  await chief.getByTestId('form-submit').click()
  await expect(chief.getByTestId('user-state')).toHaveAttribute('data-status', 'disabled_above')
  await page.reload()
  await expect(row(page, name).locator('[data-status="disabled_above"]')).toBeVisible()
  await expect(row(page, name).getByTestId('action-enable')).toHaveCount(0)
})

test('k1_2a a manager reads of its maintainers in English, and another manager does not see them', async ({
  page,
  another,
}) => {
  const { manager, venue } = await ownHall()
  const name = unique('mt')
  await manager.api.post('/maintainers', { name, email: `${name}@e2e.example`, venue_ids: [venue.id] })
  await signInEnglish(page, manager, '/maintainers')
  await expect(row(page, name)).toContainText('Active')
  await isEnglish(page)
  await page.getByTestId('create-maintainer').click()
  await expect(page.getByRole('dialog')).toContainText('New maintainer')
  await isEnglish(page)

  const theirs = await another()
  await signIn(theirs, (await ownHall()).manager, '/maintainers')
  await expect(theirs.getByText('还没有维护人员')).toBeVisible()
})
