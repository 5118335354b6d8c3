import type zh from '../zh-CN/settings'

const en: typeof zh = {
  title: 'Settings',
  subtitle: 'Each is saved on its own and counts at once; changes go to the operation log.',
  on: 'On',
  off: 'Off',
  none: 'None',
  range: '{min} to {max}',
  atLeast: 'At least {n}',
  atMost: 'At most {n}',
  default: 'Default: {value}',
  changed: 'Changed by {name}, {time}',
  changedAt: 'Changed {time}',
  restart: 'Needs a restart',
  saved: '“{title}” was saved.',
  savedRestart: '“{title}” was saved and counts after a restart.',
  undo: 'Undo',
  leave: { title: 'Leave without saving', message: '{n} changes are not saved and will be lost.', confirm: 'Leave' },
  search: 'Find a setting',
  notFound: 'No such setting',
  unit: {
    chars: 'characters',
    times: 'times',
    minutes: 'minutes',
    hours: 'hours',
    seconds: 'seconds',
    days: 'days',
    quota: 'quota',
  },
  check: {
    integer: 'Enter a whole number',
    range: 'Enter a whole number from {min} to {max}',
    text: 'Enter something',
  },
  reset: {
    action: 'Reset to default',
    title: 'Reset “{title}”',
    message: 'It changes from {from} to its default, {to}, at once.',
    done: '“{title}” has its default again.',
  },
}
export default en
