import type zh from '../zh-CN/common'

const en: typeof zh = {
  language: { 'zh-CN': '简体中文', en: 'English', label: 'Language' },
  action: {
    retry: 'Try again',
    cancel: 'Cancel',
    close: 'Close',
    back: 'Back',
    more: 'Show more',
    halls: 'All halls',
    mine: 'Me',
  },
  state: {
    loading: 'Loading',
    errorTitle: 'This could not be loaded',
    allShown: 'That is all',
    none: '—',
    busy: 'Under way; one moment, please. This can be closed once it is known what has come of it.',
  },
  time: {
    tomorrow: 'tomorrow {time}',
    yesterday: 'yesterday {time}',
    zone: 'Entries are dated in Beijing time (UTC+8)',
    hallZone: 'Bills are dated by the clock of their hall',
  },
  callHall: 'Call the hall · {phone}',
  minutes: '{n} min',
  hours: '{n} h',
  off: '{n}% off',
  signedOut: {
    title: 'You were signed out',
    hint: 'This may have been done at the desk or on another phone. Once you have signed in, you are back here.',
  },
  toast: { signedOut: 'You were signed out. Please sign in again.' },
}
export default en
