import { computed, ref, shallowRef, type Ref } from 'vue'
import { ApiError } from '@/api/problem'
import type { Offer, PlayTime, Refusal, TableView } from '@/api/types'
import { useBeginPayment } from '@/composables/useBeginPayment'
import { useOpenTable } from '@/composables/useOpenTable'
import { t } from '@/locales'
import { serverClock } from '@/shared/clock'
import { errorText } from '@/shared/error-text'
import { addressHere, goOrder, swapToPlay } from '@/shared/go'
import { choices, firstChoice, type Choice } from '@/shared/pay-means'
import { blockerOf } from '@/shared/table-state'
import { useCustomerStore } from '@/stores/customer'
import { usePayStore } from '@/stores/pay'

interface TableResource {
  data: Ref<TableView | null>
  error: Ref<unknown>
  load: () => Promise<TableView | null>
}
/** About the payment, not the table: another means may do, or the same once more. */
const STAYS = ['CHANNEL_UNAVAILABLE', 'PAYMENT_REFUSED']
/** About what was chosen: something else may be sold. */
const GONE = ['PACKAGE_GONE', 'PACKAGE_NOT_NOW', 'PAST_CLOSING']
/** What is left of a night grows shorter, and is the same package. */
const isSame = (one: Offer | null, other: Offer): boolean =>
  one?.package?.id === other.package?.id && (other.package !== undefined || one?.minutes === other.minutes)
export type Sheet = 'confirm' | 'phone' | 'balance'

