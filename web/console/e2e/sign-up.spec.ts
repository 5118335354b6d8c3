import { PASSWORD } from './support/api'
import { unique } from './support/demo'
import { expect, fillSignIn, test } from './support/test'

test('k1_1 one signs up, follows the link in the mail, signs in, and is told what comes first', async ({
  page,
  watch,
}) => {
  // As long as luck has it: how many hashes the proof of work takes is drawn.
  test.setTimeout(120_000)
  const name = unique('new')
  const email = `${name}@e2e.example`
  await page.goto('/sign-in')
  await page.getByTestId('to-sign-up').click()
  await page.getByTestId('sign-up-name').fill(name)
  await page.getByTestId('sign-up-email').fill(email)
  await page.getByTestId('sign-up-password').fill(PASSWORD)
  await page.getByTestId('captcha-work').click()
  await expect(page.getByTestId('captcha-work-state')).toHaveAttribute('data-done', 'true', { timeout: 60_000 })
  await page.getByTestId('sign-up-submit').click()
  await expect(page.getByText(email)).toBeVisible()

  // Not before the address is proven.
  watch.expectRefusal(403, '/session')
  await page.goto('/sign-in')
  await fillSignIn(page, { name, password: PASSWORD })
  await expect(page.getByTestId('form-error').getByRole('link')).toHaveAttribute('href', '/resend-verification')

  await page.getByTestId('demo-mailbox').click()
  await expect(async () => {
    await page.getByTestId('mailbox-reload').click()
    await page.getByTestId('mails').getByRole('button').filter({ hasText: email }).first().click({ timeout: 1_000 })
  }).toPass({ timeout: 15_000 })
  await expect(page.getByTestId('mail')).toContainText(email)
  await page.getByTestId('mail-link').click()
  await page.getByTestId('to-sign-in').click()
  await expect(page.getByTestId('sign-in-name')).toHaveValue(name)
  await fillSignIn(page, { name, password: PASSWORD })

  await expect(page).toHaveURL('/home')
  await expect(page.getByTestId('first-steps')).toBeVisible()
  await expect(page.getByTestId('own-quota')).toContainText('0')
  await expect(page.getByTestId('menu-settings')).toHaveCount(0)
})

test('k1_1 a link that is not good says so and offers another', async ({ page, watch }) => {
  watch.expectRefusal(400, '/sign-up/verify')
  await page.goto('/verify-email?token=not-a-token')
  await expect(page.locator('a[href="/resend-verification"]')).toBeVisible()
})

test('k1_1a what is wrong with a sign-up is said at its fields', async ({ page }) => {
  await page.goto('/sign-up')
  await page.getByTestId('sign-up-email').fill('not an address')
  await page.getByTestId('sign-up-password').fill('short')
  await page.getByTestId('sign-up-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(4)
})
