import { ref, shallowRef } from 'vue'
import * as api from '@/api/customer'
import { ApiError } from '@/api/problem'
import type { PlayTime, Session } from '@/api/types'
import { openIntent, pendingKeys } from '@/shared/idempotency'
import { useLiveStore } from '@/stores/live'

export type Opened = { session: Session } | { refused: ApiError } | { unsure: true }

/** Sends the wish to open a table. When no answer came, looks whether it was done all the same before asking to try again. */
export function useOpenTable() {
  const live = useLiveStore()
  const busy = ref(false)
  const error = shallowRef<unknown>(null)

  async function open(tableId: string, time: PlayTime, priceFen: number): Promise<Opened> {
    busy.value = true
    error.value = null
    try {
      const session = await pendingKeys.run(openIntent(tableId, time, priceFen), (key) =>
        api.openTable(tableId, time, priceFen, key),
      )
      live.accept(session)
      return { session }
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause
      if (!cause.unsure) return { refused: cause }
      const found = await live.refresh()
      if (found?.table_id === tableId && (found.state === 'opening' || found.state === 'playing'))
        return { session: found }
      error.value = cause
      return { unsure: true }
    } finally {
      busy.value = false
    }
  }

  return { busy, error, open }
}
