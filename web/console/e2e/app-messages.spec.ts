import { someCustomer } from './support/app'
import { expect, test } from './support/test'

test.use({ viewport: { width: 390, height: 844 } })

test('what one was told waits with a number until it is looked at', async ({ page }) => {
  // Whoever is new was told something: the welcome.
  await someCustomer(page)
  await page.goto('/m/')
  await expect(page.getByTestId('mine-link').getByTestId('unread')).toHaveText('1')
  await page.getByTestId('mine-link').click()
  const tab = page.getByTestId('tab-messages')
  await expect(tab.getByTestId('unread')).toHaveText('1')
  await tab.click()
  await expect(page.getByTestId('message').getByTestId('message-unread')).toHaveCount(1)
  await expect(tab.getByTestId('unread')).toHaveCount(0)

  await page.goto('/m/pages/mine?tab=messages')
  await expect(page.getByTestId('message')).toHaveCount(1)
  await expect(page.getByTestId('message-unread')).toHaveCount(0)
  await page.goto('/m/')
  await expect(page.getByTestId('mine-link')).toContainText('¥')
  await expect(page.getByTestId('unread')).toHaveCount(0)
})
