import type zh from '../zh-CN/errors'

const en: typeof zh = {
  NETWORK: 'No connection. Please check the network and try again.',
  TIMEOUT: 'The server did not answer in time. Please try again.',
  UNEXPECTED: 'Something unexpected went wrong. Please try again later.',
  RATE_LIMITED: 'Too many tries. Please wait {seconds} seconds.',
  OPENED_TOO_OFTEN: 'You have opened tables several times without playing. Please try again in {wait}.',
  FINISH_FIRST:
    'You are playing, or a payment is under way, so your account cannot be joined with this number’s yet. Please try again after that; nothing of yours is lost.',
  SESSION_INVALID: 'You were signed out. Please sign in again.',
  SIGN_IN_REQUIRED: 'Please sign in first.',
}
export default en
