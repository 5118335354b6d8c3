/**
 * The types in `types.ts` against those that the server's OpenAPI document gives: what the server sends must fit what the
 * pages read, and what they send, the words of filters among it, must fit what it reads. The type check fails where the
 * two drift apart; nothing of this reaches the built pages.
 */
import type { components } from './schema'
import type * as Cash from './cash'
import type * as Complaints from './complaints'
import type * as Desk from './desk'
import type * as Devices from './devices'
import type * as Beside from './offers'
import type * as Texts from './texts'
import type * as Console from './types'
import type { Permission } from '@/shared/permissions'

type Server = components['schemas']
/** Answers hold all their fields, `null` where there is nothing; the document calls those optional. */
type Present<T> = T extends (infer U)[]
  ? Present<U>[]
  : T extends object
    ? { [K in keyof T]-?: Present<Exclude<T[K], undefined>> }
    : T
type Fits<Sent extends Read, Read> = [Sent, Read]

export type Answers = [
  Fits<Present<Server['Role']>, Console.Role>,
  Fits<Present<Server['UserState']>, Console.UserState>,
  Fits<Present<Server['UserRef']>, Console.UserRef>,
  Fits<Present<Server['PublicConfig']>, Console.PublicConfig>,
  Fits<Present<Server['Captcha']>, Console.Captcha>,
  Fits<Present<Server['SignedIn']>, Console.SignedIn>,
  Fits<Present<Server['Me']>, Console.Me>,
  Fits<Present<Server['SessionInfo']>, Console.SessionInfo>,
  Fits<Present<Server['User']>, Console.User>,
  Fits<Present<Server['SessionsEnded']>, Console.SessionsEnded>,
  Fits<Present<Server['QuotaOverview']>, Console.QuotaOverview>,
  Fits<Present<Server['EntryKind']>, Console.EntryKind>,
  Fits<Present<Server['StatementLine']>, Console.StatementLine>,
  Fits<Present<Server['Transfer']>, Console.Transfer>,
  Fits<Present<Server['Withdrawal']>, Console.Withdrawal>,
  Fits<Present<Server['ValidityUnit']>, Console.ValidityUnit>,
  Fits<Present<Server['Price']>, Console.Price>,
  Fits<Present<Server['Project']>, Console.Project>,
  Fits<Present<Server['ProjectCreated']>, Console.ProjectCreated>,
  Fits<Present<Server['Grant']>, Console.Grant>,
  Fits<Present<Server['Application']>, Console.Application>,
  Fits<Present<Server['Batch']>, Console.Batch>,
  Fits<Present<Server['KeyState']>, Console.KeyState>,
  Fits<Present<Server['Key']>, Console.Key>,
  Fits<Present<Server['KeyDetail']>, Console.KeyDetail>,
  Fits<Present<Server['ClientCall']>, Console.ClientCall>,
  Fits<Present<Server['CallExplained']>, Console.CallExplained>,
  Fits<Present<Server['CallbackEvent']>, Console.CallbackEvent>,
  Fits<Present<Server['Delivery']>, Console.Delivery>,
  Fits<Present<Server['DeliveryDetail']>, Console.DeliveryDetail>,
  Fits<Present<Server['FailedDone']>, Console.FailedDone>,
  Fits<Present<Server['Notification']>, Console.Notification>,
  Fits<Present<Server['OperationEntry']>, Console.OperationEntry>,
  Fits<Present<Server['SignInEntry']>, Console.SignInEntry>,
  Fits<Present<Server['SettingGroup']>, Console.SettingGroup>,
  Fits<Present<Server['Setting']>, Console.Setting>,
  Fits<Present<Server['Job']>, Console.Job>,
  Fits<Present<Server['Mail']>, Console.Mail>,
  Fits<Present<Server['Home']>, Console.Home>,
  Fits<Present<Server['Permission']>, Permission>,
  Fits<Present<Server['TableState']>, Console.TableState>,
  Fits<Present<Server['Cause']>, Console.Cause>,
  Fits<Present<Server['Venue']>, Console.Venue>,
  Fits<Present<Server['Table']>, Console.Table>,
  Fits<Present<Server['Floor']>, Console.Floor>,
  Fits<Omit<Present<Server['Prices']>, 'tariff'>, Omit<Console.Prices, 'tariff'>>,
  Fits<Present<Server['MemberLevels']>, Console.Levels>,
  Fits<Present<Server['Tried']>, Console.TriedPrice>,
  Fits<Present<Server['Device']>, Console.Credentials['device']>,
  Fits<Present<Server['Credentials']>, Console.Credentials>,
  Fits<Present<Server['LogLine']>, Console.DeviceLogLine>,
  Fits<Present<Server['SessionView']>, Console.ClosedPlay>,
  Fits<Present<Server['Customer']>, Console.Customer>,
  Fits<Present<Server['AtDesk']>, Console.AtDesk>,
  Fits<Present<Server['CashReport']>, Cash.CashReport>,
  Fits<Present<Server['DeskOffer']>, Desk.DeskOffer>,
  Fits<Present<Server['DeskPlay']>, Desk.DeskPlay>,
  Fits<Present<Server['DeskPlayRow']>, Desk.DeskPlayRow>,
  Fits<Present<Server['Extension']>, Desk.Extension>,
  Fits<Present<Server['SignedOut']>, Console.SignedOut>,
  Fits<Present<Server['Member']>, Console.VenueMember>,
  Fits<Present<Server['PayOrderDetail']>, Console.PayOrderDetail>,
  Fits<Present<Server['PayRefund']>, Console.PayRefund>,
  Fits<Present<Server['OrderPayer']>, Console.OrderPayer>,
  Fits<Present<Server['PayProblem']>, Console.PayProblem>,
  Fits<Present<Server['RefundsRetried']>, Console.RefundsRetried>,
  Fits<Present<Server['Reconciliation']>, Console.Reconciliation>,
  Fits<Present<Server['Waiting']>, Console.PaymentsWaiting>,
  Fits<Present<Server['Merchant']>, Console.Merchant>,
  Fits<Present<Server['Offers']>, Beside.Offers>,
  Fits<Present<Server['DeskRow']>, Complaints.ComplaintRow>,
  Fits<Present<Server['DeskComplaint']>, Complaints.Complaint>,
  Fits<Present<Server['ShownPhone']>, { phone: string }>,
  Fits<Present<Server['HallFigures']>, Complaints.HallFigures>,
  Fits<Present<Server['TextRow']>, Texts.TextRow>,
  Fits<Present<Server['DeviceRow']>, Devices.DeviceRow>,
  Fits<Present<Server['CaseRow']>, Devices.CaseRow>,
]

