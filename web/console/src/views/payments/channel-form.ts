import type { EarlierForm, Merchant, MerchantForm, MerchantShown, NetworkKey, PayChannel } from '@/api/types'

/** As it is typed; the names are those of what the server refuses. Secrets begin empty: they are never shown. */
export interface ChannelForm {
  enabled: boolean
  app_id: string
  /** WeChat, where there is a mini-program. */
  mini_app_id: string
  merchant_id: string
  serial: string
  private_key: string
  api_v3_key: string
  keys: NetworkKey[]
}

/** While WeChat changes from one key to another both are good. */
export const MOST_KEYS: Readonly<Record<PayChannel, number>> = { wechat: 2, alipay: 1, alipay_freeze: 1 }

const blank = (text: string): boolean => text.trim() === ''

export const emptyKey = (): NetworkKey => ({ id: '', pem: '' })

export function formOf(merchant: Merchant | null): ChannelForm {
  const known = merchant?.parameters ?? null
  return {
    // Whoever sets it up for the first time wants to be paid by it.
    enabled: known === null ? true : (merchant?.enabled ?? true),
    app_id: known?.app_id ?? '',
    mini_app_id: known?.mini_app_id ?? '',
    merchant_id: known?.merchant_id ?? '',
    serial: known?.serial ?? '',
    private_key: '',
    api_v3_key: '',
    keys: [emptyKey()],
  }
}

/**
 * Of whom secrets are kept, where the form names who we are or were: those that nobody types stay. Another merchant has
 * secrets of its own. An app of Alipay's is one, while the apps at WeChat are the merchant's.
 */
export function keptOf(
  merchant: Merchant | null,
  form: Pick<ChannelForm, 'app_id' | 'merchant_id'>,
): MerchantShown | null {
  if (!merchant?.parameters) return null
  const all = [merchant.parameters, ...merchant.earlier.map(({ parameters }) => parameters)]
  // Who it is cannot be told yet.
  if (blank(form.app_id) || blank(form.merchant_id)) return merchant.parameters
  const named = (one: MerchantShown) =>
    one.merchant_id === form.merchant_id.trim() && (merchant.channel === 'wechat' || one.app_id === form.app_id.trim())
  return all.find(named) ?? null
}

type Trouble = 'required' | 'keyId' | 'keyPem'

/** A key of which anything was typed. */
const typed = ({ id, pem }: NetworkKey): boolean => !blank(id) || !blank(pem)

function keysTrouble(channel: PayChannel, keys: NetworkKey[], known: boolean): Trouble | undefined {
  const some = keys.filter(typed)
  if (some.length === 0) return known ? undefined : 'required'
  if (some.some(({ pem }) => blank(pem))) return 'keyPem'
  return channel === 'wechat' && some.some(({ id }) => blank(id)) ? 'keyId' : undefined
}

/** What can be said before asking the server. `known`: there are secrets that stay when nothing is typed. */
export function channelTroubles(
  channel: PayChannel,
  form: ChannelForm,
  known: boolean,
): Partial<Record<keyof ChannelForm, Trouble>> {
  const needed = (text: string) => (blank(text) ? 'required' : undefined)
  const secret = (text: string) => (known ? undefined : needed(text))
  const common = {
    app_id: needed(form.app_id),
    merchant_id: needed(form.merchant_id),
    private_key: secret(form.private_key),
    keys: keysTrouble(channel, form.keys, known),
  } as const
  if (channel !== 'wechat') return common
  return { ...common, serial: needed(form.serial), api_v3_key: secret(form.api_v3_key) }
}

/** What is sent, of a form without troubles: secrets that nobody typed are left out, and so stay. */
export function parametersOf(channel: PayChannel, form: ChannelForm): EarlierForm['parameters'] {
  const wechat = channel === 'wechat'
  const parameters: EarlierForm['parameters'] = {
    app_id: form.app_id.trim(),
    merchant_id: form.merchant_id.trim(),
  }
  if (wechat) parameters.serial = form.serial.trim()
  if (wechat && !blank(form.mini_app_id)) parameters.mini_app_id = form.mini_app_id.trim()
  if (!blank(form.private_key)) parameters.private_key = form.private_key.trim()
  if (wechat && !blank(form.api_v3_key)) parameters.api_v3_key = form.api_v3_key.trim()
  const keys = form.keys.filter(typed)
  // Alipay has one key, which needs no name.
  if (keys.length > 0) parameters.keys = keys.map(({ id, pem }) => ({ id: wechat ? id.trim() : '', pem: pem.trim() }))
  return parameters
}

/** The same with whether it takes new payments. */
export const bodyOf = (channel: PayChannel, form: ChannelForm): MerchantForm => ({
  enabled: form.enabled,
  parameters: parametersOf(channel, form),
})

/** The same as it is known, turned on or off. */
export const switchBody = (merchant: Merchant, enabled: boolean): MerchantForm =>
  hasForm(merchant.channel) ? bodyOf(merchant.channel, { ...formOf(merchant), enabled }) : { enabled }

/** A pre-authorisation is spoken to with Alipay's parameters. */
export const hasForm = (channel: PayChannel): boolean => channel !== 'alipay_freeze'

export const stateOf = ({ enabled, parameters }: Merchant): 'on' | 'off' | 'unset' =>
  parameters === null ? 'unset' : enabled ? 'on' : 'off'
