import { markRaw } from 'vue'
import { Key, Tickets } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

const permission = 'keys.view'

export const keys: ModuleRoutes = {
  routes: [
    {
      path: 'batches',
      name: 'batches',
      component: () => import('@/views/batches/BatchListPage.vue'),
      meta: { title: 'batches.title', permission },
    },
    {
      path: 'batches/:id',
      name: 'batch',
      component: () => import('@/views/batches/BatchPage.vue'),
      meta: { title: 'batches.one', permission, menu: '/batches' },
    },
    {
      path: 'keys',
      name: 'keys',
      component: () => import('@/views/keys/KeyListPage.vue'),
      meta: { title: 'keys.title', permission },
    },
    {
      path: 'keys/:id',
      name: 'key',
      component: () => import('@/views/keys/KeyPage.vue'),
      meta: { title: 'keys.one', permission, menu: '/keys' },
    },
  ],
  menu: [
    { path: '/batches', label: 'batches.title', icon: markRaw(Tickets), group: 'cards', permission },
    { path: '/keys', label: 'keys.title', icon: markRaw(Key), group: 'cards', permission },
  ],
}
