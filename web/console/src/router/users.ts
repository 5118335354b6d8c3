import { markRaw } from 'vue'
import { User } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

// Managers of halls have users too: their maintainers, who are on a page of their own.
const permission = 'grants.manage'

export const users: ModuleRoutes = {
  routes: [
    {
      path: 'users',
      name: 'users',
      component: () => import('@/views/users/UserListPage.vue'),
      meta: { title: 'users.title', permission },
    },
    {
      path: 'users/:id',
      name: 'user',
      component: () => import('@/views/users/UserPage.vue'),
      meta: { title: 'users.title', permission, menu: '/users' },
    },
  ],
  menu: [{ path: '/users', label: 'shell.menu.users', icon: markRaw(User), group: 'people', permission }],
}
