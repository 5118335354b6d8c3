import type zh from '../zh-CN/relay'

const en: typeof zh = {
  which: 'Device',
  own: 'A device of its own',
  same: 'The same device',
  option: 'The device of {tables}',
  sharedHint: 'All channels of a device have one topic and one password: nothing has to be entered again.',
  channel: 'Channel',
  channelHint:
    'Counted from 1; a device with one relay has channel 1. POWER1 of a Tasmota is 1, and so is switch:0 of a Shelly.',
  button: 'Button of the device',
  lock: 'Locked: it does not switch the light',
  buttonHint:
    'Set when the device has connected (Tasmota: SetOption73; Shelly: in_mode detached). While the server is down the button does nothing either; to unlock it, set it back on the device’s page.',
  shown: 'channel {channel}',
  missing:
    'The device has no channel {channel}, and the light is beyond control. Replace the device, or choose another channel.',
  refused:
    'The relay board answers, and does not say how this light is (exception code {code}: {why}). It counts as offline.',
  refusal: 'exception code {code}: {why}',
  refusals: {
    function: 'it cannot read coils (function 01)',
    coil: 'it has no such coil; check the numbers of the coil and of the unit',
    count: 'it does not read so many, or so few',
    failed: 'it has failed itself',
    busy: 'it is busy',
    silent: 'the unit behind it does not answer; check its number and its wires',
    other: 'for a reason of its own; see its manual',
  },
  meter: 'A Tasmota with one meter for several channels cannot be watched channel by channel.',
  done: 'Added. In some seconds you see how that channel stands.',
  renew:
    'The old password is void at once, and the device is disconnected: it is offline, and the lights of all tables that use it are beyond the system’s control, until the new password has been entered in it. The new password is shown only once.',
}
export default en
