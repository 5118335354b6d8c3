import { describe, expect, it } from 'vitest'
import type { Role, User } from '@/api/types'
import { offered, shownState, textsOf, type Change } from '@/views/users/changes'

const user = (change: Partial<User> = {}): User => ({
  id: 'usr_1',
  name: 'fixer',
  email: 'fixer@example.com',
  role: 'maintainer',
  state: 'active',
  disabled_above: false,
  superior: null,
  made_by: null,
  locked_until: null,
  second_factor_enabled: false,
  first_sign_in_due: false,
  quota: null,
  last_sign_in_at: null,
  created_at: '2026-11-21T00:00:00Z',
  ...change,
})
const by = (role: Role, id = 'usr_2') => ({ id, role })
const disabled = user({ state: 'disabled' })
const above = user({ state: 'disabled', disabled_above: true })
const all: Change[] = ['unlock', 'enable', 'resetSecondFactor', 'disable', 'endSessions']
const offers = (one: User, role: Role) => all.filter((change) => offered(change, one, by(role)))

describe('what is offered of a user', () => {
  it('v5_2 is no button that cannot work where a super admin has disabled it', () => {
    for (const role of ['venue_manager', 'agent_admin'] as const) {
      expect(offers(disabled, role)).toEqual(['enable'])
      expect(offers(above, role)).toEqual([])
    }
    expect(offers(above, 'super_admin')).toEqual(['enable'])
  })

  it('lets a super admin take over what another has disabled, and says so', () => {
    expect(offers(disabled, 'super_admin')).toEqual(['enable', 'disable'])
    expect([textsOf('disable', disabled), textsOf('disable', user()), textsOf('enable', disabled)]).toEqual([
      'hold',
      'disable',
      'enable',
    ])
    expect(textsOf('enable', user({ state: 'pending' }))).toBe('activate')
  })

  it('leaves out oneself', () => {
    expect(offered('disable', user(), by('super_admin', 'usr_1'))).toBe(false)
    expect(offers(user(), 'venue_manager')).toEqual(['disable', 'endSessions'])
  })

  it('shows who has disabled it where that is not to be undone', () => {
    expect([user(), disabled, above].map(shownState)).toEqual(['active', 'disabled', 'disabled_above'])
    expect(shownState(user({ locked_until: '2999-01-01T00:00:00Z' }))).toBe('locked')
  })
})
