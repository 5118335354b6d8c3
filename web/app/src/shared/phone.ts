/** What people type between the digits. */
export const cleanPhone = (typed: string): string => typed.replace(/[\s()-]/g, '')

/** Only what can be no number at all is refused here; which numbers are taken, the server decides. */
export const looksLikePhone = (phone: string): boolean => /^\+?\d{7,15}$/.test(phone)
export const looksLikeCode = (code: string): boolean => /^\d{6}$/.test(code)

/** Whether a number may be the one that is shown with its middle hidden (138****8000). Where none is shown it may. */
export function mayBe(phone: string, shown: string): boolean {
  const [head = '', tail = ''] = shown.split('****')
  const digits = phone.replace(/^(\+|00)86/, '')
  return digits.startsWith(head) && digits.endsWith(tail)
}
