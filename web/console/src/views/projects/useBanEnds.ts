import { onScopeDispose, watch } from 'vue'
import type { Project } from '@/api/types'

const AFTER_MS = 1_000
/** Clocks differ: a ban that is over by ours may go on by the server's, and is then looked at again. */
const AGAIN_MS = 5_000
const FAILED_MS = 30_000

interface Options {
  shown: () => readonly Project[]
  ask: (id: string, signal: AbortSignal) => Promise<Project>
  changed: (project: Project) => void
}

const endOf = (project: Project): number => Date.parse(project.banned_until ?? '')

/**
 * Of the projects that are shown, looks again at the one whose ban ends first, when it does. Nothing but the ban is taken
 * from the answer: somebody may be filling in a form about the rest.
 */
export function useBanEnds({ shown, ask, changed }: Options): void {
  const stop = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined

  function wait(least: number): void {
    clearTimeout(timer)
    const banned = shown().filter((project) => project.banned_until !== null)
    const first = banned.sort((one, other) => endOf(one) - endOf(other)).at(0)
    if (!first) return
    timer = setTimeout(() => void look(first.id), Math.max(endOf(first) - Date.now() + AFTER_MS, least))
  }

  async function look(id: string): Promise<void> {
    try {
      const { banned_until } = await ask(id, stop.signal)
      const still = shown().find((project) => project.id === id)
      if (still) changed({ ...still, banned_until })
    } catch {
      if (!stop.signal.aborted) wait(FAILED_MS)
    }
  }

  watch(shown, () => wait(AGAIN_MS), { immediate: true })
  onScopeDispose(() => {
    stop.abort()
    clearTimeout(timer)
  })
}
