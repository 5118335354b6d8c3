import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import * as api from '@/api/customer'
import { ApiError } from '@/api/problem'
import type { Session } from '@/api/types'
import { serverClock } from '@/shared/clock'
import { Outbox, type Wish, type Wishes, type WishShelf } from '@/shared/outbox'
import { stored } from '@/shared/storage'

const place = stored<Wishes>('cuekey.outbox')
const shelf: WishShelf = { read: () => place.read() ?? {}, write: (wishes) => void place.write(wishes) }

/** What waits for the server to be reached, as the pages show it, and its sending. */
export const useOutboxStore = defineStore('outbox', () => {
  const outbox = new Outbox(shelf, () => serverClock.now())
  const kept = shallowRef<Wishes>(outbox.all())
  const sending = ref(false)
  /** Pages that see the same session at once send its wish once, and all hear what came of it. */
  const underWay = new Map<string, Promise<Session | null>>()

  const look = () => void (kept.value = outbox.all())
  const of = (session: string): Wish | null => kept.value[session] ?? null
  /** Whether there is any reason to look how a session is. */
  const waits = (): boolean => Object.values(outbox.all()).some(({ kind }) => kind === 'close')

  function keepClosing(session: string): void {
    outbox.keep(session, { kind: 'close' })
    look()
  }
  function keepExtending(session: string, minutes: number): void {
    outbox.keep(session, { kind: 'extend', minutes })
    look()
  }
  function takeBack(session: string, kind: Wish['kind']): void {
    outbox.takeBack(session, kind)
    look()
  }

  async function send(session: string): Promise<Session | null> {
    sending.value = true
    try {
      const closed = await api.closeSession(session)
      outbox.sent(session, null)
      return closed
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      outbox.sent(session, error)
      return null
    } finally {
      sending.value = false
      underWay.delete(session)
      look()
    }
  }

  /** A session as the server has just told it. Answers how it is after what was wished of it, if that was sent. */
  function seen(session: Session): Promise<Session | null> {
    const due = outbox.seen(session)
    look()
    if (!due) return Promise.resolve(null)
    const sent = underWay.get(session.id) ?? send(session.id)
    underWay.set(session.id, sent)
    return sent
  }

  return { sending, kept, of, waits, keepClosing, keepExtending, takeBack, seen }
})
