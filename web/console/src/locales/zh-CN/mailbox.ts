export default {
  title: '模拟邮箱',
  subtitle: '演示环境不会真的发送邮件，系统发出的邮件都在这里，所有人可见。',
  list: '邮件列表',
  to: '收件人',
  back: '返回邮件列表',
  toSignIn: '去登录',
  toConsole: '回到运营台',
  empty: '还没有邮件',
  emptyHint: '注册账号、重置密码或创建用户后，邮件会出现在这里。',
  closed: '这里没有模拟邮箱',
  closedHint: '模拟邮箱只在演示环境中提供。',
  open: '打开模拟邮箱',
}
