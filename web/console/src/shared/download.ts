function follow(url: string, name: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.rel = 'noopener'
  document.body.append(link)
  link.click()
  link.remove()
}

/** Downloads what an address on this server answers with; the page stays. */
export const download = (url: string): void => follow(url, '')

/** Some browsers read it only after the click. */
const KEPT_MS = 60_000

/** Saves what was made on this page as a file. */
export function saveText(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  follow(url, name)
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS)
}
