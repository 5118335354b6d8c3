import type { PayProblemCode } from '../../api/types'

/** What does not fit about a payment, a refund or a network’s answer: every code that the server knows. */
const code = {
  other_amount: '渠道报告的付款金额是 {money}，与订单不符',
  other_number: '渠道就同一单号又报告了另一笔付款，渠道单号为 {number}',
  let_go: '已按付款成功处理，渠道却已关闭：没有付款，或已不再冻结',
  silent: '超过一天没有明确结果：渠道既没有说明是否已付，也没有关闭',
  bill_only: '渠道的账单里有这笔付款，查询时渠道却答复没有付',
  refunded_twice: '退款 {number} 已由人工处理，渠道却又退了一次',
  closed_unpaid: '渠道没有扣到钱就关闭了这次扣款，已换单号重新请求',
  not_taken: '请求扣款已超过一天，仍没有扣到',
  not_sent: '渠道十天仍没有退回，也没有拒绝',
  failed: '渠道没有退成',
  nothing_frozen: '这个单号没有冻结的钱',
  is_frozen: '钱已冻结，不能直接关闭',
  wrong_means: '这个渠道没有这种付款方式',
  payer_unknown: '付款人不是在这个商户的应用中登录的',
  refused: '渠道拒绝',
  refused_unsigned: '渠道拒绝，但答复没有签名，请先向渠道查证',
  no_answer: '渠道没有回应',
  in_trouble: '渠道繁忙或出错',
  not_signed: '收到的答复没有签名，不予采信',
  unknown_key: '收到的答复由没有登记的公钥签名，请检查渠道公钥',
  other_time: '收到的答复与服务器时间相差太多，请检查服务器时钟',
  bad_signature: '收到的答复签名不符，请检查渠道公钥',
  unreadable: '收到的答复无法读取',
  of_another: '收到的答复说的是另一笔款项或另一个商户',
  incomplete: '收到的答复不完整',
  unknown_state: '渠道报告的状态无法识别',
  being_taken: '渠道正在扣款',
  merchant_gone: '收款的商户早已更换，它的参数不再保留',
  no_bill: '渠道还没有这一天的账单',
  bad_bill: '账单下载不完整，或无法读取',
  ours: '本系统出错，原因见服务日志',
} satisfies Record<PayProblemCode, string>

export default { said: '渠道答复：{said}', code }
