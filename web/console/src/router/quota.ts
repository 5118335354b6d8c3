import { markRaw } from 'vue'
import { Coin, Wallet } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'
import type { Permission } from '@/shared/permissions'

const permission = 'quota.view'
const withdrawing: Permission[] = ['quota.withdraw', 'withdrawals.review']

export const quota: ModuleRoutes = {
  routes: [
    {
      path: 'quota',
      name: 'quota',
      component: () => import('@/views/quota/QuotaPage.vue'),
      meta: { title: 'quota.title', permission },
    },
    {
      path: 'withdrawals',
      name: 'withdrawals',
      component: () => import('@/views/withdrawals/WithdrawalListPage.vue'),
      meta: { title: 'withdrawals.title', permission: withdrawing },
    },
    {
      path: 'withdrawals/:id',
      name: 'withdrawal',
      redirect: (to) => ({ name: 'withdrawals', query: { open: String(to.params.id) } }),
      meta: { title: 'withdrawals.title', permission: withdrawing },
    },
  ],
  menu: [
    { path: '/quota', label: 'quota.title', icon: markRaw(Coin), group: 'funds', permission },
    {
      path: '/withdrawals',
      label: 'withdrawals.title',
      icon: markRaw(Wallet),
      group: 'funds',
      permission: withdrawing,
    },
  ],
}
