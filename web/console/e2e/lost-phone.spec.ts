import type { Page } from '@playwright/test'
import { Customer } from './support/customer'
import { demoAccount } from './support/demo'
import { expect, signIn, test, toast } from './support/test'

async function open(page: Page, action = 'lost-phone', name = '去除顾客丢失的手机号') {
  await page.getByTestId('floor-manage').click()
  await page.getByTestId(action).click()
  const dialog = page.getByRole('dialog', { name })
  await expect(dialog.getByTestId('lost-phone-number')).toBeFocused()
  return dialog
}

test('v2_1 the desk takes a lost number off whom it has seen, and nobody’s only way to come back', async ({
  page,
  watch,
}) => {
  const lost = await Customer.signedIn()
  const { number, phone } = await lost.me()
  watch.expectRefusal(422, '/customers/find')
  watch.expectRefusal(409, '/customers/take-phone-off')
  await signIn(page, demoAccount('venue_manager'), '/floor')

  const dialog = await open(page)
  const wrong = dialog.getByRole('alert')
  await dialog.getByTestId('form-submit').click()
  await expect(wrong).toHaveText(['请输入会员号', '请写明如何核实的'])
  await dialog.getByTestId('lost-phone-number').fill('00000000')
  await expect(wrong.first()).toHaveText('没有这个会员号或手机号')
  // Whose it is, is seen as soon as the number is whole.
  await dialog.getByTestId('lost-phone-number').fill(number)
  await expect(dialog.getByTestId('lost-phone-who')).toContainText(`会员 ${number}，${phone}`)
  await dialog.getByTestId('lost-phone-why').fill('named the last two bills')
  await dialog.getByTestId('lost-phone-why').press('Enter')
  await expect(toast(page, `已去除会员 ${number} 的手机号，请顾客现在就绑定新号码`)).toBeVisible()
  await expect(dialog).toBeHidden()
  expect((await lost.me()).phone).toBeNull()

  // Nothing of the customer before is left in it; and what was taken off is not taken off again.
  await open(page)
  await expect(dialog.getByTestId('lost-phone-why')).toHaveValue('')
  await dialog.getByTestId('lost-phone-number').fill(number)
  await expect(dialog.getByTestId('lost-phone-who')).toContainText(`会员 ${number}，没有手机号`)
  await dialog.getByTestId('lost-phone-why').fill('the same again')
  await dialog.getByTestId('form-submit').click()
  await expect(dialog.getByTestId('form-error')).toContainText('该账户没有手机号')

  // Signed in nowhere, and without WeChat.
  const out = await Customer.signedIn()
  const only = await out.me()
  await out.signOut()
  await dialog.getByTestId('lost-phone-number').fill(only.number)
  await expect(dialog.getByTestId('lost-phone-who')).toContainText(`会员 ${only.number}，${only.phone}`)
  await dialog.getByTestId('form-submit').click()
  await expect(dialog.getByTestId('form-error')).toContainText('去掉手机号后将无法登录')
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
})

test('v2_2 the desk signs whom it has seen out on all phones, and nobody who could not come back', async ({
  page,
  watch,
}) => {
  const lost = await Customer.signedIn()
  const { number, phone } = await lost.me()
  watch.expectRefusal(409, '/customers/sign-out-everywhere')
  await signIn(page, demoAccount('venue_manager'), '/floor')

  const again = () => open(page, 'customer-sign-out', '结束顾客的全部登录')
  const dialog = await again()
  await expect(dialog).toContainText('所有手机都立即退出登录')
  await dialog.getByTestId('form-submit').click()
  await expect(dialog.getByRole('alert')).toHaveText(['请输入会员号', '请写明如何核实的'])
  await dialog.getByTestId('lost-phone-number').fill(number)
  await expect(dialog.getByTestId('lost-phone-who')).toContainText(`会员 ${number}，${phone}`)
  await expect(dialog.getByTestId('lost-phone-way')).toContainText('之后用手机号或微信重新登录')
  await dialog.getByTestId('lost-phone-why').fill('named the last two bills')
  await dialog.getByTestId('form-submit').click()
  await expect(toast(page, `会员 ${number} 已在 1 台手机上退出登录`)).toBeVisible()
  await expect(dialog).toBeHidden()
  await expect(lost.me()).rejects.toThrow('401')

  // Once more is no error, and says that there was nothing to end.
  await again()
  await expect(dialog.getByTestId('lost-phone-why')).toHaveValue('')
  await dialog.getByTestId('lost-phone-number').fill(number)
  await expect(dialog.getByTestId('lost-phone-who')).toBeVisible()
  await dialog.getByTestId('lost-phone-why').fill('the same again')
  await dialog.getByTestId('form-submit').click()
  await expect(toast(page, `会员 ${number} 没有在任何手机上登录`)).toBeVisible()
  await expect(dialog).toBeHidden()

  const guest = await Customer.guest()
  const only = await guest.me()
  await again()
  await dialog.getByTestId('lost-phone-number').fill(only.number)
  await expect(dialog.getByTestId('lost-phone-way')).toContainText('退出后将再也无法登录')
  await dialog.getByTestId('lost-phone-why').fill('named the balance')
  await dialog.getByTestId('form-submit').click()
  await expect(dialog.getByTestId('form-error')).toContainText('请让顾客先绑定手机号')
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  expect((await guest.me()).number).toBe(only.number)
})
