import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'
import type { Permission } from '@/shared/permissions'

declare module 'vue-router' {
  interface RouteMeta {
    /** Locale key of the page's title. */
    title?: string
    /** Any one of these is needed. */
    permission?: Permission | readonly Permission[]
    /** May be seen without a session. */
    public?: boolean
    /** Of no use to somebody who is signed in. */
    guestOnly?: boolean
    /** Where one is sent until a duty is done. */
    forced?: 'password' | 'second-factor'
    /** The menu entry that stays marked on this page: that entry's path. */
    menu?: string
  }
}

export type MenuGroup = 'overview' | 'halls' | 'cards' | 'funds' | 'people' | 'system'

export interface MenuEntry {
  path: string
  /** Locale key. */
  label: string
  icon: Component
  group: MenuGroup
  permission?: Permission | readonly Permission[]
}

/** What a module puts into the console: pages inside the shell, and their menu entries. */
export interface ModuleRoutes {
  routes: RouteRecordRaw[]
  menu: MenuEntry[]
}
