import { markRaw } from 'vue'
import { Promotion } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

const permission = 'callbacks.manage'

export const callbacks: ModuleRoutes = {
  routes: [
    {
      path: 'callbacks',
      name: 'callbacks',
      component: () => import('@/views/callbacks/DeliveryListPage.vue'),
      meta: { title: 'callbacks.title', permission },
    },
    {
      path: 'callbacks/:id',
      name: 'callback',
      component: () => import('@/views/callbacks/DeliveryPage.vue'),
      meta: { title: 'callbacks.detail.title', permission, menu: '/callbacks' },
    },
    // Where notifications lead: the server's name for the same thing.
    {
      path: 'deliveries/:id',
      name: 'delivery',
      redirect: (to) => ({ name: 'callback', params: { id: String(to.params.id) } }),
      meta: { title: 'callbacks.detail.title', permission },
    },
  ],
  menu: [{ path: '/callbacks', label: 'callbacks.title', icon: markRaw(Promotion), group: 'cards', permission }],
}
