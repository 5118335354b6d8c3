import type zh from '../zh-CN/withdrawals'

const en: typeof zh = {
  title: 'Withdrawals',
  subtitle:
    'The amount is put on hold; approved, it is deducted and paid out offline; refused, taken back or not arrived, it is available again.',
  tab: { mine: 'Mine', review: 'To review' },
  waiting: 'Waiting (to review or to pay)',
  ask: {
    action: 'Ask for a withdrawal',
    title: 'Ask for a withdrawal',
    hint: 'The amount is on hold from now until your superior approves or refuses. Until then you can take it back.',
    after: 'Available afterwards',
    remembered: 'Filled in from your last withdrawal. Please check.',
    doubtful: {
      cancelled: 'Your last withdrawal was taken back; its account is not filled in',
      returned: 'The money of your last withdrawal did not arrive; its account is not filled in',
    },
    use: 'Fill it in to correct it',
    submit: 'Send',
    done: 'Sent. {n} quota is on hold.',
  },
  field: {
    agent: 'Agent',
    amount: 'Amount',
    payee: 'Payee',
    account: 'Account number',
    bank: 'Bank or payment service',
    bankHint: 'For instance the bank’s branch, Alipay or WeChat',
    note: 'Note',
    state: 'State',
    created: 'Asked at',
    reviewed: 'Reviewed at',
    reason: 'Reason of refusal',
    reference: 'Payment reference',
  },
  check: {
    payee: 'Enter the name of the payee',
    account: 'Enter the account number',
    bank: 'Enter the bank or payment service',
    reference: 'Enter the payment reference',
  },
  empty: 'No withdrawals yet',
  emptyHint: 'You may ask once you have more available than the smallest withdrawal.',
  emptyReview: 'No withdrawals',
  emptyReviewHint: 'What your agents ask for appears here.',
  detail: {
    action: 'Details',
    title: 'Withdrawal',
    progress: 'Progress',
  },
  approve: {
    action: 'Approve',
    title: 'Approve the withdrawal of “{name}”',
    message:
      'The {n} on hold will be deducted. Then pay offline and enter the reference. If the money does not arrive, you can return it.',
    done: 'Approved. Pay offline, then enter the payment reference.',
  },
  refuse: {
    action: 'Refuse',
    title: 'Refuse the withdrawal of “{name}”',
    message: 'The {n} on hold will be available to them again, and they are told the reason.',
    reason: 'Reason',
    done: 'Refused. The amount is available again.',
  },
  pay: {
    action: 'Mark as paid',
    title: 'Mark as paid',
    hint: 'Please make sure that this account has been paid. The agent will be told.',
    submit: 'It has been paid',
    done: 'Marked as paid.',
  },
  return: {
    action: 'Return',
    title: 'Return the withdrawal of “{name}”',
    message:
      'Only if the money did not arrive and is back with you. The {n} that were deducted will be available to them again, and they are told the reason. This cannot be undone.',
    reason: 'Reason of the return',
    done: 'Returned. The amount is available to them again.',
  },
  cancel: {
    action: 'Take back',
    title: 'Take back the withdrawal',
    message:
      'The {n} on hold will be available at once. Your superior has nothing to review any more, and you can ask again with another account.',
    done: 'Taken back. The amount is available again.',
  },
  step: {
    asked: 'Asked, amount on hold',
    decided: 'Reviewed',
    paid: 'Paid out',
    cancelled: 'Taken back, amount available again',
    returned: 'Money did not arrive, amount returned',
    waiting: 'Waiting',
  },
}
export default en
