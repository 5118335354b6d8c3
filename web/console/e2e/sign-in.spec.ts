import { demo, somebody } from './support/api'
import { demoAccount, type DemoRole } from './support/demo'
import { expect, fillSignIn, signIn, signOut, test } from './support/test'

const menus: Record<Exclude<DemoRole, 'venue_manager' | 'cashier'>, { has: string[]; lacks: string[] }> = {
  super_admin: { has: ['menu-users', 'menu-grants', 'menu-callbacks', 'menu-settings', 'menu-jobs'], lacks: [] },
  agent_admin: {
    has: ['menu-users', 'menu-grants', 'menu-applications', 'menu-batches', 'menu-quota'],
    lacks: ['menu-callbacks', 'menu-settings', 'menu-jobs'],
  },
  agent: {
    has: ['menu-applications', 'menu-batches', 'menu-keys', 'menu-quota', 'menu-withdrawals'],
    lacks: ['menu-users', 'menu-grants', 'menu-callbacks', 'menu-settings', 'menu-jobs'],
  },
}

for (const role of ['super_admin', 'agent_admin', 'agent'] as const) {
  test(`k1_2c the ${role} lands on its home, with its own menu`, async ({ page }) => {
    await page.goto('/sign-in')
    await fillSignIn(page, demoAccount(role))
    await expect(page).toHaveURL('/home')
    await expect(page.getByTestId('page-title')).toContainText(demoAccount(role).name)
    await expect(page.getByTestId('home-tiles')).toBeVisible()
    for (const entry of menus[role].has) await expect(page.getByTestId(entry)).toBeVisible()
    for (const entry of menus[role].lacks) await expect(page.getByTestId(entry)).toHaveCount(0)
    await page.getByTestId('menu-notifications').click()
    await expect(page.getByTestId('menu-notifications')).toHaveAttribute('aria-current', 'page')
    await signOut(page)
    await page.goto('/home')
    await expect(page).toHaveURL(/\/sign-in\?return=/)
  })
}

test('k1_2c a page of another role is refused by name, and the way back leads home', async ({ page }) => {
  await signIn(page, demoAccount('agent'))
  await page.goto('/settings')
  await expect(page).toHaveURL('/forbidden')
  await page.goto('/')
  await expect(page).toHaveURL('/home')
})

test('k1_2a a page that needs a session leads to sign-in, and then to where one was going', async ({ page }) => {
  await page.goto('/users?state=active')
  await expect(page).toHaveURL(/\/sign-in\?return=/)
  await fillSignIn(page, demoAccount('agent_admin'))
  await expect(page).toHaveURL('/users?state=active')
})

test('k1_2a what is missing is said at the field, before the server is asked', async ({ page }) => {
  await page.goto('/sign-in')
  await page.getByTestId('sign-in-submit').click()
  await expect(page.locator('.el-form-item__error')).toHaveCount(2)
  await expect(page.getByTestId('sign-in-name')).toBeFocused()
})

// ASVS 6.2.6 and 6.2.7.
test('k1_2a a password is hidden until one shows it, may be pasted, and is known to managers', async ({ page }) => {
  await page.goto('/sign-in')
  const name = page.getByTestId('sign-in-name')
  const password = page.getByTestId('sign-in-password')
  await expect(name).toHaveAttribute('autocomplete', 'username')
  await expect(password).toHaveAttribute('autocomplete', 'current-password')

  // By the keyboard, as people do: what is hidden cannot be copied, so it comes from the other field.
  const text = 'Two words, 中文 and 42'
  await name.fill(text)
  await name.press('Control+a')
  await name.press('Control+c')
  await password.press('Control+v')
  await expect(password).toHaveValue(text)

  const toggle = page.locator('.password-toggle')
  await expect(password).toHaveAttribute('type', 'password')
  await toggle.click()
  await expect(password).toHaveAttribute('type', 'text')
  await expect(password).toHaveValue(text)
  await toggle.click()
  await expect(password).toHaveAttribute('type', 'password')
})

test('k1_2b a wrong password is refused in words; after three a captcha, which the device can work out', async ({
  page,
  watch,
}) => {
  const agent = await somebody('agent', await demo('super_admin'))
  watch.expectRefusal(401, '/session')
  await page.goto('/sign-in')
  for (let failure = 1; failure <= 3; failure += 1) {
    await expect(page.getByTestId('captcha-text')).toHaveCount(0)
    const answered = page.waitForResponse((response) => response.url().endsWith('/api/v1/session'))
    await fillSignIn(page, { name: agent.name, password: `wrong ${failure}` })
    expect((await answered).status()).toBe(401)
    await expect(page.getByTestId('form-error')).toBeVisible()
    await expect(page.getByTestId('sign-in-password')).toHaveValue('')
  }
  await expect(page.getByTestId('captcha-text')).toBeVisible()
  await expect(page.getByTestId('captcha-refresh').locator('img')).toBeVisible()

  // The right password alone is not enough now.
  await fillSignIn(page, agent)
  await expect(page.locator('.el-form-item__error')).toHaveCount(1)
  await expect(page).toHaveURL('/sign-in')

  await page.getByTestId('captcha-work').click()
  await expect(page.getByTestId('captcha-work-state')).toHaveAttribute('data-done', 'true', { timeout: 20_000 })
  await fillSignIn(page, agent)
  await expect(page).toHaveURL('/home')
})

test('k1_2b a captcha that was read wrong is replaced by another', async ({ page, watch }) => {
  const agent = await somebody('agent', await demo('super_admin'))
  watch.expectRefusal(401, '/session')
  await page.goto('/sign-in')
  for (let failure = 1; failure <= 3; failure += 1) {
    const answered = page.waitForResponse((response) => response.url().endsWith('/api/v1/session'))
    await fillSignIn(page, { name: agent.name, password: `wrong ${failure}` })
    await answered
    await expect(page.getByTestId('sign-in-password')).toHaveValue('')
  }
  const image = page.getByTestId('captcha-refresh').locator('img')
  const first = await image.getAttribute('src')
  await page.getByTestId('captcha-text').fill('?????')
  const again = page.waitForResponse((response) => response.url().endsWith('/api/v1/session'))
  await fillSignIn(page, agent)
  expect((await (await again).json()).code).toBe('CAPTCHA_WRONG')
  await expect(page.getByTestId('captcha-text')).toHaveValue('')
  await expect(image).not.toHaveAttribute('src', first ?? '')
})
