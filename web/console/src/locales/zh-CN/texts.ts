export default {
  title: '短信',
  subtitle: '发给顾客的验证码和通知，以及运营商给出的结果。保留 90 天，不保存内容；验证码只有超级管理员能看到。',
  field: {
    phone: '手机号',
    kind: '类型',
    state: '状态',
    reason: '原因',
    created: '提交时间',
    ended: '结果时间',
  },
  phoneSearch: '完整手机号',
  kind: { code: '登录验证码', light_failed: '灯故障，已关台', ending: '即将到时', phone_left: '号码已与账户解绑' },
  part: { hall: '门店名称', table: '球台名称' },
  withheld: {
    DAILY_LIMIT: '该号码当天的通知已达上限',
    ADDRESS: '含有网址，运营商会拒绝，请改名',
    EMPTY: '没有可以发送的字符，请改名',
    of: '{part}：{why}',
  },
  empty: '没有短信',
  emptyHint: '通知只在配置了审核通过的模板后发送，见运维文档。',
}
