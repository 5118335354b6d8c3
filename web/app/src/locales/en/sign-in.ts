import type zh from '../zh-CN/sign-in'

const en: typeof zh = {
  title: 'Sign in',
  titleAdd: 'Add a phone number',
  lead: 'One text message with a code. No password.',
  leadEither: 'By WeChat or your phone number. No password.',
  leadAdd: 'With a phone number, balance and bills can be found outside WeChat too.',
  byWechat: 'Sign in by WeChat',
  byWechatNow: 'Signing in by WeChat…',
  byNumber: 'Use my phone number at WeChat',
  or: 'or by a code sent to your phone',
  carry: 'What you have stays yours.',
  phone: 'Phone number',
  phoneHint: 'for the code',
  code: 'Code',
  codeHint: '6 digits',
  send: 'Send code',
  sendAgain: 'Send again',
  wait: 'Again in {n} s',
  sent: 'The code was sent. It is good for {n} minutes.',
  phoneWrong: 'Please enter a phone number.',
  codeWrong: 'Please enter the 6 digits of the code.',
  codeFirst: 'Please have a code sent to this number first.',
  yes: 'Sign in',
  done: 'Signed in',
}
export default en
