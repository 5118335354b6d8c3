import type { Handed } from '@/api/types'

type Jsapi = Extract<Handed, { kind: 'jsapi' }>
/** How WeChat's window for paying was left. Whether anything was paid, the server alone knows. */
export type PayWord = 'ok' | 'cancel' | 'fail'

/** WeChat's word, from a page (`get_brand_wcpay_request:ok`) or in a mini-program (`requestPayment:fail cancel`). */
export function wordOf(message: string | undefined): PayWord {
  if (/:ok$/.test(message ?? '')) return 'ok'
  return /cancel/.test(message ?? '') ? 'cancel' : 'fail'
}

// #ifdef H5
interface Bridge {
  invoke(name: string, parameters: Record<string, string>, done: (answer: { err_msg?: string }) => void): void
}
declare global {
  interface Window {
    WeixinJSBridge?: Bridge
  }
}

const WAIT_MS = 5_000

/** WeChat puts it into the page some time after the page is there. */
function bridge(): Promise<Bridge | null> {
  const { WeixinJSBridge: here } = window
  if (here) return Promise.resolve(here)
  return new Promise((resolve) => {
    const done = () => resolve(window.WeixinJSBridge ?? null)
    document.addEventListener('WeixinJSBridgeReady', done, { once: true })
    setTimeout(done, WAIT_MS)
  })
}
// #endif

/** Opens WeChat's own window, with what the server has signed for it. */
export async function payInside(handed: Jsapi): Promise<PayWord> {
  const signed = {
    timeStamp: handed.time_stamp,
    nonceStr: handed.nonce_str,
    package: handed.package,
    signType: handed.sign_type,
    paySign: handed.pay_sign,
  }
  let word: PayWord = 'fail'
  // #ifdef H5
  const way = await bridge()
  if (way !== null)
    word = await new Promise((resolve) =>
      way.invoke('getBrandWCPayRequest', { appId: handed.app_id, ...signed }, ({ err_msg }) =>
        resolve(wordOf(err_msg)),
      ),
    )
  // #endif
  // #ifdef MP
  word = await new Promise((resolve) =>
    uni.requestPayment({
      provider: 'wxpay',
      orderInfo: '',
      ...signed,
      success: () => resolve('ok'),
      fail: ({ errMsg }: { errMsg?: string }) => resolve(wordOf(errMsg)),
    }),
  )
  // #endif
  return word
}
