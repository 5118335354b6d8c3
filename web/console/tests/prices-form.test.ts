import { describe, expect, it } from 'vitest'
import type { Tariff } from '@/api/types'
import { formTroubles, isReady, newBand, newPackage, pricesFrom, rowOf, tariffOf } from '@/views/halls/prices-form'

const tariff: Tariff = {
  per_hour: 3_650,
  unit_minutes: 5,
  grace_minutes: 3,
  minimum: 500,
  session_cap: null,
  bands: [
    {
      days: { weekdays: [true, true, true, true, false, false, false], holidays: false },
      hours: { from: 1_110, to: 120 },
      per_hour: 4_800,
    },
  ],
  night: { hours: { from: 1_320, to: 480 }, cap: 16_800 },
  packages: [
    {
      id: 2,
      name_zh: '包时',
      name_en: 'Three',
      span: { minutes: 180 },
      price: 8_800,
      early: 'cheaper',
      days: { weekdays: [true, true, true, true, true, false, false], holidays: false },
      sold: { from: 720, to: 1_080 },
    },
    {
      id: 5,
      name_zh: '包夜',
      name_en: 'Night',
      span: { night: { from: 1_320, to: 360 } },
      price: 12_000,
      early: 'package',
      days: { weekdays: [true, true, true, true, true, true, true], holidays: true },
      sold: null,
    },
  ],
}

const list = { name: 'Rooms', tariff }

describe('the form of prices', () => {
  it('holds what is there, and sends it back unchanged', () => {
    expect(tariffOf(pricesFrom(list))).toEqual(tariff)
    expect(pricesFrom(list)['tariff.per_hour']).toBe('36.50')
  })

  it('takes a package that names no days for one of every day', () => {
    const [, night] = tariff.packages ?? []
    const { days, sold, ...kept } = night!
    expect(tariffOf(pricesFrom({ ...list, tariff: { ...tariff, packages: [kept] } })).packages).toEqual([
      { ...kept, days, sold },
    ])
  })

  it('is ready when each price is one', () => {
    const form = pricesFrom(list)
    expect(isReady(form)).toBe(true)
    form['tariff.bands'].push(newBand())
    expect(formTroubles(form)).toMatchObject({ 'tariff.bands': 'money', 'tariff.per_hour': undefined })
    expect(isReady(form)).toBe(false)
    form['tariff.bands'].pop()
    form['tariff.night'].cap = 'much'
    expect(formTroubles(form)['tariff.night']).toBe('money')
    form['tariff.night'].on = false
    expect(tariffOf(form).night).toBeNull()
  })

  it('holds the name of its list, which must have one', () => {
    const form = pricesFrom(list)
    expect(form.name).toBe('Rooms')
    form.name = ' '
    expect(formTroubles(form).name).toBe('name')
    expect(isReady(form)).toBe(false)
  })

  it('gives a new package an id that none has, and wants its names and price', () => {
    const form = pricesFrom(list)
    form['tariff.packages'].push(newPackage(form['tariff.packages']))
    expect(form['tariff.packages'].at(-1)?.id).toBe(6)
    expect(formTroubles(form)['tariff.packages']).toBe('name')
    Object.assign(form['tariff.packages'].at(-1)!, { name_zh: '新', name_en: 'New' })
    expect(formTroubles(form)['tariff.packages']).toBe('money')
  })

  it('knows which row a refusal is about', () => {
    expect(rowOf('tariff.bands.2.hours')).toEqual({ list: 'tariff.bands', n: 2 })
    expect(rowOf('tariff.unit_minutes')).toBeNull()
  })
})
