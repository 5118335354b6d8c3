import { useI18n } from 'vue-i18n'
import type { Setting } from '@/api/types'
import { useFormat } from '@/composables/useFormat'

/** Values, units and bounds in words. */
export function useSettingTexts() {
  const { t, te, locale } = useI18n()
  const { quota } = useFormat()

  const unitText = (unit: string | null | undefined): string =>
    unit ? (te(`settings.unit.${unit}`, 'zh-CN') ? t(`settings.unit.${unit}`) : unit) : ''
  /** Choices are words of the program; those that are roles have a name already. */
  const choiceText = (choice: string): string =>
    te(`shell.role.${choice}`, 'zh-CN') ? t(`shell.role.${choice}`) : choice

  function valueText(setting: Pick<Setting, 'kind' | 'unit'>, value: unknown): string {
    if (typeof value === 'boolean') return t(value ? 'settings.on' : 'settings.off')
    if (typeof value === 'number') return [quota(value), unitText(setting.unit)].filter(Boolean).join(' ')
    if (Array.isArray(value)) {
      const names = value.map((item) => choiceText(String(item)))
      return names.length ? new Intl.ListFormat(locale.value, { type: 'unit' }).format(names) : t('settings.none')
    }
    return typeof value === 'string' && value !== ''
      ? setting.kind === 'choice'
        ? choiceText(value)
        : value
      : t('settings.none')
  }

  function boundsText(setting: Setting): string {
    const { minimum: low, maximum: high } = setting
    if (setting.kind !== 'integer') return ''
    if (low != null && high != null) return t('settings.range', { min: quota(low), max: quota(high) })
    if (low != null) return t('settings.atLeast', { n: quota(low) })
    return high != null ? t('settings.atMost', { n: quota(high) }) : ''
  }

  return { unitText, choiceText, valueText, boundsText }
}
