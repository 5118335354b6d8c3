import { markRaw } from 'vue'
import { ChatDotRound } from '@element-plus/icons-vue'
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
  ],
  menu: [{ path: '/complaints', label: 'complaints.title', icon: markRaw(ChatDotRound), group: 'halls', permission }],
}
