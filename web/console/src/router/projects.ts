import { markRaw } from 'vue'
import { Box } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

const permission = ['projects.manage', 'keys.view'] as const

export const projects: ModuleRoutes = {
  routes: [
    {
      path: 'projects',
      name: 'projects',
      component: () => import('@/views/projects/ProjectListPage.vue'),
      meta: { title: 'projects.title', permission },
    },
    {
      path: 'projects/:id',
      name: 'project',
      component: () => import('@/views/projects/ProjectPage.vue'),
      meta: { title: 'projects.title', permission, menu: '/projects' },
    },
  ],
  menu: [{ path: '/projects', label: 'projects.title', icon: markRaw(Box), group: 'cards', permission }],
}
