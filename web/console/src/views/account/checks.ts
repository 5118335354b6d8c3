/** What a form can say before the server does; the server still decides. */
export const looksLikeEmail = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim())
export const longEnough = (password: string, minimum: number): boolean => Array.from(password).length >= minimum
