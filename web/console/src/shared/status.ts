import type { ComplaintState } from '@/api/complaints'
import type { CaseState, DeviceState } from '@/api/devices'
import type { TextState } from '@/api/texts'
import type {
  Application,
  Batch,
  Cause,
  Delivery,
  FloorPlay,
  Grant,
  Job,
  KeyState,
  OperationEntry,
  PayAttempt,
  PayDifference,
  PayOrder,
  PayRefund,
  Project,
  SignInEntry,
  TableState,
  Transfer,
  UserState,
  Withdrawal,
} from '@/api/types'

export type Tone = 'neutral' | 'info' | 'success' | 'warning' | 'danger'

interface StatusValues {
  user: UserState | 'locked' | 'disabled_above'
  project: Project['state'] | 'banned'
  grant: Grant['state']
  application: Application['state']
  batch: Batch['state']
  key: KeyState
  transfer: Transfer['state']
  withdrawal: Withdrawal['state']
  delivery: Delivery['state']
  job: Job['state']
  signIn: SignInEntry['result']
  level: OperationEntry['level']
  call: 'accepted' | 'refused'
  table: TableState
  /** A session on a table. */
  play: FloorPlay['state']
  /** The light over a table, by what it says of itself. */
  lamp: 'on' | 'off' | 'unknown' | 'away' | 'missing'
  /** What stands out about a light. */
  mark: 'differs' | 'dark' | 'away' | 'by_hand'
  cause: Cause
  device: DeviceState
  case: CaseState
  complaint: ComplaintState
  text: TextState
  payOrder: PayOrder['state']
  payAttempt: PayAttempt['state']
  payRefund: PayRefund['state']
  payDifference: PayDifference['kind'] | 'settled'
  /** A payment network: takes new payments, does not, or is not known. */
  payChannel: 'on' | 'off' | 'unset'
}

export type LampState = StatusValues['lamp']
export type LampMark = StatusValues['mark']
export type StatusKind = keyof StatusValues

/** The one map from a state to its colour; its text is `status.<kind>.<value>` in the locale files. */
export const tones: { readonly [K in StatusKind]: Readonly<Record<StatusValues[K], Tone>> } = {
  user: { pending: 'warning', active: 'success', disabled: 'neutral', disabled_above: 'neutral', locked: 'danger' },
  project: { active: 'success', disabled: 'neutral', banned: 'danger' },
  grant: { active: 'success', ended: 'neutral' },
  application: { pending: 'warning', approved: 'success', refused: 'danger', withdrawn: 'neutral' },
  batch: { generating: 'info', ready: 'success', cancelling: 'warning', cancelled: 'neutral' },
  key: { unused: 'info', active: 'success', expired: 'neutral', disabled: 'danger' },
  transfer: { pending: 'warning', posted: 'success', voided: 'neutral' },
  withdrawal: {
    pending: 'warning',
    approved: 'info',
    refused: 'danger',
    paid: 'success',
    cancelled: 'neutral',
    returned: 'warning',
  },
  delivery: { waiting: 'warning', delivered: 'success', failed: 'danger', dismissed: 'neutral' },
  job: { queued: 'neutral', running: 'info', done: 'success', dead: 'danger', dismissed: 'neutral' },
  signIn: {
    ok: 'success',
    wrong: 'warning',
    locked: 'danger',
    captcha: 'warning',
    second_factor: 'info',
    disabled: 'neutral',
    not_verified: 'neutral',
    first_password_old: 'neutral',
    limited: 'warning',
  },
  level: { info: 'neutral', warning: 'warning', security: 'danger' },
  call: { accepted: 'success', refused: 'danger' },
  table: {
    idle: 'neutral',
    reserved: 'info',
    opening: 'warning',
    playing: 'success',
    paused: 'warning',
    closing: 'warning',
    cleaning: 'info',
    maintenance: 'danger',
  },
  play: { opening: 'warning', playing: 'success', closed: 'neutral', failed: 'danger' },
  lamp: { on: 'success', off: 'neutral', unknown: 'warning', away: 'danger', missing: 'neutral' },
  mark: { differs: 'warning', dark: 'danger', away: 'danger', by_hand: 'info' },
  payOrder: { pending: 'warning', paid: 'success', closed: 'neutral' },
  payAttempt: { asked: 'info', waiting: 'warning', taken: 'success', surplus: 'danger', closed: 'neutral' },
  payRefund: { asked: 'info', done: 'success', stuck: 'danger', by_hand: 'success', kept: 'neutral' },
  payDifference: { not_here: 'danger', not_there: 'danger', amount: 'warning', settled: 'neutral' },
  payChannel: { on: 'success', off: 'warning', unset: 'neutral' },
  text: {
    queued: 'neutral',
    sent: 'info',
    delivered: 'success',
    failed: 'danger',
    unknown: 'warning',
    withheld: 'warning',
  },
  complaint: { open: 'warning', answered: 'success', closed: 'neutral' },
  cause: {
    not_lit: 'danger',
    not_dark: 'danger',
    in_play: 'danger',
    no_power: 'danger',
    offline: 'danger',
    staff: 'warning',
  },
  device: { agrees: 'success', differs: 'warning', away: 'danger' },
  case: { open: 'warning', closed: 'neutral' },
}

/** Charts and legends use the same colours as the tags. */
export const toneColours: Readonly<Record<Tone, string>> = {
  neutral: '#78847f',
  info: '#2f6f9f',
  success: '#1c7c5d',
  warning: '#b7791f',
  danger: '#b8433a',
}

/** A state that a newer server knows and this page does not is shown plainly rather than not at all. */
export function toneOf(kind: StatusKind, value: string): Tone {
  const map: Readonly<Record<string, Tone>> = tones[kind]
  return map[value] ?? 'neutral'
}
