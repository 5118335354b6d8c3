import { currentLanguage, t } from '@/locales'

/** What is paid of a price, in ten-thousandths, as one says it: 9500 is 9.5 折, or 5% off. None where all is paid. */
export function discountText(pays: number): string | null {
  if (pays >= 10_000) return null
  const n = currentLanguage() === 'zh-CN' ? pays / 1_000 : (10_000 - pays) / 100
  return t('common.off', { n: String(n) })
}
