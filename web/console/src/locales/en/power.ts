import type zh from '../zh-CN/power'

const en: typeof zh = {
  action: 'Watch the power',
  title: 'Power of “{name}”',
  least: 'Draws at least, watts, when it is on',
  hint: '1 to 5000. The relay must measure power. A light that is on and draws less, twice in a row, is taken for broken: the table is closed, paid back, and out of service. Empty: it is not watched.',
  off: 'Not watched',
  unknown: 'Nothing heard yet',
  atLeast: 'at least {watts} W',
  done: 'Saved.',
  dark: 'The relay is on and the lamp draws next to no power: look at the lamp, the breaker and the cable.',
  label: 'Power',
  beforeUse: 'Test the light before you return the table: at least {watts} W must be seen.',
  range: 'Enter a whole number from 1 to 5000, or nothing',
  test: {
    action: 'Test the light',
    title: 'Test the light of “{name}”',
    message: 'It is on for two minutes. Where power is watched, what it draws is seen within half a minute.',
    done: 'Sent. Please see whether it burns.',
  },
}
export default en
