import type zh from '../zh-CN/maintainers'

const en: typeof zh = {
  title: 'Maintainers',
  subtitle:
    'Whom you have made to see to faults, and to test lights, in your halls. Their accounts are managed by you and by super admins alone; whoever works in halls of others too is managed by super admins, and not listed here.',
  subtitleAll: 'The maintainers of all halls, made by managers or by super admins.',
  managedBy: 'Managed by',
  bySuperAdmins: 'Super admins',
  create: 'New maintainer',
  searchLabel: 'Search maintainers',
  empty: 'No maintainers yet',
  halls: 'Halls to work in',
  hallsHint: 'They can be added to others, or removed, under “Staff” on a hall’s page.',
  check: { halls: 'Choose a hall' },
  done: 'Maintainer “{name}” created; the initial password went out by e-mail.',
}
export default en
