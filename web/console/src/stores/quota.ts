import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { getQuota } from '@/api/quota'
import type { QuotaOverview } from '@/api/types'
import { allows } from '@/shared/permissions'
import { useSessionStore } from './session'

/** One's own quota, as shown in the top bar; ask for a refresh after whatever spends or earns it. */
export const useQuotaStore = defineStore('quota', () => {
  const session = useSessionStore()
  const overview = ref<QuotaOverview | null>(null)
  const unlimited = computed(() => allows(session.me?.permissions ?? [], 'quota.issue'))
  const applies = computed(
    () =>
      !unlimited.value && allows(session.me?.permissions ?? [], ['quota.recharge', 'quota.transfer', 'quota.withdraw']),
  )

  /** Quietly: an old figure is better than an error in the top bar. */
  async function refresh(): Promise<void> {
    if (!applies.value) {
      overview.value = null
      return
    }
    overview.value = await getQuota().catch(() => overview.value)
  }

  return { overview, unlimited, applies, refresh }
})
