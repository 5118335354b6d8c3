/** Which columns somebody hid, as remembered: only names that still exist, and never those that must stay. */
export function readHidden(stored: string | null, known: readonly string[]): string[] {
  if (stored === null) return []
  try {
    const names: unknown = JSON.parse(stored)
    return Array.isArray(names) ? known.filter((name) => names.includes(name)) : []
  } catch {
    return []
  }
}
