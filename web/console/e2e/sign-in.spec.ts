import { expect, test } from '@playwright/test'

test('k1_2a a page that needs a session leads to sign-in, and remembers where one was going', async ({ page }) => {
  await page.goto('/users?state=active')
  await expect(page).toHaveURL(/\/sign-in\?return=/)
  await expect(page.getByTestId('sign-in-name')).toBeVisible()
})

test('k1_2a a wrong password is refused in plain words', async ({ page }) => {
  await page.goto('/sign-in')
  await page.getByTestId('sign-in-name').fill('nobody-of-this-name')
  await page.getByTestId('sign-in-password').fill('not the password')
  await page.getByTestId('sign-in-submit').click()
  await expect(page.getByTestId('form-error')).toBeVisible()
})

test('an English operator can switch the language before signing in', async ({ page }) => {
  await page.goto('/sign-in')
  await page.getByTestId('language-en').click()
  await expect(page.getByTestId('page-title')).toHaveText('Sign in')
  await page.reload()
  await expect(page.getByTestId('page-title')).toHaveText('Sign in')
})
