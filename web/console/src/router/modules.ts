import type { MenuEntry, ModuleRoutes } from './types'
import { users } from './users'

/** In the order in which the menu shows them within their groups. A new module is one file beside this one, and one name here. */
const modules: ModuleRoutes[] = [users]

export const moduleRoutes = modules.flatMap((module) => module.routes)
export const menuEntries: MenuEntry[] = modules.flatMap((module) => module.menu)
