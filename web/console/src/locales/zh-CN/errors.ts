/** Only where the console can say it better than the server, whose own text is already in the right language. */
export default {
  NETWORK: '无法连接服务器，请检查网络后重试。',
  TIMEOUT: '服务器响应超时。操作可能已经生效，请先刷新确认，再决定是否重试。',
  UNEXPECTED: '出现意外错误，请稍后重试。',
  BUSY: '系统繁忙，请稍候片刻再试。',
  SIGN_IN_FAILED: '名称或密码不正确。',
  CAPTCHA_REQUIRED: '请先完成人机验证。',
  CAPTCHA_WRONG: '验证码不正确或已过期，已为您换了一张。',
  SECOND_FACTOR_REQUIRED: '请输入身份验证器上的 6 位动态码。',
  SECOND_FACTOR_WRONG: '动态码不正确，请等待新的动态码后再试。',
  ACCOUNT_LOCKED: '连续失败次数过多，账号已锁定。请约 {minutes} 分钟后再试，或联系上级解锁。',
  FIRST_PASSWORD_OLD: '初始密码已过期。请点击“忘记密码”，通过邮件设置新密码。',
  EMAIL_NOT_VERIFIED: '邮箱尚未验证。请打开注册时收到的邮件完成激活。',
  ACCOUNT_DISABLED: '该账号已被停用，请联系上级。',
  PASSWORD_CHANGE_REQUIRED: '请先修改密码。',
  SECOND_FACTOR_SETUP_REQUIRED: '请先设置两步验证。',
  TOKEN_INVALID: '链接无效或已过期。',
}
