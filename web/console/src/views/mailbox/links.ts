export interface TextPart {
  text: string
  /** A path of this console, where the text is an address in it. */
  path?: string
}

const ADDRESS = /https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef]+/g
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** The same place under another name: a demo is reached as `localhost` and as `127.0.0.1`. */
function same(a: URL, b: URL): boolean {
  if (a.origin === b.origin) return true
  const local = (url: URL) => LOOPBACK.includes(url.hostname)
  return a.port === b.port && a.protocol === b.protocol && local(a) && local(b)
}

/** Splits a mail's text so that addresses of this console can be links; all others stay text, as anybody may have written them. */
export function splitLinks(text: string, origin: string): TextPart[] {
  const here = new URL(origin)
  const parts: TextPart[] = []
  let end = 0
  for (const found of text.matchAll(ADDRESS)) {
    const address = found[0].replace(/[.,;:!?)\]]+$/, '')
    if (!URL.canParse(address)) continue
    const url = new URL(address)
    if (!same(url, here)) continue
    if (found.index > end) parts.push({ text: text.slice(end, found.index) })
    parts.push({ text: address, path: url.pathname + url.search + url.hash })
    end = found.index + address.length
  }
  if (end < text.length) parts.push({ text: text.slice(end) })
  return parts
}
