import type zh from '../zh-CN/users'

const en: typeof zh = {
  title: 'Users',
  subtitle: 'Create and manage accounts, recharge quota, handle disabled and locked ones.',
  subtitleAgents: 'Create and manage your agents, recharge quota, handle disabled and locked ones.',
  create: 'New user',
  createAgent: 'New agent',
  searchLabel: 'Search users',
  search: 'User name or e-mail',
  empty: 'No users yet',
  emptyHint: 'A new user gets an e-mail with an initial password, to be changed at the first sign-in.',
  field: {
    name: 'User name',
    email: 'E-mail',
    role: 'Role',
    state: 'State',
    superior: 'Superior',
    madeBy: 'Made by',
    quota: 'Available quota',
    held: 'On hold',
    lastSignIn: 'Last sign-in',
    created: 'Created',
    secondFactor: 'Second factor',
    initialQuota: 'Initial quota',
    amount: 'Amount',
    memo: 'Memo',
  },
  held: '{n} on hold',
  lockedUntil: 'Locked until {time}',
  disabledAbove: 'Disabled by a super admin: super admins alone enable this user again',
  secondFactorOn: 'Enabled',
  secondFactorOff: 'Not enabled',
  createDialog: {
    hint: 'The system makes an initial password and sends it to this address.',
    quotaHint: 'Taken from your available quota, {n} at present.',
    quotaSystem: 'Issued by the system, without limit.',
    done: 'User “{name}” created; the initial password went out by e-mail.',
  },
  check: {
    name: 'Enter a user name',
    email: 'Enter a valid e-mail address',
    amount: 'Enter a whole number above 0',
    quota: 'More than your available quota',
  },
  recharge: {
    action: 'Recharge',
    title: 'Recharge “{name}”',
    current: 'Their available quota',
    own: 'Your available quota',
    after: 'Left to you afterwards',
    system: 'Issued by the system; your own quota is not used.',
    done: '“{name}” recharged by {n}.',
    submit: 'Recharge',
  },
  disable: {
    action: 'Disable',
    title: 'Disable “{name}”',
    message:
      'The user is signed out at once and cannot use the system until enabled again. Quota and existing keys stay as they are.',
    done: '“{name}” is disabled.',
  },
  hold: {
    action: 'Keep disabled',
    title: 'Keep “{name}” disabled',
    message:
      'The user was disabled by a superior, who can enable it again while managing it. From then on super admins alone can.',
    done: 'Super admins alone can enable “{name}” now.',
  },
  enable: {
    action: 'Enable',
    title: 'Enable “{name}”',
    message: 'The user can sign in again.',
    done: '“{name}” is enabled.',
  },
  activate: {
    action: 'Activate',
    title: 'Activate “{name}”',
    message:
      'This user signed up and has not proved the e-mail address. Once activated the account can be used without that; if the address is wrong, mail to reset the password goes to somebody else. Make sure who it is, and of the address.',
    done: '“{name}” is active.',
  },
  email: {
    action: 'Change e-mail',
    title: 'Change the e-mail address of “{name}”',
    current: 'Address now',
    new: 'New address',
    same: 'This is the address now',
    submit: 'Change',
    what: {
      credentials:
        'The user has not changed the initial password yet: a new one is made and mailed to the new address, and the one that was mailed before stops working at once.',
      proof:
        'The user has not proved the address yet: a new link to do so is mailed to the new address, and links that were mailed before stop working at once.',
      notice:
        'Password and sessions stay, and no new password is mailed. Links that were mailed before stop working at once; mail to reset the password goes to the new address. Make sure that it is the user who asks.',
    },
    itsOwn: 'This user has a password of its own: the address is changed by the user, or by a super admin',
    told: 'Both addresses get mail. The old one is told who changed it, and not what the new one is.',
    done: {
      credentials: 'The address of “{name}” is changed; a new initial password went out.',
      proof: 'The address of “{name}” is changed; a new link to prove it went out.',
      notice: 'The address of “{name}” is changed; both addresses are told.',
    },
  },
  unlock: {
    action: 'Unlock',
    title: 'Unlock “{name}”',
    message: 'The count of failures starts anew and the user can try at once. Make sure that it was really them.',
    done: '“{name}” is unlocked.',
  },
  resetSecondFactor: {
    action: 'Reset second factor',
    title: 'Reset the second factor of “{name}”',
    message: 'Their authenticator and recovery codes stop working. Make sure who is asking.',
    done: 'The second factor of “{name}” is reset.',
  },
  endSessions: {
    action: 'Sign out everywhere',
    title: 'Sign “{name}” out everywhere',
    message: 'All sessions of this user end at once. The user can sign in again.',
    done: '“{name}” is signed out everywhere.',
  },
  endEverybodys: {
    action: 'Sign everybody out',
    title: 'Sign everybody out',
    message:
      'Ends the sessions of all users but this one of yours, in the middle of what they are doing. They can sign in again.',
    done: '{n} sessions ended.',
  },
  detail: {
    profile: 'Profile',
    quota: 'Quota',
    security: 'Sign-in and security',
    noQuota: 'This role has no quota account.',
  },
}
export default en
