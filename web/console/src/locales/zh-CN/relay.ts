export default {
  which: '设备',
  own: '单独一台设备',
  same: '原来的设备',
  option: '与 {tables} 共用',
  sharedHint: '多路设备的各路使用同一主题和密码，不必再填写。',
  channel: '通道',
  channelHint: '设备的第几路，从 1 开始；单路设备为 1。Tasmota 的 POWER1 为 1，Shelly 的 switch:0 为 1。',
  button: '设备按键',
  lock: '锁定：按键不再开关灯',
  buttonHint:
    '设备连接后自动设置（Tasmota 为 SetOption73，Shelly 为 in_mode: detached）。服务器停机时也不能用按键开灯；取消锁定须在设备网页中改回。',
  shown: '第 {channel} 路',
  missing: '设备没有第 {channel} 路，灯不受控制。请更换设备，或重新选择通道。',
  meter: '几路共用一个电表的 Tasmota 不能按路监测功率。',
  done: '已添加。几秒后可以看到这一路的状态。',
  renew:
    '旧密码立即失效，设备随即断开：在填好新密码之前一直离线，使用这台设备的各张球台的灯都不受系统控制。新密码只显示一次。',
}
