import type { Work } from './work'
import type { WorkMessage } from './work.worker'

/** Solves a proof of work beside the page, so that the page stays alive. */
export function solve(work: Work, onProgress: (done: number) => void, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./work.worker.ts', import.meta.url), { type: 'module' })
    const stop = () => {
      worker.terminate()
      reject(new DOMException('stopped', 'AbortError'))
    }
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop)
    worker.addEventListener('error', (event) => {
      worker.terminate()
      reject(new Error(event.message))
    })
    worker.addEventListener('message', (event: MessageEvent<WorkMessage>) => {
      if ('progress' in event.data) return onProgress(event.data.progress)
      signal.removeEventListener('abort', stop)
      worker.terminate()
      resolve(event.data.answer)
    })
    worker.postMessage(work)
  })
}
