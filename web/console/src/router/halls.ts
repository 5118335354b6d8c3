import { markRaw } from 'vue'
import { Avatar, Cpu, Grid, Medal, Money, Tools } from '@element-plus/icons-vue'
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
    {
      path: 'halls/:id/codes',
      name: 'codes',
      component: () => import('@/views/floor/CodesPage.vue'),
      meta: { title: 'floor.codes.title', permission, menu: '/floor' },
    },
    {
      path: 'cash',
      name: 'cash',
      component: () => import('@/views/cash/CashPage.vue'),
      meta: { title: 'cash.title', permission: 'desk.serve' },
    },
    {
      path: 'cases',
      name: 'cases',
      component: () => import('@/views/lights/CaseListPage.vue'),
      meta: { title: 'lights.cases.title', permission },
    },
    {
      path: 'devices',
      name: 'devices',
      component: () => import('@/views/lights/DeviceListPage.vue'),
      meta: { title: 'lights.devices.title', permission },
    },
    {
      path: 'maintainers',
      name: 'maintainers',
      component: () => import('@/views/maintainers/MaintainerListPage.vue'),
      meta: { title: 'maintainers.title', permission: 'venues.manage' },
    },
    {
      path: 'levels',
      name: 'levels',
      component: () => import('@/views/levels/LevelsPage.vue'),
      meta: { title: 'levels.title', permission: 'settings.manage' },
    },
  ],
  menu: [
    { path: '/floor', label: 'floor.title', icon: markRaw(Grid), group: 'halls', permission },
    { path: '/cash', label: 'cash.title', icon: markRaw(Money), group: 'halls', permission: 'desk.serve' },
    { path: '/cases', label: 'lights.cases.title', icon: markRaw(Tools), group: 'halls', permission },
    { path: '/devices', label: 'lights.devices.title', icon: markRaw(Cpu), group: 'halls', permission },
    {
      path: '/maintainers',
      label: 'maintainers.title',
      icon: markRaw(Avatar),
      group: 'halls',
      permission: 'venues.manage',
    },
    { path: '/levels', label: 'levels.title', icon: markRaw(Medal), group: 'halls', permission: 'settings.manage' },
  ],
}
