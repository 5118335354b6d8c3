import type zh from '../zh-CN/shell'

const en: typeof zh = {
  product: 'Card key console',
  tagline: 'Issue, verify and settle, all in view',
  points: {
    quota: 'Every change of quota leaves its entry',
    keys: 'Each key can be followed from issue to expiry',
    why: 'A refused verification says why, and what would mend it',
  },
  skip: 'Skip to content',
  menu: {
    label: 'Main navigation',
    open: 'Open menu',
    close: 'Close menu',
    group: {
      overview: 'Overview',
      halls: 'Halls',
      cards: 'Card keys',
      funds: 'Quota',
      people: 'Users and grants',
      system: 'System',
    },
    home: 'Home',
    users: 'Users',
  },
  quota: { available: 'Available quota', held: '{n} on hold' },
  bell: {
    label: 'Notifications',
    unread: 'Notifications, {n} unread',
    title: 'Notifications',
    readAll: 'Mark all as read',
    empty: 'No new notifications',
    unreadMark: 'Unread',
  },
  user: { menu: 'Account menu', account: 'Account and security', signOut: 'Sign out' },
  role: {
    super_admin: 'Super admin',
    agent_admin: 'Agent admin',
    agent: 'Agent',
    venue_manager: 'Venue manager',
    maintainer: 'Maintainer',
    cashier: 'Cashier',
  },
  demo: 'Demo installation: data may be reset at any time.',
  sessionEnded: 'Your session has ended. Please sign in again.',
  notFound: { title: 'Page not found', hint: 'The link may be wrong, or its content is gone.', home: 'Go to home' },
  forbidden: { title: 'You may not view this page', hint: 'If you need it, please contact your superior.' },
  loadFailed: { title: 'The server cannot be reached', hint: 'Check the network, or try again later.' },
}
export default en
