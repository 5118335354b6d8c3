import type zh from '../zh-CN/notifications'

const en: typeof zh = {
  title: 'Notifications',
  subtitle: 'What concerns you. Important ones also come by e-mail.',
  all: 'All',
  unread: 'Unread',
  show: 'Show',
  readAll: 'Mark all as read',
  read: 'Mark as read',
  open: 'Open',
  readDone: 'All marked as read.',
  fresh: '{n} new, click to show',
  empty: 'No notifications yet',
  emptyHint: 'Changes of quota, answers to applications, finished batches and the like appear here.',
  emptyUnread: 'Nothing unread',
  emptyUnreadHint: 'You have read all notifications.',
  showAll: 'Show all',
  topic: {
    account: 'Account',
    quota: 'Quota',
    grant: 'Grants',
    keys: 'Keys',
    client: 'Client',
    callback: 'Callback',
    venue: 'Hall',
    other: 'Message',
  },
}
export default en
