/** What a form can say before the server does; the server still decides. */
export const looksLikeEmail = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim())
export const longEnough = (password: string, minimum: number): boolean => Array.from(password).length >= minimum

type PasswordChange = Record<'current' | 'password' | 'repeat', string>
interface WrongField {
  field: keyof PasswordChange
  text: 'password' | 'passwordLength' | 'passwordSame' | 'repeat'
}

/** The first thing wrong with a change of password, or null. */
export function passwordChangeCheck(form: PasswordChange, minimum: number): WrongField | null {
  if (!form.current) return { field: 'current', text: 'password' }
  if (!longEnough(form.password, minimum)) return { field: 'password', text: 'passwordLength' }
  if (form.password === form.current) return { field: 'password', text: 'passwordSame' }
  return form.password === form.repeat ? null : { field: 'repeat', text: 'repeat' }
}
