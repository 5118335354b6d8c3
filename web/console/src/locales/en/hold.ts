import type zh from '../zh-CN/hold'

const en: typeof zh = {
  heading: 'Reservation',
  none: 'Free, and reserved for nobody.',
  action: 'Reserve it',
  title: 'Reserve “{name}”',
  note: 'Guest',
  noteHint: 'A name, when they come: 1 to 60 characters, which only the staff sees.',
  minutes: 'For how many minutes',
  minutesHint: '1 to 1440, and not past closing.',
  minutesUntil: 'Until {time}, then it is free by itself. Not past closing.',
  customer: 'The customer’s phone number, or number',
  customerHint: 'This customer opens it by phone then. Without it, nobody opens the table before it is released.',
  submit: 'Reserve',
  done: '“{name}” is reserved.',
  until: 'Until',
  left: 'Time left',
  who: 'Who may open it',
  nobody: 'Nobody before it is released',
  by: 'Reserved by',
  self: 'The customer',
}
export default en
