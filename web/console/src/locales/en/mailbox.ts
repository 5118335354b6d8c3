import type zh from '../zh-CN/mailbox'

const en: typeof zh = {
  title: 'Mailbox',
  subtitle: 'A demo sends no real e-mail: all that it would send is here, for everybody to see.',
  list: 'E-mails',
  to: 'To',
  back: 'Back to the list',
  toSignIn: 'Sign in',
  toConsole: 'Back to the console',
  empty: 'No e-mails yet',
  emptyHint: 'Sign up, reset a password or create a user, and the e-mails appear here.',
  closed: 'There is no mailbox here',
  closedHint: 'Only demo installations have one.',
  open: 'Open the mailbox',
}
export default en
