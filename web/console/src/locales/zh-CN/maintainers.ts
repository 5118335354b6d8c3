export default {
  title: '维护人员',
  subtitle:
    '您创建的维护人员，负责您球厅里的故障和灯光检测。只有您和超级管理员可以管理他们的账号；同时在别的店长的球厅工作的，只由超级管理员管理，不在此列出。',
  subtitleAll: '各球厅的维护人员，由店长或超级管理员创建。',
  managedBy: '管理者',
  bySuperAdmins: '超级管理员',
  create: '新建维护人员',
  searchLabel: '搜索维护人员',
  empty: '还没有维护人员',
  halls: '工作的球厅',
  hallsHint: '以后可以在球厅页面的“员工”中添加或移除。',
  check: { halls: '请选择球厅' },
  done: '已创建维护人员“{name}”，初始密码已发送至邮箱。',
}
