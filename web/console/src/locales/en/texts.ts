import type zh from '../zh-CN/texts'

const en: typeof zh = {
  title: 'Texts',
  subtitle:
    'Codes and notices to phones of customers, and what the carrier says became of them. Kept for 90 days, without what they said; codes are shown to super admins alone.',
  field: {
    phone: 'Phone',
    kind: 'Kind',
    state: 'State',
    reason: 'Reason',
    created: 'Written',
    ended: 'Known since',
  },
  phoneSearch: 'The whole phone number',
  kind: {
    code: 'Code for signing in',
    light_failed: 'Light failed, table closed',
    ending: 'Time is nearly over',
    phone_left: 'Number is off the account',
  },
  part: { hall: 'Name of the hall', table: 'Name of the table' },
  withheld: {
    DAILY_LIMIT: 'This number has had all its notices of the day',
    ADDRESS: 'looks like a web address, which providers refuse; please rename it',
    EMPTY: 'has no characters that can be sent; please rename it',
    of: '{part}: {why}',
  },
  unsaid: {
    NO_ANSWER: 'The provider does not answer',
    UNREADABLE: 'The provider’s answer cannot be read',
    NOT_CONFIGURED: 'No provider is configured',
    GONE: 'It is in the demo’s mailbox no more',
    with: '{why} ({more})',
  },
  empty: 'No texts',
  emptyHint: 'Notices are sent once their reviewed templates are configured; see the operating guide.',
}
export default en
