export default {
  language: { 'zh-CN': '简体中文', en: 'English', label: '语言' },
  action: {
    retry: '重试',
    cancel: '取消',
    close: '关闭',
    back: '返回',
    more: '加载更多',
    halls: '全部球房',
    mine: '我的',
  },
  state: {
    loading: '正在加载',
    errorTitle: '没能加载出来',
    allShown: '已经到底了',
    none: '—',
  },
  time: {
    tomorrow: '明天 {time}',
    yesterday: '昨天 {time}',
    zone: '记录时间为北京时间（UTC+8）',
    hallZone: '账单时间为球房当地时间',
  },
  minutes: '{n} 分钟',
  hours: '{n} 小时',
  off: '{n} 折',
  signedOut: { title: '您已退出登录', hint: '可能是在前台或别的手机上退出的。重新登录后会回到这里。' },
  toast: { signedOut: '登录已失效，请重新登录' },
}
