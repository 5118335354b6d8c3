import { defineStore } from 'pinia'
import { ref } from 'vue'
import { countUnread, markAllRead, markRead } from '@/api/notifications'

/** The unread count that the bell shows, fed by sign-in, by live events and by what is read here. */
export const useNoticesStore = defineStore('notices', () => {
  const unread = ref(0)

  async function refresh(): Promise<void> {
    unread.value = (await countUnread()).unread
  }
  async function read(id: string): Promise<void> {
    await markRead(id)
    unread.value = Math.max(0, unread.value - 1)
  }
  async function readAll(): Promise<void> {
    await markAllRead()
    unread.value = 0
  }

  return { unread, refresh, read, readAll }
})
