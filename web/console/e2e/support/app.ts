import type { Page } from '@playwright/test'
import type * as T from '../../src/api/types'
import { demo, mailTo, type Api } from './api'
import { expect } from './test'

/** How the app's keys begin. */
export const KEYS = ['common', 'complaint', 'errors', 'hall', 'mine', 'pay', 'play', 'signIn', 'split', 'table']

let phones = 0
/** A number that no other customer on this server has. */
export function phone(): string {
  phones += 1
  return `13${phones % 10}${String(Date.now()).slice(-8)}`
}

/** From the page for it; leads back to where one came from. Answers the code that was sent. */
export async function giveNumber(page: Page, number = phone()): Promise<string> {
  await page.getByTestId('phone').locator('input').fill(number)
  await page.getByTestId('send-code').click()
  await expect(page.getByTestId('code-sent')).toBeVisible()
  const code = await mailTo(number, /(\d{6})/)
  await page.getByTestId('code').locator('input').fill(code)
  await page.getByTestId('sign-in').click()
  return code
}

/** Somebody new, on the page of their own wallet. */
export async function someCustomer(page: Page): Promise<void> {
  await page.goto('/m/pages/mine')
  await page.getByTestId('to-sign-in').click()
  await giveNumber(page)
  await expect(page.getByTestId('recharge-open')).toBeVisible()
}

/** Of the demo's hall, by its place in the list: tests that run at once take different ones. */
export async function demoTable(place: number): Promise<{ hall: string; table: T.FloorTable }> {
  const staff = await demo('venue_manager')
  const { items } = await staff.get<{ items: T.Venue[] }>('/venues')
  const hall = items[0]?.id ?? ''
  const { tables } = await staff.get<T.Floor>(`/venues/${hall}/floor`)
  const table = tables[place]
  if (!table) throw new Error(`the demo has no table ${place}`)
  return { hall, table }
}

/** What the QR code on a table says. */
export const scanned = ({ url }: { url: string }): string => new URL(url).pathname + new URL(url).search

/** From the code on a table, an hour on it, and a new number, to the question how it is paid. */
export async function newcomerChooses(page: Page, table: { url: string }): Promise<void> {
  await page.goto(scanned(table))
  await page.getByTestId('quote-60').click()
  await page.getByTestId('table-open').click()
  await page.getByTestId('to-sign-in').click()
  await giveNumber(page)
}

/** Cash over the counter of the first hall where this one works. */
export async function takeCash(desk: Api, number: string, fen: number): Promise<void> {
  const { items } = await desk.get<{ items: T.Venue[] }>('/venues')
  const cash: T.DeskCash = { venue_id: items[0]?.id ?? '', number, amount_fen: fen }
  await desk.post('/customers/recharge', cash)
}

/** Somebody new, with so much cash in the wallet. */
export async function customerWithMoney(page: Page, desk: Api, fen: number): Promise<void> {
  await someCustomer(page)
  const number = ((await page.getByTestId('customer-number').textContent()) ?? '').trim()
  await takeCash(desk, number, fen)
}

/** From the code on a table to the question whether it should be opened, for an hour. */
export async function chooseHour(page: Page, { code }: { code: string }): Promise<void> {
  await page.goto(`/m/?t=${code}`)
  await chooseHourHere(page)
}

/** The same from the table's page. */
export async function chooseHourHere(page: Page): Promise<void> {
  await page.getByTestId('quote-60').click()
  await page.getByTestId('table-open').click()
  await expect(page.getByTestId('confirm-open')).toBeVisible()
}

export async function confirmOpen(page: Page): Promise<void> {
  await page.getByTestId('table-open-confirm').click()
  await expect(page.getByTestId('playing')).toBeVisible({ timeout: 30_000 })
}

export async function closeTable(page: Page): Promise<void> {
  await page.getByTestId('session-close').click()
  await page.getByTestId('session-close-confirm').click()
  await expect(page.getByTestId('ended')).toBeVisible()
}
