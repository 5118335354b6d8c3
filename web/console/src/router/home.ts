import { markRaw } from 'vue'
import { Bell, House } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

// The home page is about card keys: who works in a hall begins on its floor.
const permission = 'keys.view'

/** What everybody has: the role's home, the notification centre, one's own account. */
export const home: ModuleRoutes = {
  routes: [
    {
      path: 'home',
      name: 'home',
      component: () => import('@/views/home/HomePage.vue'),
      meta: { title: 'home.title', permission },
    },
    {
      path: 'notifications',
      name: 'notifications',
      component: () => import('@/views/notifications/NotificationListPage.vue'),
      meta: { title: 'notifications.title' },
    },
    {
      path: 'account',
      name: 'account',
      component: () => import('@/views/account/AccountPage.vue'),
      meta: { title: 'profile.title' },
    },
  ],
  menu: [
    { path: '/home', label: 'shell.menu.home', icon: markRaw(House), group: 'overview', permission },
    { path: '/notifications', label: 'notifications.title', icon: markRaw(Bell), group: 'overview' },
  ],
}
