import { markRaw } from 'vue'
import { ChatDotRound, Message } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

const permission = 'venues.view'

export const complaints: ModuleRoutes = {
  routes: [
    {
      path: 'complaints',
      name: 'complaints',
      component: () => import('@/views/complaints/ComplaintListPage.vue'),
      meta: { title: 'complaints.title', permission },
    },
    {
      path: 'complaints/:id',
      name: 'complaint',
      component: () => import('@/views/complaints/ComplaintPage.vue'),
      meta: { title: 'complaints.detail', permission, menu: '/complaints' },
    },
    {
      path: 'texts',
      name: 'texts',
      component: () => import('@/views/texts/TextListPage.vue'),
      meta: { title: 'texts.title', permission: 'tables.operate' },
    },
  ],
  menu: [
    { path: '/complaints', label: 'complaints.title', icon: markRaw(ChatDotRound), group: 'halls', permission },
    { path: '/texts', label: 'texts.title', icon: markRaw(Message), group: 'halls', permission: 'tables.operate' },
  ],
}
