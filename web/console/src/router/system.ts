import { markRaw } from 'vue'
import { Document, Operation, Setting, Timer } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

const logs = 'logs.view'
const settings = 'settings.manage'
const jobs = 'jobs.manage'

export const system: ModuleRoutes = {
  routes: [
    {
      path: 'logs/operations',
      name: 'operations',
      component: () => import('@/views/logs/OperationListPage.vue'),
      meta: { title: 'logs.operations.title', permission: logs },
    },
    {
      path: 'logs/sign-ins',
      name: 'sign-ins',
      component: () => import('@/views/logs/SignInListPage.vue'),
      meta: { title: 'logs.signIns.title', permission: logs },
    },
    {
      path: 'settings',
      name: 'settings',
      component: () => import('@/views/settings/SettingsPage.vue'),
      meta: { title: 'settings.title', permission: settings },
    },
    {
      path: 'jobs',
      name: 'jobs',
      component: () => import('@/views/jobs/JobListPage.vue'),
      meta: { title: 'jobs.title', permission: jobs },
    },
  ],
  menu: [
    {
      path: '/logs/operations',
      label: 'logs.operations.title',
      icon: markRaw(Operation),
      group: 'system',
      permission: logs,
    },
    { path: '/logs/sign-ins', label: 'logs.signIns.title', icon: markRaw(Document), group: 'system', permission: logs },
    { path: '/settings', label: 'settings.title', icon: markRaw(Setting), group: 'system', permission: settings },
    { path: '/jobs', label: 'jobs.title', icon: markRaw(Timer), group: 'system', permission: jobs },
  ],
}
