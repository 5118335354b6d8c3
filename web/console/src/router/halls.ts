import { markRaw } from 'vue'
import { Grid } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

const permission = 'venues.view'

export const halls: ModuleRoutes = {
  routes: [
    {
      path: 'floor',
      name: 'floor',
      component: () => import('@/views/floor/FloorPage.vue'),
      meta: { title: 'floor.title', permission },
    },
    {
      path: 'halls/:id',
      name: 'hall',
      component: () => import('@/views/halls/HallPage.vue'),
      meta: { title: 'halls.title', permission: 'venues.manage', menu: '/floor' },
    },
  ],
  menu: [{ path: '/floor', label: 'floor.title', icon: markRaw(Grid), group: 'halls', permission }],
}
