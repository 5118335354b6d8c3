import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import * as api from '@/api/customer'
import { readMessages } from '@/api/messages'
import { ApiError } from '@/api/problem'
import type { Session } from '@/api/types'
import { pendingKeys } from '@/shared/idempotency'
import { stored } from '@/shared/storage'
import { useCustomerStore } from './customer'
import { useOutboxStore } from './outbox'

const seen = stored<string>('cuekey.seen-session')

/**
 * The session that is live, or has just ended and was not looked at: the bar on top of the pages. And how many messages wait, which comes
 * with the same answer.
 */
export const useLiveStore = defineStore('live', () => {
  const session = shallowRef<Session | null>(null)
  const unread = ref(0)
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
  async function sendWish(told: Session | null): Promise<void> {
    const closed = told === null ? null : await useOutboxStore().seen(told)
    if (closed !== null && session.value?.id === closed.id) accept(closed)
  }

  async function refresh(): Promise<Session | null> {
    if (useCustomerStore().token === null) {
      accept(null)
      unread.value = 0
      return null
    }
    asked += 1
    const mine = asked
    try {
      const answer = await api.current()
      if (mine !== asked) return session.value
      accept(answer.session)
      unread.value = answer.unread_messages ?? 0
      void sendWish(answer.session)
    } catch (error) {
      // The bar keeps what it has; the page itself says when the network is gone.
      if (!(error instanceof ApiError)) throw error
    }
    return session.value
  }

  /** This message was shown, and those before it. What has come since is counted again. */
  async function readTo(newest: string): Promise<void> {
    try {
      await readMessages(newest)
      await refresh()
    } catch (error) {
      // They wait on, and are shown again next time.
      if (!(error instanceof ApiError)) throw error
    }
  }

  return { session, unread, accept, sawEnd, refresh, readTo }
})
