import type { MenuEntry, ModuleRoutes } from './types'
import { callbacks } from './callbacks'
import { complaints } from './complaints'
import { halls } from './halls'
import { home } from './home'
import { payments } from './payments'
import { quota } from './quota'
import { system } from './system'
import { users } from './users'
import { calls } from './calls'
import { grants } from './grants'
import { keys } from './keys'
import { projects } from './projects'

/**
 * In the order in which the menu shows them within their groups; who may not open the home page begins on the first that one may.
 * A new module is one file beside this one, and one name here.
 */
const modules: ModuleRoutes[] = [
  halls,
  complaints,
  home,
  payments,
  projects,
  keys,
  calls,
  callbacks,
  quota,
  users,
  grants,
  system,
]

export const moduleRoutes = modules.flatMap((module) => module.routes)
export const menuEntries: MenuEntry[] = modules.flatMap((module) => module.menu)