/**
 * The words by which lists are narrowed down. Pages offer every one that the types here have, and the server refuses a list
 * for a word that it does not know.
 */
export type Filters = [
  Fits<Console.Role, Server['Role']>,
  Fits<Console.UserState, Server['UserState']>,
  Fits<Console.EntryKind, Server['EntryKind']>,
  Fits<Console.Withdrawal['state'], Server['WithdrawalState']>,
  Fits<Console.Project['state'], Server['ProjectState']>,
  Fits<Console.Grant['state'], Server['GrantState']>,
  Fits<Console.Application['state'], Server['ApplicationState']>,
  Fits<Console.Batch['state'], Server['BatchState']>,
  Fits<Console.KeyState, Server['KeyState']>,
  Fits<Console.ClientCall['endpoint'], Server['Endpoint']>,
  Fits<Console.Delivery['state'], Server['DeliveryState']>,
  Fits<Console.Delivery['event'], Server['DeliveryEvent']>,
  Fits<Console.OperationEntry['level'], Server['Level']>,
  Fits<Console.SignInEntry['result'], Server['SignInResult']>,
  Fits<Console.Job['state'], Server['JobState']>,
  Fits<Console.PayOrder['state'], Server['OrderState']>,
  Fits<Console.PayRefund['state'], Server['RefundState']>,
  Fits<Complaints.ComplaintState, Server['ComplaintState']>,
  Fits<Complaints.ComplaintKind, Server['ComplaintKind']>,
  Fits<Devices.DeviceState, Server['DeviceState']>,
  Fits<Texts.TextState, Server['TextState']>,
  Fits<Texts.TextKind, Server['SmsKind']>,
]

export type Requests = [
  Fits<Console.CaptchaAnswer, Server['CaptchaAnswer']>,
  Fits<Console.NewUser, Server['NewUser']>,
  Fits<Console.NewMaintainer, Server['NewMaintainer']>,
  Fits<Console.EmailChange, Server['EmailChange']>,
  Fits<Console.OwnEmailChange, Server['OwnEmailChange']>,
  Fits<Console.NewProject, Server['NewProject']>,
  Fits<Console.KeySelection, Server['KeySelection']>,
  Fits<{ reason: string; device_id?: string }, Server['UnbindBeyondLimit']>,
  // The document does not say what a tariff is.
  Fits<Omit<Console.NewVenue, 'tariff'>, Omit<Server['NewVenue'], 'tariff'>>,
  Fits<Console.NewTable, Server['NewTable']>,
  Fits<Desk.DeskOfferAsk, Server['DeskOfferAsk']>,
  Fits<Desk.DeskOpening, Server['DeskOpening']>,
  Fits<Desk.DeskMore, Server['DeskMore']>,
  Fits<Console.LevelForm, Server['LevelForm']>,
  Fits<Console.ChangedVenue, Server['ChangedVenue']>,
  Fits<Console.ChangedTable, Server['ChangedTable']>,
  Fits<Omit<Console.ChangedPrices, 'tariff'>, Omit<Server['ChangedPrices'], 'tariff'>>,
  Fits<Console.NewDevice, Server['NewDevice']>,
  Fits<Devices.ChangedDevice, Server['ChangedDevice']>,
  Fits<Console.LightAsk, Server['OverrideAsk']>,
  Fits<Console.CloseAsk, Server['CloseFor']>,
  Fits<{ least_watts: number | null }, Server['WatchAsk']>,
  Fits<Console.DeskCash, Server['Cash']>,
  Fits<Console.LostPhone, Server['LostPhone']>,
  Fits<Console.RemedyAsk, Server['RemedyAsk']>,
  Fits<Console.MerchantForm, Server['MerchantForm']>,
  Fits<Console.EarlierForm, Server['EarlierForm']>,
]
