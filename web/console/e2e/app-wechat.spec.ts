import type { Page } from '@playwright/test'
import { demo } from './support/api'
import { demoTable, giveNumber, scanned, someCustomer, takeCash } from './support/app'
import { expect, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

const ELSEWHERE = 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36'
const INSIDE_WECHAT = `${ELSEWHERE} MicroMessenger/8.0.50`

test('v2_1 in a demo one signs in by WeChat’s stand-in, and is back where one came from', async ({ page }) => {
  await page.goto('/m/pages/mine')
  const number = await page.getByTestId('customer-number').textContent()
  await page.getByTestId('to-sign-in').click()
  await page.getByTestId('sign-in-wechat').click()
  await expect(page.getByTestId('bound-wechat')).toHaveText('已绑定')
  // The guest that it was before; and nothing is left in the address.
  await expect(page.getByTestId('customer-number')).toHaveText(number ?? '')
  await expect(page).toHaveURL(/\/m\/pages\/mine$/)
  await page.reload()
  await expect(page.getByTestId('recharge-open')).toBeVisible()

  // A number is added, and leads to the same customer.
  await page.getByTestId('add-phone').click()
  await giveNumber(page)
  await page.getByTestId('join-yes').click()
  await expect(page.getByTestId('bound-phone')).toContainText('****')
  await expect(page.getByTestId('customer-number')).toHaveText(number ?? '')
})

test('v2_1 a number typed on a friend’s phone is another customer, and WeChat is bound by its own button', async ({
  page,
}) => {
  await page.goto('/m/pages/mine')
  await page.getByTestId('to-sign-in').click()
  await page.getByTestId('sign-in-wechat').click()
  const bound = page.getByTestId('bound-wechat')
  const number = page.getByTestId('customer-number')
  await expect(bound).toHaveText('已绑定')
  const friend = (await number.textContent()) ?? ''
  // Nothing would be left to sign in by.
  await page.getByTestId('wechat-change').click()
  await expect(page.getByTestId('wechat-only-way')).toBeVisible()
  await page.getByTestId('sheet-close').click()

  await page.getByTestId('add-phone').click()
  await giveNumber(page)
  await page.getByTestId('join-no').click()
  await expect(bound).toHaveText('未绑定')
  await expect(number).not.toHaveText(friend)
  const own = (await number.textContent()) ?? ''

  await page.getByTestId('wechat-change').click()
  await page.getByTestId('wechat-bind').click()
  await expect(bound).toHaveText('已绑定')
  await expect(number).toHaveText(own)
  await page.getByTestId('wechat-change').click()
  await page.getByTestId('wechat-unbind').click()
  await expect(bound).toHaveText('未绑定')
  await expect(number).toHaveText(own)
})

test('v2_1 WeChat that is another number’s stays so, and that is said', async ({ page, watch }) => {
  await someCustomer(page)
  watch.expectRefusal(409, '/customer/v1/wechat/bind')
  const problem = { status: 409, code: 'WECHAT_TAKEN', detail: '这个微信已绑定另一个手机号的账户' }
  await page.route('**/customer/v1/wechat/bind', (route) => route.fulfill({ status: 409, json: problem }))
  await page.getByTestId('wechat-change').click()
  await page.getByTestId('wechat-bind').click()
  // Back from WeChat's page, where one has left off.
  await expect(page.getByTestId('wechat-error')).toContainText('另一个手机号')
  await page.getByTestId('wechat-cancel').click()
  await expect(page.getByTestId('bound-wechat')).toHaveText('未绑定')
})

test('v2_1 a table is opened by whoever has signed in by WeChat alone', async ({ page, watch }) => {
  const staff = await demo('venue_manager')
  const { table } = await demoTable(3)
  await page.goto(scanned(table))
  await page.getByTestId('quote-120').click()
  await page.getByTestId('table-open').click()
  await page.getByTestId('to-sign-in').click()
  await page.getByTestId('sign-in-wechat').click()
  // The button is pressed again, with what was chosen.
  await expect(page.getByTestId('confirm-open')).toContainText('2 小时')
  await page.getByTestId('confirm-recharge').click()
  const told = page.getByTestId('recharge').getByTestId('customer-number')
  const customer = ((await told.textContent()) ?? '').replace(/\D/g, '')
  await takeCash(staff, customer, 50_000)
  await page.getByTestId('recharge-recheck').click()
  await page.getByTestId('table-open-confirm').click()
  await expect(page.getByTestId('playing')).toBeVisible()

  // A number that somebody else has cannot be joined while playing; it is said, with the way to the table.
  await page.goto('/m/pages/sign-in')
  await expect(page.getByTestId('sign-in-lead')).toContainText('绑定手机号')
  await expect(page.getByTestId('sign-in-wechat')).toHaveCount(0)
  watch.expectRefusal(409, '/customer/v1/sign-in')
  const problem = { status: 409, code: 'FINISH_FIRST', title: '请先完成' }
  await page.route('**/customer/v1/sign-in', (route) => route.fulfill({ status: 409, json: problem }))
  await giveNumber(page)
  await page.getByTestId('join-yes').click()
  await expect(page.getByTestId('form-error')).toContainText('不会丢失')
  await page.getByTestId('to-play').click()
  await page.getByTestId('session-close').click()
  await page.getByTestId('session-close-confirm').click()
  await expect(page.getByTestId('ended')).toBeVisible()
})

test('v2_1 a code that nobody here has asked for does nothing', async ({ page }) => {
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST') sent.push(new URL(request.url()).pathname)
  })
  // Nobody has begun to sign in here …
  await page.goto('/m/?code=stolen&state=wrong')
  await expect(page.getByTestId('halls')).toBeVisible()
  await expect(page).toHaveURL(/\/m\/$/)
  // … or it is under way, with another state.
  const asked = new Promise<URL>((resolve) => {
    void page.route('**/sandbox/weixin/connect/**', async (route) => {
      resolve(new URL(route.request().url()))
      await route.fulfill({ status: 204 })
    })
  })
  await page.goto('/m/pages/sign-in')
  await page.getByTestId('sign-in-wechat').click()
  const address = await asked
  expect([...address.searchParams.keys()]).toEqual(['appid', 'redirect_uri', 'response_type', 'scope', 'state'])
  await page.goto('/m/?t=&code=stolen&state=wrong')
  await expect(page.getByTestId('halls')).toBeVisible()
  await expect(page).toHaveURL(/\/m\/\?t=$/)
  expect(sent).toEqual([])
})

