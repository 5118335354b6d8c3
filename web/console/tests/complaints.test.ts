import { describe, expect, it } from 'vitest'
import { tellsOf } from '@/views/complaints/useComplaintNews'
import { whereTo } from '@/views/floor/where'

describe('a notification of a call for help or a complaint', () => {
  const told = (kind: string, id = 'cpl_1') => ({ kind, link: `/complaints/${id}` })

  it('has the list asked again, whichever it is of, and nothing else has', () => {
    expect([told('venue.help'), told('venue.complaint', 'cpl_2')].map((one) => tellsOf(one))).toEqual([true, true])
    expect(tellsOf({ kind: 'venue.case_offline', link: '/floor?hall=ven_1&table=tbl_1' })).toBe(false)
    expect(tellsOf({ kind: 'quota.recharged', link: null })).toBe(false)
  })

  it('has the page of that one asked again, and of no other', () => {
    expect(tellsOf(told('venue.help'), 'cpl_1')).toBe(true)
    expect(tellsOf(told('venue.help', 'cpl_11'), 'cpl_1')).toBe(false)
    expect(tellsOf({ kind: 'venue.help', link: null }, 'cpl_1')).toBe(false)
  })
})

describe('an address of the floor', () => {
  const halls = [{ id: 'ven_1' }, { id: 'ven_2' }]

  it('leads to the hall that it names, and to the first where it names none', () => {
    expect(whereTo(halls, 'ven_2')).toEqual({ hall: 'ven_2', elsewhere: false })
    expect(whereTo(halls, '')).toEqual({ hall: 'ven_1', elsewhere: false })
  })

  it('says so where it names one in which one does not work', () => {
    expect(whereTo(halls, 'ven_3')).toEqual({ hall: 'ven_1', elsewhere: true })
    expect(whereTo([], 'ven_3')).toEqual({ hall: null, elsewhere: true })
    expect(whereTo([], '')).toEqual({ hall: null, elsewhere: false })
  })
})
