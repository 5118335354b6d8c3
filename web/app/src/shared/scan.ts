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

/** A table's code from what a camera read: our address (`…/m/?t=CODE`), or the code alone. */
export function codeOfText(text: string): string | null {
  const trimmed = text.trim()
  const named = parameter(trimmed, 't')
  if (named) return named
  return /^[\w-]{3,64}$/.test(trimmed) ? trimmed : null
}

/**
 * A table's code from how the app was opened: `?t=CODE` in a browser, `scene` (escaped) from a mini-program code, or `q` (the
 * whole escaped address) from an ordinary code that WeChat hands to the mini-program.
 */
export function codeOfQuery(query: Record<string, string | undefined>): string | null {
  if (query.t?.trim()) return decoded(query.t).trim()
  if (query.scene) return codeOfText(decoded(query.scene))
  if (query.q) return codeOfText(decoded(query.q))
  return null
}

/** The order that a payment network sends the browser back with: `?order=ord_…`. */
export const orderOfQuery = (query: Record<string, string | undefined>): string | null =>
  query.order?.trim() ? decoded(query.order).trim() : null

/**
 * The split that a friend's link is about: `?split=CODE`, or the whole escaped address as `q`, where WeChat hands an ordinary code to the
 * mini-program.
 */
export function splitOfQuery(query: Record<string, string | undefined>): string | null {
  if (query.split?.trim()) return decoded(query.split).trim()
  return query.q ? splitOfText(decoded(query.q)) : null
}

/** The same from what a camera read. */
export const splitOfText = (text: string): string | null => parameter(text.trim(), 'split') || null
