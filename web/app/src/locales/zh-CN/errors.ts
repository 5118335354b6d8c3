/** Only where the app can say it better than the server, whose own text is already in the right language. */
export default {
  NETWORK: '网络连接不上，请检查网络后重试。',
  TIMEOUT: '服务器没有及时回应，请重试。',
  UNEXPECTED: '出了点意外，请稍后再试。',
  RATE_LIMITED: '操作太频繁，请 {seconds} 秒后再试。',
  OPENED_TOO_OFTEN: '您多次开台后没有使用，请 {wait}后再试。',
  FINISH_FIRST:
    '您正在打球，或有一笔款项还在处理，这时不能与这个手机号的账户合并。请结束后再试，余额和账单都不会丢失。',
  SESSION_INVALID: '登录已失效，请重新登录后再试。',
  SIGN_IN_REQUIRED: '请先登录。',
}
