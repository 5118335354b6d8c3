import type zh from '../zh-CN/sign-in'

const en: typeof zh = {
  title: 'Phone number',
  lead: 'One text message with a code. No password.',
  carry: 'What you have as a guest stays yours.',
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
