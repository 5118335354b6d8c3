import type zh from '../zh-CN/cash'

const en: typeof zh = {
  title: 'Cash by day',
  subtitle:
    'Cash that was taken and paid out at the desk, by hall, day and person: to be held against the drawer when a shift or the day ends.',
  own: 'Cash that you have taken and paid out at the desk, by hall and day: to be held against the drawer when your shift or the day ends.',
  field: {
    day: 'Day',
    hall: 'Hall',
    who: 'By whom',
    taken: 'Taken',
    recharges: 'Times taken',
    paidOut: 'Paid out',
    payouts: 'Times paid out',
    walkIns: 'Of it, to walk-ins',
    walkInPayouts: 'Times to walk-ins',
    drawer: 'In the drawer',
  },
  total: 'All together',
  sum: 'The day in all',
  times: '{n} times',
  drawerHint: 'Taken less paid out, beside what lay there before',
  export: 'Export CSV',
  stale: 'The latest sums could not be loaded; what is shown may lack cash of the last minutes.',
  empty: 'No cash on these days',
  emptyHint: 'Cash that is taken or paid out at the desk is added up here by hall, day and person.',
  note: 'A day begins in the middle of the hours in which the hall is closed: open from ten until two, from six to six, so that what is taken after midnight is of that day. Of a hall that never closes it begins at midnight, and a shift that goes on after that lies in two days. At most 31 at once. Only what was taken and paid out at the desk: refunds that a super admin has paid otherwise came out of no drawer. What went to walk-ins was paid out to customers with no phone or WeChat that was verified, as it is at this moment: nobody else would ask for what they leave behind.',
}
export default en
