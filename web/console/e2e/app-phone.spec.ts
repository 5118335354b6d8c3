import { mailTo } from './support/api'
import { giveNumber, KEYS, phone } from './support/app'
import { CHINESE, expect, test, untranslated, welcomeStart } from './support/test'

const viewport = { width: 390, height: 844 }
test.use({ viewport })

const CODE = /(\d{6})/
const CODE_WRONG = '验证码不正确或已失效，请核对或重新获取'
const shortened = (number: string) => `${number.slice(0, 3)}****${number.slice(-4)}`

test('v2_1 a customer changes the phone number with a code to each, and a wrong one is said at its field', async ({
  page,
  watch,
}) => {
  // A number gets one text in a minute, and this one has had one for signing in.
  test.setTimeout(150_000)
  watch.expectRefusal(429, '/customer/v1/phone-codes')
  watch.expectRefusal(422, '/customer/v1/phone')
  const [before, after] = [phone(), phone()]
  await page.goto('/m/pages/mine')
  await page.getByTestId('to-sign-in').click()
  const signedIn = await giveNumber(page, before)
  const bound = page.getByTestId('bound-phone')
  await expect(bound).toHaveText(shortened(before))

  await page.getByTestId('phone-change').click()
  const sheet = page.getByTestId('phone-sheet')
  const field = (name: string) => sheet.getByTestId(name).locator('input')
  const wrong = (name: string) => sheet.getByTestId(`${name}-error`)
  const sent = sheet.getByText('验证码已发送')
  await sheet.getByTestId('phone-change-confirm').click()
  for (const name of ['left-phone', 'next-phone']) await expect(wrong(name)).toHaveText('请输入正确的手机号。')
  for (const name of ['left-code', 'next-code']) await expect(wrong(name)).toHaveText('请输入 6 位数字验证码。')

  await field('next-phone').fill(after)
  await sheet.getByTestId('next-send-code').click()
  await expect(sent).toHaveCount(1)
  const next = await mailTo(after, CODE)
  await field('left-phone').fill(after)
  await sheet.getByTestId('left-send-code').click()
  await expect(wrong('left-phone')).toHaveText(`这不是原手机号，原手机号是 ${shortened(before)}。`)
  await field('left-phone').fill(before)
  await expect(async () => {
    await sheet.getByTestId('left-send-code').click()
    await expect(sent).toHaveCount(2, { timeout: 3_000 })
  }).toPass({ timeout: 90_000 })
  let left = ''
  await expect
    .poll(async () => (left = await mailTo(before, CODE)), { message: 'the second code', timeout: 15_000 })
    .not.toBe(signedIn)

  const other = (code: string) => (code === '000000' ? '111111' : '000000')
  await field('left-code').fill(other(left))
  await field('next-code').fill(next)
  await sheet.getByTestId('phone-change-confirm').click()
  await expect(wrong('left-code')).toHaveText(CODE_WRONG)
  await expect(wrong('next-code')).toHaveCount(0)
  await field('left-code').fill(left)
  await field('next-code').fill(other(next))
  await sheet.getByTestId('phone-change-confirm').click()
  await expect(wrong('next-code')).toHaveText(CODE_WRONG)
  await expect(wrong('left-code')).toHaveCount(0)
  await expect(bound).toHaveText(shortened(before))

  await field('next-code').fill(next)
  await sheet.getByTestId('phone-change-confirm').click()
  await expect(page.getByText('已更换手机号')).toBeVisible()
  await expect(sheet).toHaveCount(0)
  await expect(bound).toHaveText(shortened(after))
  await page.reload()
  await expect(bound).toHaveText(shortened(after))
})

for (const { locale, title, text, start } of [
  {
    locale: 'zh-CN',
    title: '欢迎',
    text: '欢迎来打球！扫球台上的二维码即可开台，灯亮后开始计时。',
    start: '开始使用',
  },
  {
    locale: 'en-US',
    title: 'Welcome',
    text: 'Good to have you here! Scan the code on a table to open it; the lamp comes on, and time counts from then.',
    start: 'Let’s play',
  },
]) {
  test(`v2_1 the welcome and the change of number are all in the reader’s language: ${locale}`, async ({
    browser,
    baseURL,
  }) => {
    // In other tests' browsers somebody clicks each welcome away.
    const context = await browser.newContext({ baseURL, viewport, locale })
    const page = await context.newPage()
    await page.goto('/m/pages/mine')
    await page.getByTestId('to-sign-in').click()
    await giveNumber(page)
    const sheet = page.getByRole('dialog')
    await expect(sheet).toHaveAccessibleName(title)
    await expect(sheet).toContainText(text)
    await expect(welcomeStart(page)).toHaveText(start)
    expect(await untranslated(page, KEYS)).toEqual([])
    // Whoever has a keyboard stays in it, and leaves it by Escape.
    const cross = sheet.getByTestId('sheet-close')
    await cross.focus()
    await page.keyboard.press('Tab')
    await expect(welcomeStart(page)).toBeFocused()
    await page.keyboard.press('Tab')
    await expect(cross).toBeFocused()
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('welcome')).toHaveCount(0)

    const opener = page.getByTestId('phone-change')
    await opener.press('Enter')
    await expect(page.getByTestId('phone-sheet')).toBeVisible()
    await expect(cross).toBeFocused()
    // What is missing is said in words too.
    await page.getByTestId('phone-change-confirm').press('Enter')
    await expect(page.getByTestId('next-code-error')).toBeVisible()
    expect(await untranslated(page, KEYS)).toEqual([])
    if (locale === 'en-US') await expect(sheet).not.toHaveText(CHINESE)
    await page.getByTestId('phone-change-cancel').press('Enter')
    await expect(sheet).toHaveCount(0)
    await expect(opener).toBeFocused()
    await context.close()
  })
}
