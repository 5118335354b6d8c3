import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { amountTrouble } from './statement'
import { useFormat } from '@/composables/useFormat'
import { useQuotaStore } from '@/stores/quota'

/** What transfers and withdrawals say about their amount: one's own quota, the smallest amount, what would be left. */
export function useAmountCheck(which: 'transfer_minimum' | 'withdrawal_minimum') {
  const { t } = useI18n()
  const { quota } = useFormat()
  const quotas = useQuotaStore()
  const available = computed(() => quotas.overview?.available ?? null)
  const minimum = computed(() => quotas.overview?.[which] ?? 0)

  function amountMessage(amount: number | undefined): string | undefined {
    const trouble = amountTrouble(amount, minimum.value, available.value)
    if (trouble === null) return undefined
    const n = trouble === 'minimum' ? minimum.value : (available.value ?? 0)
    return t(`quota.check.${trouble}`, { n: quota(n) })
  }
  const left = (amount: number | undefined): number | null =>
    available.value === null ? null : available.value - (amount ?? 0)

  return { available, minimum, amountMessage, left, refresh: quotas.refresh }
}
