/** A path of this console to go back to, or null: never another host, whatever the address bar says. */
export function safeReturnPath(value: unknown): string | null {
  if (typeof value !== 'string' || !value.startsWith('/') || /^\/[/\\]/.test(value)) return null
  return value.startsWith('/sign-in') ? null : value
}
