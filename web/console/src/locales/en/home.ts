import type zh from '../zh-CN/home'

const en: typeof zh = {
  title: 'Home',
  hello: 'Hello, {name}',
  subtitle: '{role} · what needs you today, and how things are going',
  tile: {
    available: 'Available quota',
    held: '{n} on hold',
    users: 'Users',
    usersHint: 'Accounts that you manage',
    applications: 'Applications to review',
    withdrawals: 'Withdrawals waiting',
    withdrawalsHint: 'Go and review, or pay',
    callbacks: 'Failed callbacks',
    callbacksHint: 'See why, and send again',
    payments: 'Payments to look at',
    paymentsHint: 'Refunds, differences, or what does not fit',
    toReview: 'Go and review',
    nothing: 'None',
  },
  keys: {
    title: 'Keys by state',
    total: 'All keys',
    none: 'No keys have been generated yet',
    share: '{name}: {n}, {rate} of all',
  },
  calls: {
    title: 'Verifications, last 14 days',
    summary: '{n} in all, {rate} accepted',
    day: 'Day',
    none: 'No verifications in the last 14 days',
    noneHint: 'Once client programs verify keys, this shows how many were accepted and refused each day.',
    why: 'See refused verifications',
  },
  batches: { title: 'Recent batches', none: 'No batches yet', count: '{n} keys', progress: '{made} / {count}' },
  grants: { title: 'Grants ending soon', none: 'No grants end soon', today: 'Within 24 hours', left: 'Days left: {n}' },
  start: {
    title: 'Getting started',
    hint: 'Take these steps in order to issue your first batch of keys.',
    done: 'Done',
    next: 'Next',
    apply: {
      title: 'Apply for a project',
      hint: 'Choose a project to sell and say why. Once your superior approves, you can generate keys.',
      go: 'Apply',
    },
    quota: {
      title: 'Get quota',
      hint: 'Ask your superior for a recharge, or another agent for a transfer. Generating keys spends quota.',
      go: 'See quota',
    },
    generate: {
      title: 'Generate your first batch',
      hint: 'Choose project, count and validity; then export as CSV or Excel.',
      go: 'Generate',
    },
    project: {
      title: 'Create a project',
      hint: 'Set prices and devices; get the API key and secret for your client program.',
      go: 'Create',
    },
    users: {
      title: 'Create agent admins or agents',
      hint: 'They get their credentials by e-mail, and an initial quota if you like.',
      go: 'Create',
    },
    grant: { title: 'Grant the project', hint: 'Agents with a grant generate keys with their quota.', go: 'Grant' },
    agents: {
      title: 'Create your agents',
      hint: 'Their initial quota comes from yours; they get their credentials by e-mail.',
      go: 'Create',
    },
  },
}
export default en
