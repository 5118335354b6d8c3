import { createRouter, createWebHistory, type Router } from 'vue-router'
import { accountRoutes } from './account'
import { guard, landing } from './guard'
import { moduleRoutes } from './modules'

export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHistory('/'),
    routes: [
      ...accountRoutes,
      {
        path: '/',
        component: () => import('@/layouts/ConsoleLayout.vue'),
        children: [
          { path: '', name: 'root', redirect: () => landing(router) },
          ...moduleRoutes,
          {
            path: 'forbidden',
            name: 'forbidden',
            component: () => import('@/views/system/ForbiddenPage.vue'),
            meta: { title: 'shell.forbidden.title' },
          },
          {
            path: ':rest(.*)*',
            name: 'not-found',
            component: () => import('@/views/system/NotFoundPage.vue'),
            meta: { title: 'shell.notFound.title' },
          },
        ],
      },
    ],
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
  })
  guard(router)
  return router
}
