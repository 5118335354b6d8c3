import { demo } from './support/api'
import { demoAccount } from './support/demo'
import { expect, row, signIn, test } from './support/test'

// A setting that no other test looks at.
const KEY = 'notification.grant_warning_days'

test('k6_1 a setting is checked, saved and set back, and the operation log has it', async ({ page }) => {
  const root = await demo('super_admin')
  await root.call('DELETE', `/settings/${KEY}`)
  await signIn(page, demoAccount('super_admin'), '/settings')
  await page.getByTestId('settings-search').fill(KEY)
  await expect(page.locator('form.setting')).toHaveCount(1)
  const input = page.getByTestId(`setting-input-${KEY}`)
  await input.fill('61')
  await page.getByTestId(`setting-save-${KEY}`).click()
  await expect(page.locator('.el-form-item__error')).toContainText('60')
  await input.fill('seven')
  await page.getByTestId(`setting-save-${KEY}`).click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)

  await input.fill('7')
  await page.getByTestId(`setting-save-${KEY}`).click()
  await expect(page.getByTestId(`setting-changed-${KEY}`)).toContainText(demoAccount('super_admin').name)
  await page.reload()
  await expect(input).toHaveValue('7')

  await page.goto('/logs/operations?module=settings')
  const line = page
    .getByTestId('table')
    .locator('tbody tr')
    .filter({ hasText: demoAccount('super_admin').name })
  await line.first().getByTestId('action-detail').click()
  await expect(page.getByTestId('operation-content')).toContainText(KEY)
  await expect(page.getByTestId('operation-content')).toContainText('7')
  await page.keyboard.press('Escape')

  await page.getByTestId('menu-settings').click()
  await page.getByTestId(`setting-reset-${KEY}`).click()
  await page.getByTestId('form-submit').click()
  await expect(input).toHaveValue('3')
})

test('k6_1 a change that is not saved is not lost without a word', async ({ page }) => {
  await signIn(page, demoAccount('super_admin'), '/settings')
  await page.getByTestId('setting-input-security.lock_minutes').fill('77')
  await page.getByTestId('menu-home').click()
  await expect(page.getByTestId('confirm-message')).toBeVisible()
  await page.getByTestId('form-cancel').click()
  await expect(page).toHaveURL('/settings')
  await page.getByTestId('menu-home').click()
  await page.getByTestId('form-submit').click()
  await expect(page).toHaveURL('/home')
})

test('k6_3 every sign-in is in the log of its scope', async ({ page }) => {
  await signIn(page, demoAccount('agent_admin'), '/logs/sign-ins')
  await expect(row(page, demoAccount('agent_admin').name).first()).toContainText(/10(\.\d+){3}|127\.0\.0\.1/)
})
