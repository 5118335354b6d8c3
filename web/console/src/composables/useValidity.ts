import { useI18n } from 'vue-i18n'
import type { ValidityUnit } from '@/api/types'
import { formatSpan, formatValidity } from '@/shared/validity'

/** Validities and spans of time in the current language. */
export function useValidity() {
  const { t, locale } = useI18n()
  return {
    validity: (unit: ValidityUnit, count: number): string =>
      formatValidity(unit, count, locale.value) ?? t('keys.forever'),
    span: (milliseconds: number): string => formatSpan(milliseconds, locale.value),
  }
}
