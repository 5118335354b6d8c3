import { markRaw } from 'vue'
import { Monitor } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

const permission = 'keys.view'

export const calls: ModuleRoutes = {
  routes: [
    {
      path: 'calls',
      name: 'calls',
      component: () => import('@/views/calls/CallListPage.vue'),
      meta: { title: 'calls.title', permission },
    },
    {
      path: 'calls/:id',
      name: 'call',
      component: () => import('@/views/calls/CallPage.vue'),
      meta: { title: 'calls.one', permission, menu: '/calls' },
    },
  ],
  menu: [{ path: '/calls', label: 'calls.title', icon: markRaw(Monitor), group: 'cards', permission }],
}
