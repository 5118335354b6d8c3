import { test as plain, expect, type BrowserContext, type Page } from '@playwright/test'
import zh from '../../src/locales/zh-CN/index'
import { base } from './api'
import type { Account } from './demo'

export { expect }

/**
 * What a test says beforehand that the server will refuse; all else that is refused fails the test.
 * The path is the console's API's (`/me`), or the customers' as a whole (`/customer/v1/me`).
 */
interface Watch {
  expectRefusal(status: number, path: string): void
}
interface Fixtures {
  watch: Watch
  /** Another browser, with a session of its own. */
  another: (options?: Parameters<typeof newContext>[1]) => Promise<Page>
}
const newContext = (browser: { newContext(options?: object): Promise<BrowserContext> }, options?: object) =>
  browser.newContext(options)

/**
 * An address of its own for each browser, as a demo believes it of a proxy on its machine: so many sign in in an hour that one address would be taken
 * for somebody who has texts sent at our cost.
 */
const fromSomewhere = () => ({
  'X-Forwarded-For': `10.${[1, 2, 3].map(() => Math.floor(Math.random() * 256)).join('.')}`,
})

interface Observed {
  host: string
  problems: string[]
  refusals: { status: number; path: string }[]
}

/** What ends the welcome of a customer who has signed in for the first time. */
export const welcomeStart = (page: Page) => page.getByTestId('welcome-start').filter({ visible: true })

function observe(context: BrowserContext, seen: Observed): void {
  // Whoever is new is welcomed on some page, and what is under the welcome is what a test is about.
  context.on('page', (page) => {
    const start = welcomeStart(page)
    const leave = () => start.click({ timeout: 2_000 }).catch(() => undefined)
    // Its page may have been left before it could be pressed.
    page.addLocatorHandler(start, leave, { noWaitAfter: true }).catch(() => undefined)
  })
  context.on('request', (request) => {
    const url = new URL(request.url())
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== seen.host)
      seen.problems.push(`asks elsewhere: ${url.href}`)
  })
  context.on('response', (response) => {
    const path = new URL(response.url()).pathname
    if (response.status() >= 400) seen.refusals.push({ status: response.status(), path })
  })
  context.on('weberror', (error) => seen.problems.push(`uncaught: ${String(error.error().stack)}`))
  context.on('console', (message) => {
    // The browser's own note about a refusal has no more to tell than the response above.
    if (message.text().startsWith('Failed to load resource')) return
    if (['error', 'warning'].includes(message.type())) seen.problems.push(`${message.type()}: ${message.text()}`)
  })
}

export const test = plain.extend<Fixtures & { seen: Observed }>({
  extraHTTPHeaders: async ({ baseURL }, use) => use(baseURL ? fromSomewhere() : {}),
  seen: async ({ baseURL }, use) => use({ host: new URL(baseURL ?? base).host, problems: [], refusals: [] }),
  watch: [
    async ({ context, seen }, use) => {
      // A visitor is told that there is no session.
      const expected = [{ status: 401, path: '/api/v1/me' }]
      observe(context, seen)
      await use({
        expectRefusal: (status, path) =>
          expected.push({ status, path: path.startsWith('/customer/') ? path : `/api/v1${path}` }),
      })
      const unexpected = seen.refusals.filter(
        ({ status, path }) => !expected.some((one) => one.status === status && one.path === path),
      )
      expect.soft(unexpected, 'refused by the server').toEqual([])
      expect.soft(seen.problems, 'console messages and foreign hosts').toEqual([])
    },
    { auto: true },
  ],
  another: async ({ browser, seen }, use) => {
    const opened: BrowserContext[] = []
    await use(async (options) => {
      const context = await newContext(browser, {
        baseURL: base,
        locale: 'zh-CN',
        extraHTTPHeaders: fromSomewhere(),
        ...options,
      })
      opened.push(context)
      observe(context, seen)
      return context.newPage()
    })
    for (const context of opened) await context.close()
  },
})

export async function fillSignIn(page: Page, { name, password }: Account): Promise<void> {
  await page.getByTestId('sign-in-name').fill(name)
  await page.getByTestId('sign-in-password').fill(password)
  await page.getByTestId('sign-in-submit').click()
}
export async function signIn(page: Page, account: Account, path = '/home'): Promise<void> {
  await page.goto(`/sign-in?return=${encodeURIComponent(path)}`)
  await fillSignIn(page, account)
  await expect(page).toHaveURL((url) => url.pathname === path.split('?')[0])
}
/** In English from the first page on. The account keeps it: not for one that other tests use too. */
export async function signInEnglish(page: Page, account: Account, path = '/home'): Promise<void> {
  await page.goto(`/sign-in?return=${encodeURIComponent(path)}`)
  await page.getByTestId('language-en').click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await fillSignIn(page, account)
  await expect(page).toHaveURL((url) => url.pathname === path.split('?')[0])
}
export async function signOut(page: Page): Promise<void> {
  await page.getByTestId('user-menu').click()
  await page.getByTestId('sign-out').click()
  await expect(page.getByTestId('sign-in-name')).toBeVisible()
}

/** The message that tells that something worked. */
export const toast = (page: Page, text: string | RegExp) => page.locator('.el-message').filter({ hasText: text })

/** A row of a list by any text in it. */
export const row = (page: Page, text: string) => page.getByTestId('table').locator('tbody tr').filter({ hasText: text })

/** Types into a picker and takes what it finds. */
export async function pick(page: Page, testid: string, text: string): Promise<void> {
  const box = page.getByTestId(testid)
  await box.click()
  await box.pressSequentially(text)
  await page.locator('.el-select-dropdown__item:visible').filter({ hasText: text }).click()
}

/** Takes one of a list's filters. */
export async function choose(page: Page, filter: string, option: string): Promise<void> {
  await page.getByTestId(`filter-${filter}`).click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

/** All that is shown, and what is read out, or shown as a hint. */
const said = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const beside = ['aria-label', 'placeholder', 'title'].flatMap((name) =>
      Array.from(document.querySelectorAll(`[${name}]`), (one) => one.getAttribute(name) ?? ''),
    )
    return [document.title, document.body.innerText, ...beside].join('\n')
  })

/** Keys that stand where their texts should. `names`: how keys begin. */
export async function untranslated(page: Page, names = Object.keys(zh)): Promise<string[]> {
  const shown = await said(page)
  return shown.match(new RegExp(`\\b(?:${names.join('|')})\\.[a-z]\\w*(?:\\.\\w+)*`, 'g')) ?? []
}

export const CHINESE = /[\u4e00-\u9fff]/
/** Lines that have Chinese in them. `but`: those that are so in any language. */
export async function inChinese(page: Page, but: string[] = []): Promise<string[]> {
  const lines = (await said(page)).split('\n').map((line) => line.trim())
  return lines.filter((line) => CHINESE.test(line) && !but.includes(line))
}

/** All that is shown, read out or hinted at is English, and no key stands where its text should. `names`: as above. */
export async function isEnglish(page: Page, names?: string[]): Promise<void> {
  // Whoever reads Chinese finds it by its own name.
  const lines = (await inChinese(page)).map((line) => line.replace('简体中文', ''))
  expect(lines.filter((line) => CHINESE.test(line))).toEqual([])
  expect(await untranslated(page, names)).toEqual([])
}
