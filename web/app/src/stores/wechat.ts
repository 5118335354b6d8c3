import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import * as api from '@/api/customer'
import { ApiError, isCode } from '@/api/problem'
import type { WechatWays } from '@/api/types'
import { replaceBy } from '@/shared/go'
import { placeHere } from '@/shared/pay-means'
import { stored } from '@/shared/storage'
import { arrivalOf, tripAddress, trips, type Resume, type Trip, type Wish } from '@/shared/wechat-trip'
import { useCustomerStore, type Silent } from './customer'

/** Where WeChat's page sends the browser back to: the app's own beginning. */
const HOME = '/m/'
/** A page that is still here by then could not be left. */
const LEAVING_MS = 10_000

/** That it is not done by itself any more: it was tried, or somebody has signed out. */
const resting = stored<boolean>('cuekey.wechat-rests', 'visit')

/** Signing in by WeChat: in a mini-program at once, elsewhere over a page of WeChat's, which this one is left for. */
export const useWechatStore = defineStore('wechat', () => {
  const place = placeHere()
  const ways = shallowRef<WechatWays | null>(null)
  /** Why the last way has failed, for the page where it was begun: where one signs in, or one's own. */
  const failure = shallowRef<unknown>(null)
  let arrival: { code: string; trip: Trip } | null = null

  const offered = computed(() => {
    if (place === 'mini-program') return ways.value?.mini === true
    return Boolean(ways.value?.web) && (place === 'wechat' || ways.value?.anywhere === true)
  })

  async function learn(): Promise<WechatWays | null> {
    try {
      ways.value ??= await api.wechatWays()
    } catch (error) {
      // The phone number is left.
      if (!(error instanceof ApiError)) throw error
    }
    return ways.value
  }

  async function bring(app: 'web' | 'mini', code: string): Promise<void> {
    await useCustomerStore().signInByWechat(app, code)
    resting.clear()
  }

  async function codeOfMiniProgram(): Promise<string> {
    const { code } = await uni.login({ provider: 'weixin' }).catch(() => {
      throw new ApiError({ status: 0, code: 'UNEXPECTED' })
    })
    return code
  }
  const byMiniProgram = async () => bring('mini', await codeOfMiniProgram())

  /** Answers only where this page could not be left. */
  async function leave(wish: Wish): Promise<false> {
    const web = ways.value?.web
    const trip = web ? trips.begin(wish) : null
    if (!web || trip === null) return false
    let origin = ''
    // #ifdef H5
    origin = window.location.origin
    // #endif
    replaceBy(tripAddress(web, origin + HOME, trip.state))
    await new Promise((resolve) => setTimeout(resolve, LEAVING_MS))
    return false
  }

  /** The button. */
  async function signIn(back: string): Promise<void> {
    if (place === 'mini-program') return byMiniProgram()
    await leave({ back, asked: true, resume: null })
    throw new ApiError({ status: 0, code: 'UNEXPECTED' })
  }

  /** Makes the WeChat of this phone the customer's own. Over WeChat's page it ends in `bindBack`, and this does not answer. */
  async function bind(customer: string, back: string): Promise<void> {
    if (place === 'mini-program') return useCustomerStore().bindWechat('mini', await codeOfMiniProgram())
    await leave({ back, asked: true, resume: null, bind: customer })
    throw new ApiError({ status: 0, code: 'UNEXPECTED' })
  }
  async function bindBack(customer: string, code: string): Promise<void> {
    const store = useCustomerStore()
    // Somebody may have signed in or out beside: it was not they who pressed the button.
    const same = store.token !== null && (await store.refresh()).id === customer
    if (!same) throw new ApiError({ status: 0, code: 'UNEXPECTED' })
    await store.bindWechat('web', code)
  }

  const silently: Silent['silently'] = async (back) => {
    if ((place !== 'wechat' && place !== 'mini-program') || resting.read() === true) return false
    await learn()
    if (!offered.value) return false
    if (place === 'wechat') {
      // Otherwise whoever WeChat refuses would be sent there again and again.
      resting.write(true)
      return leave({ back, asked: false, resume: null })
    }
    try {
      await byMiniProgram()
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return false
    }
  }
  const rest = () => void resting.write(true)

  /** Makes the payer's name at WeChat known. True: it is. */
  async function know(back: string, resume: Resume): Promise<boolean> {
    await learn()
    if (!offered.value) return false
    if (place === 'mini-program') {
      await byMiniProgram()
      return true
    }
    return place === 'wechat' && leave({ back, asked: false, resume })
  }

  /** Asks for a payment, with WeChat's name of the payer where that is missing: at once, or by `resume` when one is back. */
  async function paying<T>(back: string, resume: Resume, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (cause) {
      if (!isCode(cause, 'WECHAT_SIGN_IN_NEEDED') || !(await know(back, resume))) throw cause
      return call()
    }
  }

  /**
   * Before anything reads the address: takes out what WeChat's page has put there, so that no reload sends a code again. A code that
   * nobody here has asked for is dropped.
   */
  function arrive(): void {
    // #ifdef H5
    const said = window.location.pathname === HOME ? arrivalOf(window.location.search) : null
    if (said === null) return
    const trip = trips.end(said.state)
    let page = HOME + said.rest
    if (trip !== null) page = said.code === '' ? HOME + trip.back.slice(1) : `${HOME}pages/wechat`
    if (trip !== null && said.code !== '') arrival = { code: said.code, trip }
    window.history.replaceState(window.history.state, '', page)
    // #endif
  }

  /** What one has come back with, once. */
  function arrived(): { code: string; trip: Trip } | null {
    const mine = arrival
    arrival = null
    return mine
  }

  return { ways, offered, failure, learn, bring, signIn, bind, bindBack, silently, paying, arrive, arrived, rest }
})
