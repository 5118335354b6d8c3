import { demo, somebody } from './support/api'
import { demoAccount } from './support/demo'
import { expect, signIn, test } from './support/test'

test('k1_2a an English operator switches before signing in, and the account keeps it', async ({ page, another }) => {
  const agent = await somebody('agent', await demo('super_admin'))
  await page.goto('/sign-in')
  await page.getByTestId('language-en').click()
  await expect(page.getByTestId('page-title')).toHaveText('Sign in')
  await page.reload()
  await expect(page.getByTestId('page-title')).toHaveText('Sign in')
  await page.getByTestId('language-en').click()
  await page.getByTestId('sign-in-name').fill(agent.name)
  await page.getByTestId('sign-in-password').fill(agent.password)
  await page.getByTestId('sign-in-submit').click()
  await expect(page).toHaveURL('/home')
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  for (const entry of ['home', 'keys', 'batches', 'quota', 'withdrawals']) {
    await page.getByTestId(`menu-${entry}`).click()
    await expect(page.getByTestId(`menu-${entry}`)).toHaveAttribute('aria-current', 'page')
    await expect(page.getByTestId('page-title')).not.toHaveText(/[\u4e00-\u9fff]/)
  }
  const elsewhere = await another()
  await signIn(elsewhere, agent)
  await expect(elsewhere.locator('html')).toHaveAttribute('lang', 'en')
  await elsewhere.getByTestId('language-zh-CN').first().click()
  await expect(elsewhere.getByTestId('page-title')).toHaveText(/[\u4e00-\u9fff]/)
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true })

  test('k1_2c the menu opens, leads on and closes; nothing is wider than the screen', async ({ page }) => {
    await signIn(page, demoAccount('agent'))
    await expect(page.getByTestId('menu-keys')).toHaveCount(0)
    for (const [entry, path] of [
      ['menu-keys', '/keys'],
      ['menu-batches', '/batches'],
      ['menu-calls', '/calls'],
      ['menu-quota', '/quota'],
      ['menu-home', '/home'],
    ] as const) {
      await page.getByTestId('open-menu').tap()
      await page.getByTestId(entry).tap()
      await expect(page).toHaveURL(path)
      await expect(page.getByTestId(entry)).not.toBeVisible()
      await expect(page.getByTestId('page-title')).toBeVisible()
      await expect(page.getByTestId('table-loading')).toHaveCount(0)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(wide, `${path} is wider than the screen`).toBeLessThanOrEqual(0)
    }
  })
})

test('k1_2a one signs in, opens the menu of one’s account and signs out without a mouse', async ({ page }) => {
  const { name, password } = demoAccount('agent')
  await page.goto('/sign-in')
  const field = page.getByTestId('sign-in-name')
  await expect(field).toBeVisible()
  for (let presses = 0; presses < 12; presses += 1) {
    if (await field.evaluate((element) => element === document.activeElement)) break
    await page.keyboard.press('Tab')
  }
  await expect(field).toBeFocused()
  await page.keyboard.type(name)
  await page.keyboard.press('Tab')
  await expect(page.getByTestId('sign-in-password')).toBeFocused()
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL('/home')

  // The first stop on every page leads past the menu.
  await page.reload()
  await expect(page.getByTestId('home-tiles')).toBeVisible()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.locator('main#content')).toBeFocused()

  await page.getByTestId('user-menu').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('sign-out')).toBeVisible()
  await page.getByTestId('sign-out').focus()
  await page.keyboard.press('Enter')
  await expect(field).toBeVisible()
})
