import { readFile } from 'node:fs/promises'
import type { Download, Page } from '@playwright/test'
import { seller } from './support/api'
import { expect, pick, signIn, test } from './support/test'

const KEY = /^[0-9A-Z]{5}(-[0-9A-Z]{5}){4}$/

async function download(
  page: Page,
  start: () => Promise<void>,
): Promise<{ file: Download; keys: string[]; text: string }> {
  const coming = page.waitForEvent('download')
  await start()
  const file = await coming
  const text = await readFile(await file.path(), 'utf8')
  const cells = text.split(/\r?\n/).map((line) => line.split(',')[0]?.replaceAll('"', '').replace('\uFEFF', '') ?? '')
  return { file, text, keys: cells.filter((cell) => KEY.test(cell)) }
}

test('k3_1a a small batch: the price is quoted, paid, and the keys are there to copy and to take away', async ({
  page,
}) => {
  const { agent, made } = await seller(50)
  await signIn(page, agent, '/batches')
  await page.getByTestId('generate').first().click()
  await pick(page, 'generate-project', made.project.name)
  await page.getByTestId('generate-count').fill('12')
  await expect(page.getByTestId('quote-total')).toHaveText('12')
  await expect(page.getByTestId('quote-available')).toHaveText('50')
  await page.getByTestId('generate-note').fill('for the counter')
  await page.getByTestId('form-submit').click()

  await expect(page).toHaveURL(/\/batches\/bat_/)
  await expect(page.getByTestId('batch-state')).toHaveAttribute('data-status', 'ready')
  await expect(page.getByTestId('own-quota')).toContainText('38')
  await expect(page.getByTestId('detail-note')).toHaveText('for the counter')
  const shown = (await page.getByTestId('result-keys').inputValue()).split('\n')
  expect(shown).toHaveLength(12)
  for (const key of shown) expect(key).toMatch(KEY)

  const { file, keys } = await download(page, () => page.getByTestId('export-csv').click())
  expect(file.suggestedFilename()).toMatch(/\.csv$/)
  expect(keys.toSorted()).toEqual(shown.toSorted())
})

test('k3_1a what one cannot afford is said before one asks', async ({ page }) => {
  const { agent, made } = await seller(5)
  await signIn(page, agent, `/projects/${made.project.id}`)
  await page.getByTestId('action-generate').click()
  await page.getByTestId('generate-count').fill('6')
  await expect(page.getByTestId('quote-short')).toBeVisible()
  await page.getByTestId('generate-count').fill('5')
  await expect(page.getByTestId('quote-short')).toHaveCount(0)
})

test('k3_1c only the ticked rows are exported, and only they are switched off', async ({ page }) => {
  const { agent, made } = await seller(20)
  await agent.api.post('/batches', { project_id: made.project.id, count: 10, unit: 'hour', validity: 1 })
  await signIn(page, agent, '/keys')
  const ticks = page.locator('[data-testid^="tick-key_"]')
  await expect(ticks).toHaveCount(10)
  const wanted: string[] = []
  for (const at of [1, 4]) {
    const line = page.getByTestId('table').locator('tbody tr').nth(at)
    wanted.push((await line.locator('.key-text').innerText()).trim())
    await line.locator('.el-checkbox').click()
  }
  await expect(page.getByTestId('bulk-scope')).toContainText('2')

  await page.getByTestId('bulk-export').click()
  await expect(page.getByTestId('export-about')).toContainText('2')
  const { keys } = await download(page, () => page.getByTestId('form-submit').click())
  expect(keys.toSorted()).toEqual(wanted.toSorted())

  await page.getByTestId('bulk-disable').click()
  await page.getByTestId('form-submit').click()
  await expect(page.getByTestId('table').locator('[data-status="disabled"]')).toHaveCount(2)
  await expect(page.getByTestId('table').locator('[data-status="unused"]')).toHaveCount(8)
})

test('k3_1a a large batch is made while one looks on, and gets ready without a reload', async ({ page }) => {
  const { agent, made } = await seller(31_000)
  await signIn(page, agent, `/projects/${made.project.id}`)
  await page.getByTestId('action-generate').click()
  await page.getByTestId('generate-count').fill('30000')
  await expect(page.getByTestId('quote-total')).toHaveText('30,000')
  await page.evaluate(() => Object.assign(window, { sameDocument: true }))
  const begun = page.waitForResponse((one) => one.url().endsWith('/batches') && one.request().method() === 'POST')
  // Until it has been seen to be made, the page's looks at the batch find what they followed, however quick the server is.
  const looks = '**/api/v1/batches/bat_*'
  await page.route(looks, async (route) => route.fulfill({ json: await (await begun).json() }))
  await page.getByTestId('form-submit').click()
  expect((await (await begun).json()).state).toBe('generating')

  const state = page.getByTestId('batch-state')
  await expect(state).toHaveAttribute('data-status', 'generating')
  await expect(page.getByTestId('batch-progress')).toBeVisible()
  await expect(page.getByTestId('batch-made')).toContainText('30,000')
  await page.unroute(looks)
  await expect(state).toHaveAttribute('data-status', 'ready', { timeout: 60_000 })
  await expect(page.getByTestId('result-title')).toContainText('30,000')
  await expect(page.getByTestId('own-quota')).toContainText('1,000')
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true)

  const { keys } = await download(page, () => page.getByTestId('export-csv').click())
  expect(new Set(keys).size).toBe(30_000)
})
