import type { Locator, Page } from '@playwright/test'
import { expect, isEnglish } from './test'

/** What a dialog says, which is left then. */
export async function asked(page: Page, name: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name })
  await expect(dialog.getByTestId('form-cancel')).toBeVisible()
  await isEnglish(page)
  await dialog.getByTestId('form-cancel').click()
  await expect(dialog).toHaveCount(0)
}

/** And what it says when it is sent without what it needs. `spoil` takes something of that away. */
export async function refused(page: Page, name: string, spoil?: (dialog: Locator) => Promise<void>): Promise<void> {
  const dialog = page.getByRole('dialog', { name })
  await spoil?.(dialog)
  await dialog.getByTestId('form-submit').click()
  await expect(dialog.getByRole('alert').first()).toBeVisible()
  await asked(page, name)
}
