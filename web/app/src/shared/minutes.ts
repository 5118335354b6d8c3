import { t } from '@/locales'

/** Whole hours from one on, minutes otherwise. */
export function minutesText(minutes: number): string {
  return minutes >= 60 && minutes % 60 === 0
    ? t('common.hours', { n: minutes / 60 })
    : t('common.minutes', { n: minutes })
}