/** What is chosen on a table's page, what stands in the way, and the way from the button to the open table. */
export function useTableChoice(resource: TableResource) {
  const { data: view, error: loadError, load } = resource
  const store = useCustomerStore()
  const pay = usePayStore()
  const { busy: opening, error: openError, open } = useOpenTable()
  const { busy: paying, error: payError, begin } = useBeginPayment()
  const wishedBy = ref<Choice | null>(null)
  const wished = ref<PlayTime>({ minutes: 60 })
  const sheet = ref<Sheet | null>(null)
  const notice = ref('')
  const failure = shallowRef<unknown>(null)
  const refusal = shallowRef<Refusal | null>(null)
  const preparing = ref(false)
  let signingIn = false
  /** Until when a refusal stands that said how long to wait. */
  let waitUntil = 0

  const quote = computed<Offer | null>(() => {
    const { quotes, packages } = view.value ?? { quotes: [], packages: [] }
    const wish = wished.value
    if ('package' in wish) {
      const bought = packages.find(({ id }) => id === wish.package)
      if (bought) return { ...bought, full_price_fen: bought.price_fen, package: bought }
    }
    const minutes = 'minutes' in wish ? wish.minutes : 60
    return quotes.find((offer) => offer.minutes === minutes) ?? quotes[0] ?? null
  })
  const chosenPackage = computed(() => quote.value?.package?.id ?? null)
  const minutes = computed(() => (quote.value && !quote.value.package ? quote.value.minutes : null))
  const timeOf = (offer: Offer): PlayTime =>
    offer.package ? { package: offer.package.id } : { minutes: offer.minutes }
  const blocker = computed(() =>
    view.value === null
      ? null
      : blockerOf(view.value, quote.value?.price_fen ?? null, store.customer, refusal.value?.code ?? null),
  )
  const priceFen = () => quote.value?.price_fen ?? 0
  const availableFen = () => store.customer?.available_fen ?? 0
  const by = computed(() => firstChoice(priceFen(), availableFen(), pay.means, wishedBy.value))
  /** A payment for this table that is not over: it is gone on with, or cancelled, before another one is begun. */
  const due = computed(() => (view.value === null ? null : pay.due(view.value.table.id)))
  const detail = computed(() => refusal.value?.detail || view.value?.why_not?.detail || '')

  function clear(): void {
    notice.value = ''
    failure.value = null
    refusal.value = null
    openError.value = null
    payError.value = null
  }
  function choose(next: PlayTime): void {
    wished.value = next
    clear()
  }

  /** Which explanation, or the confirmation; null when the table itself is not to be had, which the page then shows. */
  function sheetNow(): Sheet | null {
    if (blocker.value === null) return 'confirm'
    if (blocker.value === 'balance' && choices(priceFen(), availableFen(), pay.means).length > 0) return 'confirm'
    return blocker.value === 'phone' || blocker.value === 'balance' ? blocker.value : null
  }

  /** This page as it is to be for whoever comes back to it over WeChat's: the same is chosen, and the button pressed. */
  const again = () => {
    const [[name, value]] = Object.entries(wished.value) as [[string, number]]
    return addressHere({ [name]: String(value), press: '1' })
  }

  /** The button: whoever is nobody yet becomes somebody, then everything is asked for again with that in mind. */
  async function press(): Promise<void> {
    clear()
    preparing.value = true
    const shown = quote.value
    try {
      await store.ensure(again())
      await Promise.all([store.refresh(), pay.learnMeans(), pay.refresh()])
      wishedBy.value = null
      if (due.value !== null) {
        await goOrder(due.value.id)
        return
      }
      if ((await load()) === null && loadError.value !== null) throw loadError.value
      const now = quote.value
      if (now !== null && !isSame(shown, now)) notice.value = t('table.offerGone')
      else if (now !== null && now.price_fen !== shown?.price_fen) notice.value = t('table.priceChanged')
      sheet.value = sheetNow()
    } catch (cause) {
      failure.value = cause
    } finally {
      preparing.value = false
    }
  }

  async function refused(cause: ApiError): Promise<void> {
    sheet.value = null
    const [fresh] = await Promise.all([load(), store.refreshIfKnown()])
    if (cause.code === 'PRICE_CHANGED') {
      notice.value = t('table.priceChanged')
      return
    }
    // The rest of the table is to be had as before.
    if (GONE.includes(cause.code)) {
      notice.value = errorText(cause)
      return
    }
    const known = { code: cause.code, detail: errorText(cause) }
    waitUntil = serverClock.now() + (cause.problem.retry_after_seconds ?? 0) * 1000
    if (cause.status === 409) refusal.value = fresh?.why_not ?? known
    else failure.value = cause
    if (blocker.value === 'phone' || blocker.value === 'balance') sheet.value = sheetNow()
  }

  async function confirm(): Promise<void> {
    const [target, offer] = [view.value?.table.id, quote.value]
    if (target === undefined || offer === null || opening.value || paying.value) return
    if (by.value !== 'balance') return payNow(target, offer)
    const result = await open(target, timeOf(offer), offer.price_fen)
    if ('session' in result) {
      sheet.value = null
      void store.refreshIfKnown()
      void swapToPlay(result.session.id)
    } else if ('refused' in result) await refused(result.refused)
  }

  async function payNow(target: string, offer: Offer): Promise<void> {
    const mean = pay.means.find(({ channel }) => channel === by.value)
    if (mean === undefined) return
    const table = { table_id: target, ...timeOf(offer), expected_fen: offer.price_fen }
    if ((await begin({ table }, mean)) !== null) {
      sheet.value = null
      return
    }
    const { value: cause } = payError
    if (cause instanceof ApiError && !cause.unsure && !STAYS.includes(cause.code)) await refused(cause)
    // What is taken may have changed.
    else void pay.learnMeans()
  }

  /** After the balance was asked for again: on to the confirmation, if it suffices now. */
  function recheck(): void {
    if (refusal.value?.code === 'BALANCE_INSUFFICIENT') refusal.value = null
    if (blocker.value !== 'balance') sheet.value = sheetNow()
  }

  /** The page is there (again). Whoever went to sign in goes on where they were. */
  function arrived(): void {
    if (signingIn) {
      signingIn = false
      if (store.customer?.guest === false) void press()
    } else if (sheet.value === null && serverClock.now() >= waitUntil) refusal.value = null
  }
  function leaveForSignIn(): void {
    signingIn = true
    sheet.value = null
    clear()
  }
  function dismiss(): void {
    if (!opening.value && !paying.value) sheet.value = null
  }

  return {
    quote,
    minutes,
    chosenPackage,
    blocker,
    due,
    detail,
    sheet,
    notice,
    failure,
    preparing,
    opening: computed(() => opening.value || paying.value),
    by,
    payError,
    unsure: computed(() => openError.value !== null),
    choose,
    payBy: (choice: Choice) => void (wishedBy.value = choice),
    toRecharge: () => void (sheet.value = 'balance'),
    press,
    confirm,
    recheck,
    dismiss,
    arrived,
    leaveForSignIn,
    again,
    returning: () => signingIn,
  }
}
