import { describe, expect, it } from 'vitest'
import type { Merchant } from '@/api/types'
import {
  bodyOf,
  channelTroubles,
  emptyKey,
  formOf,
  keptOf,
  parametersOf,
  stateOf,
  switchBody,
} from '@/views/payments/channel-form'
import type { ChannelForm } from '@/views/payments/channel-form'

const at = (second: string) => `2026-05-01T10:00:${second}Z`
const merchant = (change: Partial<Merchant> = {}): Merchant => ({
  channel: 'wechat',
  enabled: false,
  notify_url: 'https://cue.example/callbacks/wechat',
  parameters: { app_id: 'wx1', mini_app_id: null, merchant_id: '1900', serial: 'AB', keys: ['PUB_KEY_ID_1'] },
  version: 1,
  updated_at: at('00'),
  earlier: [],
  ...change,
})
const filled = (change: Partial<ChannelForm> = {}): ChannelForm => ({
  enabled: true,
  app_id: ' wx1 ',
  mini_app_id: ' wx2 ',
  merchant_id: '1900',
  serial: 'AB ',
  private_key: ' PEM\n',
  api_v3_key: 'k'.repeat(32),
  keys: [{ id: ' K1 ', pem: ' PUB ' }, emptyKey()],
  ...change,
})

describe('a network’s parameters', () => {
  it('begin as they are known, without secrets, and on where they are new', () => {
    const known = formOf(merchant())
    expect(known).toMatchObject({ enabled: false, app_id: 'wx1', merchant_id: '1900', serial: 'AB' })
    expect([known.private_key, known.api_v3_key, known.keys]).toEqual(['', '', [emptyKey()]])
    expect(formOf(merchant({ parameters: null })).enabled).toBe(true)
    expect([merchant(), merchant({ enabled: true }), merchant({ parameters: null })].map(stateOf)).toEqual([
      'off',
      'on',
      'unset',
    ])
  })

  it('leave out secrets that nobody typed', () => {
    expect(bodyOf('wechat', formOf(merchant()))).toEqual({
      enabled: false,
      parameters: { app_id: 'wx1', merchant_id: '1900', serial: 'AB' },
    })
    expect(switchBody(merchant(), true)).toEqual({
      enabled: true,
      parameters: { app_id: 'wx1', merchant_id: '1900', serial: 'AB' },
    })
  })

  it('keep the mini-program when the network is turned on or off, and have none where none is typed', () => {
    const parameters = { app_id: 'wx1', mini_app_id: 'wx2', merchant_id: '1900', serial: 'AB', keys: ['K'] }
    expect(switchBody(merchant({ parameters }), true).parameters?.mini_app_id).toBe('wx2')
    expect(bodyOf('wechat', filled({ mini_app_id: ' ' })).parameters).not.toHaveProperty('mini_app_id')
  })

  it('are sent trimmed, with the keys that were typed', () => {
    expect(bodyOf('wechat', filled()).parameters).toEqual({
      app_id: 'wx1',
      mini_app_id: 'wx2',
      merchant_id: '1900',
      serial: 'AB',
      private_key: 'PEM',
      api_v3_key: 'k'.repeat(32),
      keys: [{ id: 'K1', pem: 'PUB' }],
    })
  })

  it('of a merchant of before say nothing of whether it takes new payments', () => {
    expect(parametersOf('wechat', filled())).toEqual(bodyOf('wechat', filled()).parameters)
    const kept = parametersOf('alipay', formOf(merchant({ channel: 'alipay' })))
    expect(kept).toEqual({ app_id: 'wx1', merchant_id: '1900' })
  })

  it('hold nothing of WeChat’s for Alipay', () => {
    expect(bodyOf('alipay', filled()).parameters).toEqual({
      app_id: 'wx1',
      merchant_id: '1900',
      private_key: 'PEM',
      keys: [{ id: '', pem: 'PUB' }],
    })
  })

  it('are kept of each merchant that we are or were, and of no other', () => {
    const shown = (merchant_id: string, app_id: string) => ({
      app_id,
      mini_app_id: null,
      merchant_id,
      serial: null,
      keys: [],
    })
    const before = { parameters: shown('1800', 'wx0'), replaced_at: at('00'), open: 0, needed_until: at('01') }
    const named = (channel: 'wechat' | 'alipay', merchant_id: string, app_id: string) =>
      keptOf(merchant({ channel, parameters: shown('1900', 'wx1'), earlier: [before] }), { merchant_id, app_id })
    expect(named('wechat', ' 1900 ', 'wx9')?.merchant_id).toBe('1900')
    expect(named('wechat', '1800', 'wx9')?.merchant_id).toBe('1800')
    expect(named('wechat', '1700', 'wx1')).toBeNull()
    // An app of Alipay's has keys of its own.
    expect(named('alipay', '1900', 'wx1 ')?.merchant_id).toBe('1900')
    expect(named('alipay', '1900', 'wx9')).toBeNull()
    expect(named('alipay', '1900', ' ')?.app_id).toBe('wx1')
    expect(keptOf(merchant({ parameters: null }), { merchant_id: '1900', app_id: 'wx1' })).toBeNull()
  })

  it('are checked before they are sent', () => {
    const troubles = (channel: 'wechat' | 'alipay', form: ChannelForm, known: boolean) =>
      Object.entries(channelTroubles(channel, form, known))
        .filter(([, trouble]) => trouble !== undefined)
        .map(([field, trouble]) => `${field}: ${trouble}`)
        .sort()
    const nothing = formOf(merchant({ parameters: null }))
    expect(troubles('wechat', nothing, false)).toEqual(
      ['app_id', 'merchant_id', 'private_key', 'keys', 'serial', 'api_v3_key']
        .sort()
        .map((name) => `${name}: required`),
    )
    expect(troubles('alipay', nothing, false)).toEqual(
      ['app_id', 'keys', 'merchant_id', 'private_key'].map((name) => `${name}: required`),
    )
    expect(troubles('wechat', formOf(merchant()), true)).toEqual([])
    expect(troubles('wechat', filled(), false)).toEqual([])
    expect(troubles('wechat', filled({ keys: [{ id: '', pem: 'P' }] }), true)).toEqual(['keys: keyId'])
    expect(troubles('wechat', filled({ keys: [{ id: 'K', pem: ' ' }] }), true)).toEqual(['keys: keyPem'])
    expect(troubles('alipay', filled({ keys: [{ id: '', pem: 'P' }] }), false)).toEqual([])
  })
})
