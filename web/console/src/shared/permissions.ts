/** What the server may put into `Me.permissions`. Hiding a button is a courtesy; the server checks. */
export type Permission =
  | 'users.manage'
  | 'projects.manage'
  | 'grants.manage'
  | 'grants.review'
  | 'grants.apply'
  | 'keys.generate'
  | 'keys.manage'
  | 'keys.view'
  | 'quota.view'
  | 'quota.issue'
  | 'quota.recharge'
  | 'quota.transfer'
  | 'quota.withdraw'
  | 'withdrawals.review'
  | 'settings.manage'
  | 'logs.view'
  | 'callbacks.manage'
  | 'jobs.manage'
  | 'mailbox.view'
  | 'venues.manage'
  | 'venues.view'
  | 'tables.operate'
  | 'desk.serve'
  | 'cases.manage'
  | 'payments.manage'

/** Nothing asked, or any one of those asked is held. */
export function allows(held: readonly string[], asked: Permission | readonly Permission[] | undefined): boolean {
  if (asked === undefined) return true
  const wanted: readonly string[] = typeof asked === 'string' ? [asked] : asked
  return wanted.length === 0 || wanted.some((permission) => held.includes(permission))
}
