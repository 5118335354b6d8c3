import type { Page } from '@playwright/test'

const asks = (path: string) => (url: URL) => url.pathname === `/api/v1${path}`

/** Answers in the server's place: with what cannot be made in the time of a test, or would be other tests' as well. */
export const answerWith = (page: Page, path: string, json: unknown) =>
  page.route(asks(path), (route) => route.fulfill({ json }))

/** What is said where there is no answer. */
export const BUSY = { type: 'about:blank', title: 'BUSY', status: 503, code: 'BUSY', request_id: 'req_e2e' }

interface Outage {
  /** Until then there is no answer at all. */
  refuse(): void
  /** From then on whoever asks again is answered. */
  end(): void
}
export async function outageOf(page: Page, path: string): Promise<Outage> {
  let refuse = () => {}
  const held = new Promise<void>((resolve) => (refuse = resolve))
  let over = false
  await page.route(asks(path), async (route) => {
    await held
    if (over) await route.fallback()
    else await route.fulfill({ status: BUSY.status, json: BUSY })
  })
  return { refuse, end: () => (over = true) }
}
