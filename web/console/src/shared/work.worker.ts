import { likelihood, search, type Work } from './work'

export type WorkMessage = { answer: string } | { progress: number }

const STEP = 20_000

addEventListener('message', (event: MessageEvent<Work>) => {
  const work = event.data
  for (let from = 0; ; from += STEP) {
    const answer = search(work, from, STEP)
    if (answer !== null) {
      postMessage({ answer: String(answer) } satisfies WorkMessage)
      return
    }
    postMessage({ progress: likelihood(work, from + STEP) } satisfies WorkMessage)
  }
})