test('v2_1 a code is sent once, whatever WeChat says to it', async ({ page, watch }) => {
  watch.expectRefusal(401, '/customer/v1/wechat')
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST') sent.push(new URL(request.url()).pathname)
  })
  await page.route('**/sandbox/weixin/connect/**', async (route) => {
    const address = new URL(route.request().url())
    const back = `${address.searchParams.get('redirect_uri')}?code=spent&state=${address.searchParams.get('state')}`
    await route.fulfill({ status: 302, headers: { location: back } })
  })
  await page.goto('/m/pages/sign-in')
  await page.getByTestId('sign-in-wechat').click()
  await expect(page.getByTestId('form-error')).toContainText('微信授权已失效')
  await page.reload()
  await expect(page.getByTestId('sign-in-wechat')).toBeVisible()
  // Nor does the address that is left lead there again, by whatever way somebody comes to it.
  await page.goto(page.url())
  await expect(page.getByTestId('sign-in-wechat')).toBeVisible()
  expect(sent).toEqual(['/customer/v1/wechat'])
})

test.describe('inside WeChat', () => {
  test.use({ userAgent: INSIDE_WECHAT })

  /** As if this were no demo, with a window for paying whose word is `word`. */
  async function real(page: Page, words: { pays: boolean; word: string }[]): Promise<void> {
    await page.route('**/customer/v1/wechat', async (route) => {
      if (route.request().method() !== 'GET') return route.fallback()
      const response = await route.fetch()
      return route.fulfill({ response, json: { ...(await response.json()), anywhere: false } })
    })
    await page.exposeFunction('nextWord', () => words.shift())
    await page.addInitScript(() => {
      type Done = (answer: { err_msg: string }) => void
      const own = window as unknown as Record<string, unknown> & {
        nextWord(): Promise<{ pays: boolean; word: string } | undefined>
      }
      const invoke = async (name: string, given: Record<string, string>, done: Done) => {
        const next = await own.nextWord()
        const id = /^prepay_id=wx(.+)$/.exec(given.package ?? '')?.[1]
        const whole = ['appId', 'timeStamp', 'nonceStr', 'signType', 'paySign'].every((field) => given[field])
        if (name !== 'getBrandWCPayRequest' || !id || !whole || !next) throw new Error(`asked for ${name}`)
        if (next.pays)
          await fetch('/sandbox/wechat/pay', {
            method: 'POST',
            body: new URLSearchParams({ prepay_id: id, do: 'pay' }),
          })
        done({ err_msg: `get_brand_wcpay_request:${next.word}` })
      }
      // WeChat puts it into the page only after a while.
      setTimeout(() => {
        own.WeixinJSBridge = { invoke }
        document.dispatchEvent(new Event('WeixinJSBridgeReady'))
      }, 300)
    })
  }

  test('v4_1 one is signed in without being asked, and pays there', async ({ page }) => {
    await real(page, [
      { pays: false, word: 'cancel' },
      { pays: false, word: 'fail' },
      { pays: true, word: 'ok' },
    ])
    await page.goto('/m/pages/mine')
    await expect(page.getByTestId('bound-wechat')).toHaveText('已绑定')
    await page.getByTestId('recharge-open').click()
    await expect(page.getByTestId('pay-by-alipay')).toHaveCount(0)
    await page.getByTestId('amount-50').click()
    await page.getByTestId('recharge-pay').click()
    await expect(page.getByTestId('pay-word-cancel')).toBeVisible()
    await page.getByTestId('order-go').click()
    await expect(page.getByTestId('pay-word-fail')).toBeVisible()
    // Gone on with after the page was loaded anew.
    await page.reload()
    await page.getByTestId('order-go').click()
    await expect(page.getByTestId('order-recharged')).toBeVisible()
    await expect(page.getByTestId('order-text')).toContainText('50.00')
    await page.getByTestId('order-back').click()
    await expect(page.getByTestId('available')).toContainText('50.00')
  })

  test('v4_1 whoever came by a phone number pays there all the same', async ({ page, watch, another }) => {
    // Signed in outside WeChat, which does not know the payer; the app's storage comes along.
    watch.expectRefusal(409, '/customer/v1/orders')
    const outside = await another({ viewport: { width: 390, height: 844 }, userAgent: ELSEWHERE })
    await someCustomer(outside)
    const kept = await outside.evaluate(() => localStorage.getItem('cuekey.customer'))
    await real(page, [{ pays: true, word: 'ok' }])
    await page.goto('/m/')
    await page.evaluate((text) => localStorage.setItem('cuekey.customer', text ?? ''), kept)
    await page.goto('/m/pages/mine?tab=bills')
    await expect(page.getByTestId('bound-wechat')).toHaveText('未绑定')
    await page.getByTestId('recharge-open').click()
    await page.getByTestId('amount-200').click()
    await page.getByTestId('recharge-pay').click()
    // Over WeChat's page and back, with what was asked for.
    await expect(page.getByTestId('order-recharged')).toBeVisible()
    await expect(page.getByTestId('order-amount')).toContainText('200.00')
    await page.getByTestId('order-back').click()
    await expect(page).toHaveURL(/\/m\/pages\/mine\?tab=bills$/)
    await expect(page.getByTestId('available')).toContainText('200.00')
    // The phone may be a friend's: paying by its WeChat does not make that one's own.
    await expect(page.getByTestId('bound-wechat')).toHaveText('未绑定')
  })

  test('v2_1 a table’s button leads on by itself, and whoever has signed out is not signed in again', async ({
    page,
  }) => {
    await real(page, [])
    const { table } = await demoTable(4)
    await page.goto(scanned(table))
    await page.getByTestId('quote-120').click()
    await page.getByTestId('table-open').click()
    await expect(page.getByTestId('confirm-open')).toContainText('2 小时', { timeout: 30_000 })
    await page.goto('/m/pages/mine')
    await page.getByTestId('sign-out').click()
    await page.getByTestId('sign-out-confirm').click()
    await page.getByTestId('mine-link').click()
    await expect(page.getByTestId('to-sign-in')).toBeVisible()
    await expect(page.getByTestId('customer-phone')).toHaveText('游客')
  })

  test('v4_1 in a demo its stand-in’s page is the window', async ({ page }) => {
    await page.goto('/m/pages/mine')
    await page.getByTestId('recharge-open').click()
    await page.getByTestId('recharge-pay').click()
    await page.getByTestId('stand-in-pay').click()
    await expect(page.getByTestId('order-text')).toContainText('100.00')
  })
})
