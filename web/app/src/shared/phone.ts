/** What people type between the digits. */
export const cleanPhone = (typed: string): string => typed.replace(/[\s()-]/g, '')

/** Only what can be no number at all is refused here; which numbers are taken, the server decides. */
export const looksLikePhone = (phone: string): boolean => /^\+?\d{7,15}$/.test(phone)
export const looksLikeCode = (code: string): boolean => /^\d{6}$/.test(code)
