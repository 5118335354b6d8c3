import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import * as api from '@/api/customer'
import { ApiError } from '@/api/problem'
import type { Session } from '@/api/types'
import { pendingKeys } from '@/shared/idempotency'
import { stored } from '@/shared/storage'
import { useCustomerStore } from './customer'
import { useOutboxStore } from './outbox'

const seen = stored<string>('cuekey.seen-session')

/** The session that is live, or has just ended and was not looked at: the bar on top of the pages. */
export const useLiveStore = defineStore('live', () => {
  const session = shallowRef<Session | null>(null)
  let asked = 0

  const over = (one: Session) => one.state === 'closed' || one.state === 'failed'

  /** The server tells of an ended one for some minutes; whoever has seen its bill need not be told again. */
  function sawEnd(id: string): void {
    seen.write(id)
    if (session.value?.id === id) accept(null)
  }

  /** What the playing page knows is newer than what the bar asked for before. */
  function accept(next: Session | null): void {
    asked += 1
    session.value = next !== null && over(next) && next.id === seen.read() ? null : next
    // A session that was seen answers every open request that had no answer.
    if (next !== null) pendingKeys.answeredAll('open:')
  }

  /** To end it was wished while the server could not be reached, which it can be now. */
  async function sendWish(seen: Session | null): Promise<void> {
    const closed = seen === null ? null : await useOutboxStore().seen(seen)
    if (closed !== null && session.value?.id === closed.id) accept(closed)
  }

  async function refresh(): Promise<Session | null> {
    if (useCustomerStore().token === null) {
      accept(null)
      return null
    }
    asked += 1
    const mine = asked
    try {
      const answer = await api.currentSession()
      if (mine !== asked) return session.value
      accept(answer)
      void sendWish(answer)
    } catch (error) {
      // The bar keeps what it has; the page itself says when the network is gone.
      if (!(error instanceof ApiError)) throw error
    }
    return session.value
  }

  return { session, accept, sawEnd, refresh }
})
