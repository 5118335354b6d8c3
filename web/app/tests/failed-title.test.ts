import { describe, expect, it } from 'vitest'
import { endReasons } from '@/api/types'
import { t } from '@/locales'
import { failedTitle } from '@/shared/failed-title'

describe('a table that was not opened', () => {
  it('is the lamp’s fault only where the lamp did not come on', () => {
    const blamed = [...endReasons, null].filter((reason) => failedTitle(reason) === 'notLit')
    expect(blamed).toEqual(['not_lit'])
  })

  it('says whose doing it was', () => {
    expect(failedTitle('staff')).toBe('staff')
    expect(failedTitle('customer')).toBe('customer')
    const titles = (['not_lit', 'staff', 'customer', null] as const).map((reason) =>
      t(`play.failed.title.${failedTitle(reason)}`),
    )
    expect(new Set(titles).size).toBe(4)
  })
})
