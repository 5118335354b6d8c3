import type zh from '../zh-CN/status'

const en: typeof zh = {
  user: { pending: 'Not activated', active: 'Active', disabled: 'Disabled', locked: 'Locked' },
  project: { active: 'Active', disabled: 'Disabled' },
  grant: { active: 'Active', ended: 'Ended' },
  application: { pending: 'Pending', approved: 'Approved', refused: 'Refused', withdrawn: 'Withdrawn' },
  batch: {
    generating: 'Generating',
    ready: 'Ready',
    cancelling: 'Cancelling',
    cancelled: 'Cancelled',
    failed: 'Failed',
  },
  key: { unused: 'Unused', active: 'In use', expired: 'Expired', disabled: 'Disabled' },
  transfer: { pending: 'Pending', posted: 'Done', voided: 'Voided' },
  withdrawal: { pending: 'Pending', approved: 'To be paid', refused: 'Refused', paid: 'Paid' },
  delivery: { waiting: 'Waiting', delivered: 'Delivered', failed: 'Failed' },
  job: { queued: 'Queued', running: 'Running', done: 'Done', dead: 'Stopped' },
  signIn: {
    ok: 'Success',
    wrong: 'Wrong name or password',
    locked: 'Account locked',
    captcha: 'Captcha failed',
    second_factor: 'Second factor failed',
    disabled: 'Account disabled',
    not_verified: 'E-mail not verified',
    limited: 'Too many failures from there',
  },
  level: { info: 'Info', warning: 'Warning', security: 'Security' },
  call: { accepted: 'Accepted', refused: 'Refused' },
}
export default en
