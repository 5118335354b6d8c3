import type zh from '../zh-CN/errors'

const en: typeof zh = {
  NETWORK: 'The server cannot be reached. Check the network and try again.',
  TIMEOUT: 'The server did not answer in time. It may have been done already: refresh and look before trying again.',
  UNEXPECTED: 'Something unexpected went wrong. Please try again later.',
  BUSY: 'The system is busy. Please try again in a moment.',
  SIGN_IN_FAILED: 'The name or the password is wrong.',
  CAPTCHA_REQUIRED: 'Please complete the captcha first.',
  CAPTCHA_WRONG: 'The captcha was wrong or has expired. Here is a new one.',
  SECOND_FACTOR_REQUIRED: 'Enter the 6-digit code from your authenticator.',
  SECOND_FACTOR_WRONG: 'That code is wrong. Wait for the next one and try again.',
  ACCOUNT_LOCKED:
    'Too many failures in a row: the account is locked. Try again in about {minutes} min, or ask your superior to unlock it.',
  FIRST_PASSWORD_OLD: 'The first password is no longer good. Choose “Forgot password?” to set one by e-mail.',
  EMAIL_NOT_VERIFIED: 'The e-mail address is not verified yet. Open the message that you got when you signed up.',
  ACCOUNT_DISABLED: 'This account is disabled. Please contact your superior.',
  PASSWORD_CHANGE_REQUIRED: 'Please change your password first.',
  SECOND_FACTOR_SETUP_REQUIRED: 'Please set up the second factor first.',
  TOKEN_INVALID: 'The link is invalid or has expired.',
}
export default en
