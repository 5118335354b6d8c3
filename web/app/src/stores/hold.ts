import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import * as api from '@/api/customer'
import { ApiError } from '@/api/problem'
import type { Hold } from '@/api/types'
import { useCustomerStore } from './customer'

/** The tables that are held for whoever uses this device: the bar on top of the pages. */
export const useHoldStore = defineStore('hold', () => {
  const items = shallowRef<Hold[]>([])
  let asked = 0

  async function refresh(): Promise<void> {
    asked += 1
    const mine = asked
    if (useCustomerStore().token === null) {
      items.value = []
      return
    }
    try {
      const answer = await api.holds()
      if (mine === asked) items.value = answer
    } catch (error) {
      // The bar keeps what it has; the page itself says when the network is gone.
      if (!(error instanceof ApiError)) throw error
    }
  }

  return { items, refresh }
})
