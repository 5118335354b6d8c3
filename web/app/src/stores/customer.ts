import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import * as api from '@/api/customer'
import { installHttpHooks } from '@/api/http'
import { ApiError } from '@/api/problem'
import type { Customer, PhoneProof, SignedIn, WechatApp } from '@/api/types'
import { serverLanguage, t } from '@/locales'
import { addressHere } from '@/shared/go'
import { pendingKeys } from '@/shared/idempotency'
import { stored } from '@/shared/storage'

interface Kept {
  token: string
  guest: boolean
}
const kept = stored<Kept>('cuekey.customer')
/** Over a reload too, which is what one tries first. */
const ended = stored<boolean>('cuekey.signed-out', 'visit')

/** Signing in where that asks nothing: inside WeChat. */
export interface Silent {
  /** False: there is no such way here. `back`: the page to be on afterwards, where another site lies in between. */
  silently(back: string): Promise<boolean>
  /** No more by itself: somebody has signed out, and would be signed in again. */
  rest(): void
}

/** Who uses this device: nobody yet, a guest, or somebody with a phone number or a name at WeChat. Others see its token only through the API. */
export const useCustomerStore = defineStore('customer', () => {
  const token = ref<string | null>(kept.read()?.token ?? null)
  const customer = shallowRef<Customer | null>(null)
  /** Somebody was signed in here, whom the server has signed out: at the desk, or on another phone. */
  const signedOut = ref(token.value === null && ended.read() === true)
  /** Has signed in for the first time, and is still to be welcomed. */
  const newcomer = shallowRef<Customer | null>(null)
  let becoming: Promise<void> | null = null
  let changes = 0
  let silent: Silent | null = null

  function take(answer: SignedIn): void {
    token.value = answer.token
    customer.value = answer.customer
    kept.write({ token: answer.token, guest: answer.customer.guest })
    signedOut.value = false
    ended.clear()
  }

  function drop(): void {
    token.value = null
    customer.value = null
    newcomer.value = null
    kept.clear()
    signedOut.value = false
    ended.clear()
    // Another customer's action is another action.
    pendingKeys.answeredAll()
  }

  /** Several calls may find out at once that a token is needed; there is one customer all the same. */
  function becomeSomebody(back = addressHere()): Promise<void> {
    becoming ??= silentlyOrAsGuest(back).finally(() => {
      becoming = null
    })
    return becoming
  }
  async function silentlyOrAsGuest(back: string): Promise<void> {
    if ((await silent?.silently(back)) !== true) take(await api.becomeGuest())
  }

  /** Whoever is nobody yet becomes somebody, and is on that page then. */
  async function ensure(back: string): Promise<void> {
    if (token.value === null) await becomeSomebody(back)
  }

  function forget(lost: string | null): void {
    if (token.value !== lost || lost === null) return
    const now = kept.read()
    if (now !== null && now.token !== lost) {
      // Somebody has signed in beside, in a page that this one is older than. What asked for it is asked again, as them.
      token.value = now.token
      customer.value = null
      return
    }
    const wasGuest = now?.guest ?? true
    drop()
    if (wasGuest) return
    signedOut.value = true
    ended.write(true)
    void uni.showToast({ title: t('common.toast.signedOut'), icon: 'none', duration: 3500 })
  }

  /** The customer as the server has it now; a guest is made where there is nobody yet, and was nobody signed out. */
  async function refresh(): Promise<Customer> {
    const before = changes
    const answer = await api.me()
    // Somebody may have signed in or out meanwhile; the answer is then about another.
    if (before === changes) {
      customer.value = answer
      if (token.value !== null) kept.write({ token: token.value, guest: answer.guest })
    }
    return customer.value ?? answer
  }

  /** For pages that show the balance where there is one, and make nobody a guest for looking around. */
  async function refreshIfKnown(): Promise<void> {
    if (token.value === null) return
    try {
      await refresh()
    } catch (error) {
      // The balance in a corner is not worth an error page.
      if (!(error instanceof ApiError)) throw error
    }
  }

  async function become(answer: Promise<SignedIn>): Promise<void> {
    const next = await answer
    changes += 1
    take(next)
    if (next.new) newcomer.value = next.customer
    else if (newcomer.value?.id !== next.customer.id) newcomer.value = null
  }
  const welcomed = () => void (newcomer.value = null)
  const signIn = (ticket: string, phone: string, code: string, join: boolean) =>
    become(api.signIn(ticket, phone, code, join))
  const signInByWechat = (app: WechatApp, code: string) => become(api.signInByWechat(app, code))
  const signInByWechatPhone = (code: string, join: boolean) => become(api.signInByWechatPhone(code, join))

  /** An answer to a write, newer than what was asked for before. */
  function accept(next: Customer): void {
    if (customer.value?.id === next.id) customer.value = next
  }

  const bindWechat = async (app: WechatApp, code: string) => accept(await api.bindWechat(app, code))
  const unbindWechat = async () => accept(await api.unbindWechat())
  const changePhone = async (next: PhoneProof, left: PhoneProof) =>
    accept(await api.changePhone(next, { ticket: left.ticket, code: left.code }))

  async function signOut(): Promise<void> {
    changes += 1
    try {
      await api.signOut()
    } catch (error) {
      // Whoever hands the phone on wants to be out, with or without a network.
      if (!(error instanceof ApiError)) throw error
    } finally {
      drop()
      silent?.rest()
    }
  }

  /** On all phones, this one too. Unlike here it has happened only when the server says so: a refusal is the caller's to show. */
  async function signOutEverywhere(): Promise<void> {
    await api.signOutEverywhere()
    changes += 1
    drop()
    silent?.rest()
  }

  function install(way: Silent): void {
    silent = way
    installHttpHooks({
      language: serverLanguage,
      token: () => token.value,
      becomeSomebody,
      signedOut: () => signedOut.value,
      forget,
    })
  }

  return {
    token,
    customer,
    signedOut,
    newcomer,
    welcomed,
    ensure,
    refresh,
    refreshIfKnown,
    signIn,
    signInByWechat,
    signInByWechatPhone,
    bindWechat,
    unbindWechat,
    changePhone,
    signOut,
    signOutEverywhere,
    accept,
    install,
  }
})
