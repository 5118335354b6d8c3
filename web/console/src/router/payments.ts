import { markRaw } from 'vue'
import { CreditCard } from '@element-plus/icons-vue'
import type { ModuleRoutes } from './types'

const permission = 'payments.manage'

export const payments: ModuleRoutes = {
  routes: [
    {
      path: 'payments',
      name: 'payments',
      component: () => import('@/views/payments/PaymentsPage.vue'),
      meta: { title: 'payments.title', permission },
    },
    {
      path: 'payments/orders/:id',
      name: 'pay-order',
      component: () => import('@/views/payments/OrderPage.vue'),
      meta: { title: 'payments.detail.title', permission, menu: '/payments' },
    },
  ],
  menu: [{ path: '/payments', label: 'payments.title', icon: markRaw(CreditCard), group: 'halls', permission }],
}
