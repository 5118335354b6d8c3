import { describe, expect, it } from 'vitest'
import { menuEntries, moduleRoutes } from '@/router/modules'

describe('the menu', () => {
  it('asks for an entry what the page behind it asks for, so that it leads nobody where they may not go', () => {
    for (const { path, permission } of menuEntries) {
      const page = moduleRoutes.find((route) => `/${route.path}` === path)
      expect(page, path).toBeDefined()
      expect(page?.meta?.permission, path).toEqual(permission)
    }
    expect(menuEntries.length).toBeGreaterThan(10)
  })
})
