/** Cash at the desk, by hall, day and person. */
export default {
  title: '现金日报',
  subtitle: '柜台收付的现金，按门店、日期和经手人汇总：交班或打烊时，与抽屉里的现金核对。',
  own: '您在柜台经手的现金，按门店和日期汇总：交班或打烊时，与抽屉里的现金核对。',
  field: {
    day: '日期',
    hall: '门店',
    who: '经手人',
    taken: '收入现金',
    recharges: '收入笔数',
    paidOut: '付出现金',
    payouts: '付出笔数',
    drawer: '应有现金',
  },
  total: '合计',
  sum: '当日合计',
  times: '{n} 笔',
  drawerHint: '收入减付出，不含备用金',
  export: '导出 CSV',
  empty: '这些日子没有现金收付',
  emptyHint: '柜台充值和付现金后，会按门店、日期和经手人汇总在这里。',
  note: '日期按各门店的时钟，一次最多查 31 天。只含柜台充值和付现金：超级管理员以其他方式支付的退款不在抽屉里。',
}
