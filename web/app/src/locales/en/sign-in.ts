import type zh from '../zh-CN/sign-in'

const en: typeof zh = {
  title: 'Sign in',
  titleAdd: 'Add a phone number',
  lead: 'One text message with a code. No password.',
  leadEither: 'By WeChat or phone number. No password.',
  leadAdd: 'With a phone number, balance and bills can be found outside WeChat too.',
  byWechat: 'Sign in by WeChat',
  byWechatNow: 'Signing in by WeChat…',
  byNumber: 'Use my phone number at WeChat',
  or: 'or by a code sent to your phone',
  join: {
    title: 'Is this your own WeChat?',
    text: 'The account of this WeChat is open now. If the WeChat is yours, it becomes one with your number’s account: balance and bills stay, and either signs you in.',
    friend:
      'If this is a friend’s phone, sign in by your number alone: your friend’s WeChat, balance and bills stay as they are.',
    yes: 'It is mine: add my number',
    no: 'It is not: just sign me in',
  },
  carry: 'What you have stays yours.',
  phone: 'Phone number',
  phoneHint: 'for the code',
  code: 'Code',
  codeHint: '6 digits',
  send: 'Send code',
  sendAgain: 'Send again',
  wait: 'Again in {n} s',
  sent: 'The code was sent. It is good for {n} minutes.',
  sentToCustomers:
    'Today’s texts for new numbers are used up. If you have signed in with this number before, the code is on its way, and good for {n} minutes; otherwise please sign in by WeChat, or come back tomorrow.',
  sentToKnownNetworks:
    'This number has been sent many codes lately. If you have signed in by this network before, the code is on its way, and good for {n} minutes; if none comes, please use a network by which you have signed in before, sign in by WeChat, or try again later.',
  phoneWrong: 'Please enter a phone number.',
  codeWrong: 'Please enter the 6 digits of the code.',
  codeFirst: 'Please have a code sent to this number first.',
  yes: 'Sign in',
  yesAdd: 'Add this number',
  welcome: {
    title: 'Welcome',
    text: 'Good to have you here! Scan the code on a table to open it; the lamp comes on, and time counts from then.',
    start: 'Let’s play',
  },
  done: 'Signed in',
  added: 'Added',
}
export default en
