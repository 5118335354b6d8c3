// #ifdef H5
interface Watcher extends EventTarget {
  destroy(): void
}
declare global {
  interface Window {
    /** Chromium's, since 126. */
    CloseWatcher?: new () => Watcher
  }
}
// #endif

/** What lies over a page, as far as leaving it goes. */
export interface Leaving {
  /** Not while something that was asked for there is under way. */
  mayLeave(): boolean
  leave(): void
}

/**
 * A phone's own Back leaves what lies over a page, and not the page under it, where the browser tells of it. By an entry of its own in the
 * history it could be had in every browser; but that the router would take for a page, and where one goes on from a sheet it would be left
 * behind. Answers what ends it.
 */
export function onBackKey({ mayLeave, leave }: Leaving): () => void {
  let end: () => void = () => undefined
  // #ifdef H5
  let watcher: Watcher | undefined
  const begin = (): void => {
    if (window.CloseWatcher === undefined) return
    watcher = new window.CloseWatcher()
    watcher.addEventListener('cancel', (event) => {
      if (!mayLeave()) event.preventDefault()
    })
    watcher.addEventListener('close', () => {
      if (mayLeave()) leave()
      // A browser lets itself be held back once, and this one is done with: the next Back is asked about again.
      else begin()
    })
  }
  begin()
  end = () => watcher?.destroy()
  // #endif
  return end
}
