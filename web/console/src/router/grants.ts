import { markRaw } from 'vue'
import { Finished, Stamp } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

const granting = 'grants.manage'
const applying = ['grants.apply', 'grants.review'] as const

export const grants: ModuleRoutes = {
  routes: [
    {
      path: 'grants',
      name: 'grants',
      component: () => import('@/views/grants/GrantListPage.vue'),
      meta: { title: 'grants.title', permission: granting },
    },
    {
      path: 'applications',
      name: 'applications',
      component: () => import('@/views/grants/ApplicationListPage.vue'),
      meta: { title: 'applications.title', permission: applying },
    },
  ],
  menu: [
    { path: '/grants', label: 'grants.title', icon: markRaw(Stamp), group: 'people', permission: granting },
    {
      path: '/applications',
      label: 'applications.title',
      icon: markRaw(Finished),
      group: 'people',
      permission: applying,
    },
  ],
}
