import type zh from '../zh-CN/mine'

const en: typeof zh = {
  title: 'Me',
  number: 'Customer number',
  numberHint: 'Tell it at the desk to recharge in cash',
  guest: 'Guest',
  guestHint: 'With a phone number, balance and bills can be found again on another phone.',
  signIn: 'Confirm my phone number',
  available: 'Available balance',
  balance: 'Balance',
  held: 'Held',
  tabs: { wallet: 'Statement', bills: 'Bills', messages: 'Messages' },
  emptyWallet: 'No entries yet',
  emptyBills: 'No bills yet',
  emptyMessages: 'No messages yet',
  emptyHint: 'They appear here once you have played.',
  moreFailed: 'The rest could not be loaded',
  kind: {
    recharge: 'Recharge',
    payment: 'Paid online',
    play: 'Play',
    refund: 'Refund',
    carried: 'Carried over from guest',
    split: 'Bill split',
    other: 'Other',
  },
  phase: { hold: 'held', post: 'settled', release: 'released', move: 'booked' },
  after: 'balance {money}',
  signOut: 'Sign out',
  signOutSure:
    'This phone will no longer show your balance and bills. Confirm your phone number again to get them back.',
}
export default en
