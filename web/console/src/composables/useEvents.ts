import { onScopeDispose } from 'vue'
import type { Batch, Notification } from '@/api/types'

/** What the server sends on /events. */
export interface LiveEvents {
  unread: { unread: number }
  notification: Notification
  batch: Pick<Batch, 'id' | 'made' | 'count' | 'state'>
  /** Something in a hall has changed. */
  floor: Record<string, never>
  'session-ended': null
}
type Name = keyof LiveEvents
type Handler<K extends Name> = (data: LiveEvents[K]) => void

const NAMES: readonly Name[] = ['unread', 'notification', 'batch', 'floor', 'session-ended']
const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 60_000

const handlers: { [K in Name]: Set<Handler<K>> } = {
  unread: new Set(),
  notification: new Set(),
  batch: new Set(),
  floor: new Set(),
  'session-ended': new Set(),
}
let source: EventSource | null = null
let timer: ReturnType<typeof setTimeout> | undefined
let delay = FIRST_DELAY_MS

function dispatch<K extends Name>(name: K, text: string): void {
  const data = (text ? JSON.parse(text) : null) as LiveEvents[K]
  for (const handler of handlers[name]) handler(data)
}

/** One connection for the whole console, opened by the shell. The browser mends short breaks; refusals are retried here, ever more slowly. */
export function openEvents(): void {
  closeEvents()
  const opened = new EventSource('/events')
  source = opened
  opened.addEventListener('open', () => (delay = FIRST_DELAY_MS))
  opened.addEventListener('error', () => {
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return
    timer = setTimeout(openEvents, delay * (0.75 + Math.random() / 2))
    delay = Math.min(delay * 2, LONGEST_DELAY_MS)
  })
  for (const name of NAMES) {
    opened.addEventListener(name, (event: MessageEvent<string>) => dispatch(name, event.data))
  }
}

export function closeEvents(): void {
  clearTimeout(timer)
  source?.close()
  source = null
}

/** Listens while the component lives. */
export function useEvent<K extends Name>(name: K, handler: Handler<K>): void {
  handlers[name].add(handler)
  onScopeDispose(() => handlers[name].delete(handler))
}
