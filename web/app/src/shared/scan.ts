const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function parameter(text: string, name: string): string | null {
  const query = text.includes('?') ? text.slice(text.indexOf('?') + 1) : text
  for (const pair of (query.split('#')[0] ?? '').split('&')) {
    const [key, ...value] = pair.split('=')
    if (key === name) return decoded(value.join('=')).trim()
  }
  return null
}

/**
 * Whose an address is: the host in small letters, with its port where that is not the usual one. Null of a text that is no address, such
 * as a code alone or a page of the mini-program.
 */
export function hostOf(text: string): string | null {
  const full = /^(?:([a-z][a-z\d+.-]*):)?\/\/([^/?#\\]*)/i.exec(text)
  // Without a scheme only what has a dot in front of its path can be told from a page.
  const host = full ? full[2] : /^([\w-]+(?:\.[\w-]+)+(?::\d+)?)[/?#]/.exec(text)?.[1]
  if (host === undefined) return null
  const usual = full?.[1]?.toLowerCase() === 'http' ? /:80$/ : /:443$/
  return host
    .slice(host.lastIndexOf('@') + 1)
    .toLowerCase()
    .replace(usual, '')
}

/** What a code is of. */
export type Scanned =
  | { is: 'table'; code: string }
  | { is: 'split'; code: string }
  /** Made like one of ours, for somebody else's place: here that code would be nobody's, or another table's. */
  | { is: 'elsewhere'; host: string }
  | { is: 'nothing' }

/** As much of a stranger's host as is shown. */
const SHOWN = 60

/**
 * From what a camera read: an address that is printed or shared here (`…/m/?t=CODE`, `…/m/?split=CODE`), or a table's code alone.
 * `ours`: the addresses under which it may be.
 */
export function scannedOf(text: string, ours: readonly string[]): Scanned {
  const trimmed = text.trim()
  const [split, table, host] = [parameter(trimmed, 'split'), parameter(trimmed, 't'), hostOf(trimmed)]
  if ((split || table) && host !== null && !ours.some((address) => hostOf(address) === host)) {
    return { is: 'elsewhere', host: (host || trimmed).slice(0, SHOWN) }
  }
  if (split) return { is: 'split', code: split }
  if (table) return { is: 'table', code: table }
  return /^[\w-]{3,64}$/.test(trimmed) ? { is: 'table', code: trimmed } : { is: 'nothing' }
}

/**
 * From how the app was opened: `?t=CODE` or `?split=CODE` in a browser, `scene` (escaped) from a mini-program code, or `q` (the whole
 * escaped address) from an ordinary code that WeChat hands to the mini-program.
 */
export function scannedOfQuery(query: Record<string, string | undefined>, ours: readonly string[]): Scanned {
  if (query.split?.trim()) return { is: 'split', code: decoded(query.split).trim() }
  if (query.t?.trim()) return { is: 'table', code: decoded(query.t).trim() }
  return scannedOf(decoded(query.scene || query.q || ''), ours)
}

/** The order that a payment network sends the browser back with: `?order=ord_…`. */
export const orderOfQuery = (query: Record<string, string | undefined>): string | null =>
  query.order?.trim() ? decoded(query.order).trim() : null
