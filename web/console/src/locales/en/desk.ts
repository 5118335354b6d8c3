import type zh from '../zh-CN/desk'

const en: typeof zh = {
  desk: {
    action: 'Desk recharge',
    title: 'Desk recharge',
    number: 'Customer number',
    numberHint: 'The 8 digits that customers see under “Me” on their phone, or their phone number.',
    amount: 'Amount in yuan',
    memo: 'Memo',
    hall: 'Hall',
    hallHint: 'Where the cash counts in the daily sums.',
    hallMissing: 'Choose a hall',
    at: 'It counts for {hall}.',
    who: 'Customer {number}, {name}, {available} available.',
    guest: 'a guest who has not signed in',
    wechat: 'known by WeChat, without a phone number',
    summary: 'See that it is the right customer, and take the cash first: {money} will be added to {number} ({name}).',
    submit: 'Recharge',
    done: '{money} added to customer {number}',
    balance: 'Balance {balance}, of which {available} available.',
    again: 'You can go on with the next customer.',
  },
  payout: {
    action: 'Pay out cash',
    title: 'Pay cash out of a wallet',
    amount: 'To be paid out, in yuan',
    most: 'At most {money} can be paid out: not gifts, not what is held, and not what goes back to where it was paid online.',
    gone: 'This customer has no phone or WeChat that was verified: the desk pays out what is left of the cash of this visit. What lay there before, or after 15 minutes in which nothing moved, is paid out by somebody who manages the hall. You can pay out {money} at most now.',
    summary:
      'See that it is the right customer: {money} will leave the wallet of {number} ({name}). Hand over the cash once that is confirmed.',
    submit: 'Pay out',
    done: '{money} left the wallet of customer {number}: please hand over the cash',
    again: 'You can go on with the next customer.',
  },
  lostPhone: {
    action: 'Take a number off',
    title: 'Take a lost number off a customer',
    text: 'For whom no texts reach the old number, so that they cannot change it themselves, or whose number the desk has mistyped. See first that it is really them. Money and history stay. It is written into the operation log.',
    none: 'without a phone number',
    byWechat:
      'WeChat is connected to this account: all devices are signed out, and the customer then signs in by WeChat and adds the new number.',
    bySession:
      'No WeChat is connected to this account: only a device that is still signed in can add the new number. See first that the customer holds it. Who has lost the phone as well needs the old number back first. Where the desk alone has entered the number, and nobody has ever signed in by it, a walk-in is left, who goes by the customer number.',
    why: 'How you have seen who it is',
    whyHint: 'For instance: named the last two bills.',
    whyMissing: 'Please say how you have seen it',
    submit: 'Take the number off',
    done: 'The number of customer {number} was taken off; please have them add the new one now; a walk-in notes the customer number',
  },
  signOut: {
    action: 'Sign a customer out everywhere',
    title: 'Sign a customer out everywhere',
    text: 'For who has lost a phone, and has no other at hand to do it on: all phones are signed out at once, and whoever finds one cannot use the wallet any more. See first that it is really them. Money and history stay, and what is played goes on. It is written into the operation log.',
    comesBack:
      'The customer signs in again by phone number or WeChat. So can whoever holds the phone and reads its texts, or opens its WeChat: have the customer block the number and freeze WeChat soon.',
    noWay:
      'This account has neither a phone number nor WeChat. Signed out, it could never be signed in to again, and so it is refused. Cash in the wallet can be paid out by “Pay out cash”.',
    submit: 'Sign out everywhere',
    done: 'Customer {number} is signed out on {n} phones',
    nothing: 'Customer {number} was signed in nowhere',
  },
}
export default en
