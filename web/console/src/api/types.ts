// The console's API, /api/v1. First draft that server and console are both written against; later the console's types are generated from
// the server's OpenAPI document (same names), and drift shows up in vue-tsc.
//
// Rules for all: JSON, snake_case; times RFC 3339 UTC strings; quota amounts are integers (额度). Ids are TypeIDs: usr_… prj_… grt_… apl_… bat_… key_… trf_… wdr_… ses_… ntf_…
// Errors: application/problem+json  Problem. Lists: ?cursor=&limit= (1..200, default 20) -> Page<T>. total is present where it is cheap.
// Writes marked [idem] REQUIRE the header Idempotency-Key (8..64 chars [A-Za-z0-9_-]); the console makes one per opened form (crypto.randomUUID()), and repeats it on retry.
// Language: Accept-Language: zh-CN | en. Session: cookie set by sign-in (HttpOnly); mutating calls must be application/json or have no body, and send header X-Cuekey-Console: 1 (CSRF).
export interface Problem { type: string; title: string; status: number; code: string; detail?: string; request_id?: string; errors?: { field: string; code: string; message: string }[]; retry_after_seconds?: number; captcha_required?: boolean }
export interface Page<T> { items: T[]; next_cursor: string | null; searched_to?: string | null; total?: number | null }
// A page with searched_to is not full although there may be more: the server looks at a bounded number of rows each time, and next_cursor goes on from there.

export type Role = 'super_admin' | 'agent_admin' | 'agent' | 'venue_manager' | 'maintainer' | 'cashier'
export type UserState = 'pending' | 'active' | 'disabled'
export interface UserRef { id: string; name: string }

// ---- account (no session needed for the first group)
// GET  /config                      -> PublicConfig
export interface PublicConfig { site_name: string; sign_up_open: boolean; demo: boolean; time_zone: string; password_min_length: number; version: string }
// POST /captchas {kind:'image'|'work'} -> Captcha ;  answer goes as {captcha:{id,answer}} in sign-in, sign-up, forgot-password, resend
export interface Captcha { id: string; kind: 'image' | 'work'; image?: string | null /* data:image/png;base64 */; salt?: string | null; bits?: number | null /* work: find answer (decimal string n) such that SHA-256(salt + ":" + n) has `bits` leading zero bits */; expires_at: string }
export interface CaptchaAnswer { id: string; answer: string }
// POST /sign-up {name,email,password,captcha} -> 202 {}         always needs captcha; errors: NAME_TAKEN, EMAIL_TAKEN (field errors)
// POST /sign-up/resend {email, captcha} -> 202 {}               same answer whether known or not
// POST /sign-up/verify {token} -> 200 {name}                    TOKEN_INVALID 400
// POST /session {name,password,captcha?,totp?} -> SignedIn ; 401 SIGN_IN_FAILED (captcha_required says whether the next try needs one), 401 CAPTCHA_REQUIRED / CAPTCHA_WRONG, 401 SECOND_FACTOR_REQUIRED (ask for totp, send all again), 401 SECOND_FACTOR_WRONG, 423 ACCOUNT_LOCKED (retry_after_seconds), 403 EMAIL_NOT_VERIFIED, 403 FIRST_PASSWORD_OLD, 403 ACCOUNT_DISABLED, 503 BUSY
export interface SignedIn { token: string | null /* told to programs, not to the console */; me: Me }
// DELETE /session -> 204
// POST /password/forgot {email,captcha} -> 202 {} ;  POST /password/reset {token,password} -> 204
// GET /me -> Me
export interface Me { id: string; name: string; email: string; role: Role; home: string /* route of the role's home page: '/home', '/floor' */; language: 'zh-CN' | 'en'; must_change_password: boolean; second_factor: { enabled: boolean; required: boolean }; permissions: string[]; unread: number; superior: UserRef | null; created_at: string }
// must_change_password or (second_factor.required && !enabled): every other call answers 403 PASSWORD_CHANGE_REQUIRED / SECOND_FACTOR_SETUP_REQUIRED until done.
// permissions (server truth): 'users.manage','projects.manage','grants.manage','grants.review','grants.apply','keys.generate','keys.manage','keys.view','quota.issue','quota.recharge','quota.transfer','quota.withdraw','withdrawals.review','settings.manage','logs.view','callbacks.manage','jobs.manage','mailbox.view','venues.manage','venues.view','tables.operate','desk.serve','cases.manage','payments.manage'
// PATCH /me {language?} -> Me
// POST /me/password {current,password} -> 204 (ends other sessions)
// POST /me/email OwnEmailChange -> Me (both addresses are told)   errors: EMAIL_INVALID, EMAIL_TAKEN, PASSWORD_WRONG (field errors), CONFLICT
export interface OwnEmailChange { email: string; password: string }
// GET /me/sessions -> Page<SessionInfo>; DELETE /me/sessions/{id} -> 204; DELETE /me/sessions -> 204 (all others)
export interface SessionInfo { id: string; current: boolean; address: string; agent: string; created_at: string; last_seen_at: string; expires_at: string }
// POST /me/second-factor -> {secret, otpauth_url, qr_svg}; POST /me/second-factor/confirm {code} -> {recovery_codes: string[]}; POST /me/second-factor/disable {password, code} -> 204

// ---- users (super_admin: everybody; agent_admin: agents it created; venue_manager: maintainers it made who work in its halls alone)
// GET /users?search=&role=&state=&cursor=&limit= -> Page<User>; POST /users [idem] NewUser -> 201 User (password made by the server and mailed); GET /users/{id} -> User
// POST /users/{id}/disable|enable -> User (enable: 403 DISABLED_ABOVE, but for a super_admin, who takes over by disabling what another has disabled); POST /users/{id}/unlock -> User; POST /users/{id}/second-factor/reset -> User (super_admin)
export interface User { id: string; name: string; email: string; role: Role; state: UserState; disabled_above: boolean /* by a super admin, who alone enables it again */; superior: UserRef | null /* who decides for it now */; made_by: UserRef | null; locked_until: string | null; second_factor_enabled: boolean; first_sign_in_due: boolean /* the first password, which was mailed, has not been changed yet */; quota: { available: number; held: number } | null; last_sign_in_at: string | null; created_at: string }
// POST /users/{id}/email EmailChange -> User (both addresses are told; first_sign_in_due: another first password is mailed)   errors: EMAIL_INVALID, EMAIL_TAKEN, PASSWORD_WRONG (field errors); EMAIL_ITS_OWN 403: an agent admin, once first_sign_in_due is over
export interface EmailChange { email: string; password?: string /* one's own, where it is one's own address */ }
// POST /users/{id}/sessions/end -> User; POST /users/sessions/end {password} -> SessionsEnded (super_admin; everybody's but the one that asks)
export interface SessionsEnded { ended: number }
// POST /maintainers [idem] NewMaintainer -> 201 User (by a venue_manager for halls of its own, or a super_admin; who works there from the start)   errors: venue_ids REQUIRED, TOO_MANY; another's hall is 404
export interface NewMaintainer { name: string; email: string; venue_ids: string[] }
export interface NewUser { name: string; email: string; role: Role; initial_quota: number }   // agent_admin may only create 'agent'; super_admin: 'agent' | 'agent_admin' | 'super_admin'
// POST /users/{id}/recharge [idem] {amount, memo?} -> Transfer

// ---- quota
// GET /quota -> QuotaOverview;  GET /quota/statement?kind=&from=&to=&user=(admins)&cursor= -> Page<StatementLine>
export interface QuotaOverview { available: number; held: number; total: number; transfer_minimum: number; withdrawal_minimum: number }
export type EntryKind = 'recharge' | 'system_recharge' | 'transfer' | 'withdrawal' | 'withdrawal_return' | 'generation' | 'initial' | 'cash_recharge' | 'cash_payout' | 'play' | 'carried_over' | 'payment' | 'refund' | 'split' | 'given_back' | 'gift' /* the last nine are of customers' wallets */ | 'written_off' /* of none */
export interface StatementLine { id: string; at: string; kind: EntryKind; phase: 'hold' | 'post' | 'release' | 'move'; delta: number; held_delta: number; balance_after: number; held_after: number; counterparty: UserRef | null; system: boolean; memo: string; reference: { kind: string; id: string } | null }
export interface Transfer { id: string; amount: number; state: 'pending' | 'posted' | 'voided'; kind: EntryKind; created_at: string }
// POST /quota/transfers [idem] {to_name, amount, memo?} -> 201 Transfer      errors: QUOTA_INSUFFICIENT 409, AMOUNT_BELOW_MINIMUM, USER_NOT_FOUND, SELF_TRANSFER
// GET /withdrawals?state=&waiting=&cursor=&scope=mine|review -> Page<Withdrawal>; POST /withdrawals [idem] {amount, payee_name, payee_account, payee_bank, note?} -> 201 Withdrawal; GET /withdrawals/{id}
// POST /withdrawals/{id}/approve {} -> Withdrawal; /refuse {reason} -> Withdrawal; /paid {payment_reference} -> Withdrawal (after approval, marks the offline payout)
// POST /withdrawals/{id}/cancel {} -> Withdrawal (by whoever asked, while it is pending); /return {reason} -> Withdrawal (the money of an approved or paid one did not arrive)
export interface Withdrawal { id: string; agent: UserRef; amount: number; payee_name: string; payee_account: string; payee_bank: string; note: string; state: 'pending' | 'approved' | 'refused' | 'paid' | 'cancelled' | 'returned'; reason: string | null; payment_reference: string | null; reviewer: UserRef | null; created_at: string; reviewed_at: string | null; paid_at: string | null; ended_at: string | null /* cancelled or returned */ }

// ---- projects
// GET /projects?search=&state=&cursor= -> Page<Project>  (super_admin all; agent(_admin): granted ones, with my_grant set)
// POST /projects NewProject -> 201 ProjectCreated ; GET /projects/{id} -> Project; PATCH /projects/{id} Partial<NewProject> & {revision?} -> Project (409 CHANGED_MEANWHILE: another revision); POST /projects/{id}/enable|disable|lift-ban -> Project; a higher rate_per_minute lifts a ban too
// POST /projects/{id}/rotate-secret {overlap_hours} -> {secret, previous_valid_until}
export type ValidityUnit = 'minute' | 'hour' | 'day' | 'month' | 'forever'
export interface Price { unit: ValidityUnit; count: number /* 0 for forever */; price: number }
export interface Project { id: string; name: string; description: string; version: string; parameters: Record<string, string>; state: 'active' | 'disabled'; api_key: string; response_public_key: string; devices_per_key: number; unbind_limit: number | null /* per key; null = no limit */; rate_per_minute: number; banned_until: string | null /* its programs are refused until then */; previous_secret_valid_until: string | null; prices: Price[]; open_for_application: boolean; callback: { url: string | null; events: CallbackEvent[] }; my_grant: Grant | null; key_counts: KeyCounts | null; revision: number /* counts its changes */; created_at: string }
export interface NewProject { name: string; description: string; version: string; parameters: Record<string, string>; devices_per_key: number; unbind_limit: number | null; rate_per_minute: number; prices: Price[]; open_for_application: boolean }
export interface ProjectCreated { project: Project; secret: string }   // secret: shown once
// For agents api_key and response_public_key are '' (only super_admin sees them).

// ---- grants
// GET /grants?project=&agent=&state=&cursor= -> Page<Grant>; POST /grants {project_id, agent_id, ends_at?: string|null, note?} -> 201 Grant; PATCH /grants/{id} {ends_at} ; POST /grants/{id}/end -> Grant
export interface Grant { id: string; project: { id: string; name: string }; agent: UserRef; granted_by: UserRef | null; starts_at: string; ends_at: string | null; state: 'active' | 'ended'; ended_reason: 'expired' | 'revoked' | null; note: string; created_at: string }
// GET /applications?state=&scope=mine|review&cursor= -> Page<Application>; GET /applications/projects?search= -> Page<{id,name,description,version}> (that I can apply for)
// POST /applications {project_id, reason} -> 201; POST /applications/{id}/approve {ends_at?, note?}; /refuse {note}; /withdraw
export interface Application { id: string; project: { id: string; name: string }; agent: UserRef; reason: string; state: 'pending' | 'approved' | 'refused' | 'withdrawn'; reviewer: UserRef | null; note: string; created_at: string; reviewed_at: string | null }

// ---- batches and keys
// POST /batches [idem] {project_id, count (1..1_000_000), unit, validity, note?} -> 201 Batch (state 'ready' for small ones, else 'generating')   errors: QUOTA_INSUFFICIENT, GRANT_MISSING, PRICE_MISSING
// POST /batches/quote {project_id,count,unit,validity} -> {unit_price, total, available}
// GET /batches?project=&agent=&state=&cursor= ; GET /batches/{id}; POST /batches/{id}/cancel (while generating)
export interface Batch { id: string; project: { id: string; name: string }; agent: UserRef; count: number; made: number; unit: ValidityUnit; validity: number; unit_price: number; total: number; note: string; state: 'generating' | 'ready' | 'cancelling' | 'cancelled'; created_at: string; finished_at: string | null }
// GET /keys?project=&batch=&state=&key=(text)&device=&agent=&cursor=&limit= -> Page<Key>; GET /keys/{id} -> KeyDetail
export type KeyState = 'unused' | 'active' | 'expired' | 'disabled'
export interface Key { id: string; key: string /* full text for owner of the batch; masked '•••••-…-8YJCE' otherwise */; project: { id: string; name: string }; batch_id: string; agent: UserRef; state: KeyState; unit: ValidityUnit; validity: number; activated_at: string | null; expires_at: string | null; devices: { id: string; name: string; bound_at: string }[]; unbind_count: number; created_at: string }
export interface KeyDetail { key: Key; max_devices: number; unbinds_left: number | null; recent_calls: ClientCall[]; unbindings: Unbinding[] /* the latest, newest first */ }
export interface Unbinding { at: string; by: UserRef | null; devices: string[] /* ids */; beyond_limit: boolean; reason: string | null }
// POST /keys/{id}/unbind {device_id?} -> Key; POST /keys/{id}/unbind-beyond-limit {device_id?, reason} -> Key (super_admin: whatever the project's limit says)
// POST /keys/disable | /keys/enable  KeySelection -> {changed: number, skipped: number}
export interface KeySelection { ids?: string[]; batch?: string; filter?: { project?: string; state?: KeyState; agent?: string; batch?: string } }   // exactly one
// Export: POST /exports/keys KeySelection & {format:'csv'|'xlsx', columns?: string[]} -> {url} ; GET url downloads (streamed, one minute ticket)

// ---- why was a verification refused / API log
// GET /calls?project=&code=&key=(text)&device=&endpoint=&only_refused=&from=&to=&cursor= -> Page<ClientCall>; GET /calls/{id} -> CallExplained
export interface ClientCall { id: string; at: string; project: { id: string; name: string }; endpoint: 'verify' | 'query' | 'time' | 'other'; status: number; code: string; key_id: string | null; key_hint: string; device_id: string; device_name: string; address: string; first_use: boolean }
export interface CallExplained { call: ClientCall; rule: string /* sentence: which rule refused it */; remedy: string /* what would mend it */; now: string | null /* what the same call would get now */; steps: { code: string; title: string; outcome: 'passed' | 'refused' | 'not_reached' }[] }

// ---- callbacks
// PUT /projects/{id}/callback {url: string|null, events: CallbackEvent[], revision?: number (the project's)} -> {secret?: string (whsec_…, only when first made or rotated)}; POST /projects/{id}/callback/rotate -> {secret}; POST /projects/{id}/callback/test -> Delivery
export type CallbackEvent = 'key.activated' | 'key.verified' | 'key.refused' | 'key.expired' | 'key.unbound' | 'batch.created'
// GET /deliveries?project=&state=&event=&cursor= -> Page<Delivery>; GET /deliveries/{id} -> DeliveryDetail; POST /deliveries/{id}/resend|dismiss -> Delivery
// POST /projects/{id}/callback/resend-failed|dismiss-failed -> FailedDone (all that failed of the project, without trials)
export type DeliveryTrouble = 'no_address' | 'bad_address' | 'private_address' | 'no_connection' | 'timeout' | 'no_answer'
export interface Delivery { id: string; project: { id: string; name: string }; event_id: string; event: CallbackEvent | 'test'; url: string; state: 'waiting' | 'delivered' | 'failed' | 'dismissed' /* it failed, and somebody has looked after it */; attempts: number; last_status: number | null; last_error: DeliveryTrouble | null /* why there was no answer */; next_attempt_at: string | null; created_at: string }
export interface FailedDone { done: number; more: boolean /* there may be more, which follow by themselves */ }
export interface DeliveryDetail { delivery: Delivery; payload: string; attempts: { at: string; status: number | null; error: DeliveryTrouble | null; detail: string | null /* more of that, for whoever looks into it */; duration_ms: number; response: string }[] }

// ---- notifications
// GET /notifications?unread=&cursor= -> Page<Notification>; POST /notifications/{id}/read -> 204; POST /notifications/read-all -> 204; GET /notifications/unread -> {unread}
export interface Notification { id: string; kind: string; title: string; body: string; link: string | null /* console route */; read: boolean; created_at: string }
// GET /events  (server-sent events, not under /api/v1): event 'unread' data {unread}; event 'notification' data Notification; event 'batch' data {id, made, count, state}; event 'floor' data {} (staff of halls: something on a floor has changed); event 'session-ended'

// ---- logs
// GET /logs/operations?actor=&module=&level=&from=&to=&cursor= -> Page<OperationEntry>; GET /logs/operations/{id} -> OperationEntry
// GET /logs/sign-ins?user=&result=&from=&to=&cursor= -> Page<SignInEntry>
export interface OperationEntry { id: string; at: string; actor: UserRef | null; actor_role: Role | 'system' | 'visitor'; level: 'info' | 'warning' | 'security'; module: string; action: string; summary: string; object: { kind: string; id: string } | null; address: string; agent: string; request_id: string; detail: Record<string, unknown> }
export interface SignInEntry { id: string; at: string; name: string; user: UserRef | null; result: 'ok' | 'wrong' | 'locked' | 'captcha' | 'second_factor' | 'disabled' | 'not_verified' | 'first_password_old' | 'limited'; address: string; agent: string; tries: number /* that the line stands for; more than one: `limited` */ }

// ---- settings (super_admin)
// GET /settings -> {groups: SettingGroup[]}; PATCH /settings/{key} {value, was?} -> Setting (409 CHANGED_MEANWHILE: it is not what it was); DELETE /settings/{key}?was= -> Setting (default again; the same 409)
export interface SettingGroup { name: string; title: string; settings: Setting[] }
export interface Setting { key: string; title: string; help: string; kind: 'boolean' | 'integer' | 'text' | 'choice' | 'list'; value: unknown; default: unknown; minimum?: number | null; maximum?: number | null; choices?: string[] | null; unit?: string | null; needs_restart: boolean; changed_at: string | null; changed_by: UserRef | null }

// ---- jobs (super_admin): GET /jobs?state=&kind=&cursor= -> Page<Job>; POST /jobs/{id}/retry|dismiss -> Job
export interface Job { id: string; kind: string; state: 'queued' | 'running' | 'done' | 'dead' | 'dismissed'; attempts: number; run_at: string; last_error: string | null; created_at: string; finished_at: string | null }
// ---- demo only: GET /mailbox?cursor= -> Page<Mail>   (demo: everybody sees all; the page is public at /mailbox, linked from the sign-in page)
export interface Mail { id: string; to: string; subject: string; text: string; at: string }
// ---- home: GET /home -> Home
export interface KeyCounts { unused: number; active: number; expired: number; disabled: number; most: number /* one that has reached it may be more */ }
export interface Home { keys: KeyCounts | null; quota: QuotaOverview | null; users: number | null; pending_applications: number; pending_withdrawals: number; verifications: { day: string; accepted: number; refused: number }[] /* last 14 days, by the installation's clock */; recent_batches: Batch[]; grants_ending: Grant[]; failing_deliveries: number; counted_to: { users: number; waiting: number } /* a figure that has reached it may be more */ }

// ---- halls, tables, lights (staff of the hall; super_admin: all). Money is in fen: 1234 is 12.34 yuan
// GET /venues -> {items: Venue[]}; POST /venues [idem] NewVenue -> 201 Venue; GET /venues/{id}/floor -> Floor; POST /venues/{id}/tables [idem] NewTable -> 201 Table
// POST /tables/{id}/code {} -> Table (the old code leads nowhere); POST /tables/{id}/out-of-service|in-service {note} -> Table; POST /tables/{id}/close CloseAsk -> ClosedPlay
// PUT /tables/{id}/light LightAsk -> Device; DELETE /tables/{id}/light -> Device; POST /devices NewDevice -> 201 Credentials (once); GET /devices/{id}/log?cursor= -> Page<DeviceLogLine>
// PUT /devices/{id}/watch {least_watts: number | null} -> Device; POST /tables/{id}/light-test {} -> Device (on for two minutes; 409 NOT_IN_SERVICE)
// POST /customers/find {number} -> AtDesk; POST /customers/recharge|payout [idem] DeskCash -> Customer (payout 403 MANAGER_PAYS_OUT: of a walk-in who has gone, or what lay there before); POST /customers/take-phone-off LostPhone -> Customer (409 PHONE_NONE, PHONE_ONLY_WAY)
// POST /customers/sign-out-everywhere LostPhone -> SignedOut (409 SESSION_ONLY_WAY)
// PUT /devices/{id} ChangedDevice -> Credentials (while its table is out of service; 409 CHANGED_MEANWHILE, NOT_IN_SERVICE, COIL_TAKEN, CHANNEL_TAKEN, LIGHT_ON, LIGHT_MAY_BURN, METER_SHARED); GET /devices?venue=&state= -> Page<DeviceRow>; GET /cases?venue=&state= -> Page<CaseRow>
export type TableState = 'idle' | 'reserved' | 'opening' | 'playing' | 'paused' | 'closing' | 'cleaning' | 'maintenance'
export type Cause = 'not_lit' | 'not_dark' | 'in_play' | 'no_power' | 'offline' | 'staff'
export interface Venue { id: string; name: string; address: string; phone: string; time_zone: string; opens: number | null /* minutes from midnight by the hall's clock; null: round the clock */; closes: number | null; closed: boolean; holidays: string[]; version: number; created_at: string }
export interface Table { id: string; venue_id: string; tariff_id: string; name: string; code: string; state: TableState; since: string; x: number /* centimetres on the plan */; y: number; version: number }
export interface FloorPlay { id: string; state: 'opening' | 'playing' | 'closed' | 'failed'; customer_number: string | null /* null: not told to whoever asks */; at_desk: boolean /* opened at the desk, which can add time */; walk_in: boolean /* nothing is known of who plays but the number */; asked_at: string; lit_at: string | null /* time counts from then */; paid_until: string; held_fen: number; cost_so_far_fen: number }
export interface CoilAddress { host: string; port: number; unit: number; coil: number; framing: 'tcp' | 'rtu'; timer: 'none' | 'flash' }
export interface Draw { least_watts: number | null /* what it draws at least when it is on; null: it is not watched */; milliwatts: number | null /* what it was last said to draw */; at: string | null; dark_since: string | null /* on by its relay's word, and drawing too little */ }
export type Driver = 'tasmota' | 'shelly' | 'modbus'
export interface FloorDevice { id: string; driver: Driver; name: string; version: number; topic: string | null /* on the broker; several lights of a hall may be on one device */; channel: number | null /* of its device, counted from 1 */; lacks_channel: boolean /* the device says that it has no such channel */; refused: number | null /* its board refuses to say how it stands, with this exception code */; locks_button: boolean /* its button is told to do nothing */; address: CoilAddress | null /* of a relay board */; online: boolean; online_since: string; wanted: boolean; reported: boolean | null /* what it says it is; null: not known */; override_on: boolean | null; override_until: string | null; override_why: string | null; draw: Draw }
export interface Case { id: string; cause: Cause; note: string; opened_at: string }
export interface FloorTable { id: string; name: string; code: string; url: string /* what the QR code leads to */; state: TableState; since: string; x: number; y: number; tariff_id: string; price_list: string | null /* its name; null: the hall's own */; version: number; play: FloorPlay | null; device: FloorDevice | null; case: Case | null; hold: HeldFor | null }
// POST /tables/{id}/hold HoldAsk -> Table; POST /tables/{id}/release {} -> Table
export interface HeldFor { id: string; since: string; until: string; customer_number: string | null /* who may open it; null: nobody before it is released */; customer_phone: string | null; by: string | null /* of the staff; null: the customer holds it */; note: string }
export interface HoldAsk { note: string; until: string; customer?: string /* phone number or customer's number */ }
export interface Floor { venue: Venue; tables: FloorTable[]; now: string /* the server's clock */ }
export interface Hours { from: number /* minutes from midnight */; to: number /* at or before from: on the next day */ }
export interface Days { weekdays: boolean[] /* Monday first */; holidays: boolean }
export interface Band { days: Days; hours: Hours; per_hour: number }
export interface Tariff { per_hour: number; bands?: Band[]; unit_minutes: number; grace_minutes?: number; minimum?: number | null; session_cap?: number | null; night?: { hours: Hours; cap: number } | null; packages?: Package[] }
export interface Package { id: number; name_zh: string; name_en: string; span: { minutes: number } | { night: Hours }; price: number; early: 'package' | 'cheaper' /* what is paid by who leaves early */; days?: Days /* absent: every day */; sold?: Hours | null /* in which it is sold; null: at any hour */ }
// PUT /venues/{id} ChangedVenue -> Venue; GET|PUT /venues/{id}/prices -> Prices (its own list); POST /venues/{id}/prices/try {tariff, date, minutes} -> {items: TriedPrice[]}; 409 CHANGED_MEANWHILE: another version
// GET /venues/{id}/price-lists -> {items: Prices[]}, its own first; POST /venues/{id}/price-lists [idem] {name} -> 201 Prices (a copy of its own; 409 PRICE_LISTS_TOO_MANY)
// PUT /price-lists/{id} ChangedPrices -> Prices; DELETE /price-lists/{id} -> 204 (409 PRICE_LIST_IN_USE, PRICE_LIST_OWN)
// PUT /tables/{id} ChangedTable -> Table; POST /tables/{id}/retire {} -> 204
export interface ChangedVenue { name: string; address: string; phone: string; time_zone: string; opens: number | null; closes: number | null; closed: boolean; holidays: string[]; version: number }
export interface ChangedTable { name: string; x: number; y: number; tariff_id?: string /* absent: as it is */; version: number }
export interface Prices { id: string; name: string; own: boolean /* of tables for which no other is chosen */; tables: string[] /* the names of those that use it */; tariff: Tariff; version: number }
export interface ChangedPrices { name?: string /* absent: as it is */; tariff: Tariff; version: number }
export interface BillLine { kind: string; text: string; fen: number }
export interface TriedPrice { clock: string; at: string; price_fen: number; lines: BillLine[] }
export interface NewVenue { name: string; address?: string; phone?: string; time_zone: string; opens?: number | null; closes?: number | null; tariff: Tariff }
export interface NewTable { name: string; x: number; y: number; tariff_id?: string /* absent: the hall's own list */ }
export interface VenueMember { user: UserRef; role: Role }
export interface NewDevice { table_id: string; driver: Driver; name: string; address?: CoilAddress /* of modbus alone */; channel?: number /* 1 to 8; absent: the first; not of modbus */; beside?: string /* another light of the hall, on whose device it is */; locks_button?: boolean; least_watts?: number /* 1 to 5,000; not of modbus */ }
export interface Credentials { device: { id: string; driver: Driver; topic: string | null }; user: string | null; password: string | null /* null: nothing is entered into a relay board, nor into a device that has other lights */ }
export interface LightAsk { on: boolean; minutes: number /* 1 to 720 */; why: string }
export interface DeviceLogLine { id: string; at: string; who: string /* empty: the program */; what: string; why: string }
export interface CloseAsk { why: string; fault: boolean /* the hall is why: only the minutes played are charged */ }
export interface ClosedPlay { id: string; bill: { total_fen: number } | null; split: { state: 'open' | 'settled' | 'undone' } | null }
export interface DeskCash { venue_id: string /* whose drawer */; number: string; amount_fen: number; memo?: string }
export interface LostPhone { number: string; why: string }
export interface SignedOut { customer: Customer; ended: number /* on so many phones somebody was signed in */ }
export interface AtDesk { customer: Customer; cash_fen: number /* can be paid out: neither a gift nor a network's */; payable_fen: number /* of that, by whoever asks, now: of a walk-in what is left of this visit's cash */ }
export interface Customer { id: string; number: string; guest: boolean; phone: string | null; wechat: boolean /* signs in by it */; balance_fen: number; held_fen: number; available_fen: number }

// ---- levels of members: GET /levels -> Levels (venues.view); PUT /levels {levels: LevelForm[], version} -> Levels (settings.manage); 409 CHANGED_MEANWHILE
export interface Level { id: string; name_zh: string; name_en: string; threshold: number /* points */; pays: number /* of a price, in ten-thousandths */; gift_fen: number }
export type LevelForm = Omit<Level, 'id'> & { id?: string }
export interface Levels { items: Level[]; version: number }

// ---- payments (payments.manage; amounts in fen)
// GET /payments/waiting -> PaymentsWaiting; GET /payments/orders?state=&cursor= -> Page<PayOrder>; GET /payments/orders/{id} and /payments/find?number= -> PayOrderDetail
// POST /payments/orders/{id}/seen {note} -> 204 (all that does not fit about its payments was looked after)
// POST /payments/orders/{id}/write-off {note} -> PayOrderDetail (of what was frozen and cannot be taken; 409 WRITE_OFF_UNSUITABLE, CAPTURE_DONE, PAYMENT_OPEN)
// POST /payments/orders/{id}/end {note} -> PayOrderDetail (of what a merchant of before says nothing of; 409 END_UNSUITABLE, ORDER_NOT_PENDING, PAYMENT_OPEN)
// GET /payments/refunds?state=&cursor= -> Page<PayRefund>; POST /payments/refunds/{id}/remedy RemedyAsk -> PayRefund (409 NOT_STUCK, REMEDY_UNSUITABLE, REFUND_DONE, REFUND_PENDING)
// POST /payments/refunds/retry {problem} -> RefundsRetried (all that are stuck over the same; over the merchant's balance those too that wait for their next try; 500 at once)
// GET /payments/reconciliation -> Reconciliation; POST /payments/differences/{id}/settle {note} -> 204
// GET /payments/channels -> {items: Merchant[]}; PUT /payments/channels/{channel} MerchantForm -> Merchant (409 CHANGED_MEANWHILE); PUT /payments/channels/{channel}/earlier EarlierForm -> Merchant (409 MERCHANT_NEEDED)
export type PayChannel = 'wechat' | 'alipay' | 'alipay_freeze' /* pre-authorisation, with Alipay's parameters */
export type PayMethod = 'jsapi' | 'h5' | 'native' | 'wap' | 'precreate' | 'freeze' | 'capture'
export interface PayOrder { id: string; purpose: 'recharge' | 'play' | 'captured'; subject: string; amount_fen: number; refunded_fen: number; state: 'pending' | 'paid' | 'closed'; created_at: string; paid_at: string | null; written_off: PayWrittenOff | null }
export interface PayWrittenOff { at: string; note: string } // of what was frozen and used: it will not come
export type PayProblemCode = 'other_amount' | 'other_number' | 'let_go' | 'silent' | 'bill_only' | 'refunded_twice' | 'closed_unpaid' | 'not_taken' | 'written_off' | 'not_sent' | 'failed' | 'nothing_frozen' | 'is_frozen' | 'wrong_means' | 'payer_unknown' | 'refused' | 'refused_unsigned' | 'balance_short' | 'balance_short_unsigned' | 'no_answer' | 'in_trouble' | 'not_signed' | 'unknown_key' | 'other_time' | 'bad_signature' | 'unreadable' | 'of_another' | 'incomplete' | 'unknown_state' | 'being_taken' | 'merchant_gone' | 'no_bill' | 'bad_bill' | 'ours'
export interface PayProblem { code: PayProblemCode; amount_fen: number | null /* which the network says, of other_amount */; number: string | null /* of other_number, refunded_twice */; said: string | null /* the network's own words */ }
export interface PayAttempt { id: string; number: string /* ours, as the network knows it */; channel: PayChannel; merchant_id: string /* with whom it was placed */; method: PayMethod; state: 'asked' | 'waiting' | 'taken' | 'surplus' | 'closed'; channel_no: string | null /* the network's */; created_at: string; paid_at: string | null; problem: PayProblem | null; seen_at: string | null /* when somebody looked after that */; seen_note: string | null; may_be_ended: boolean /* a merchant of before says nothing of it */ }
export interface PayNotice { id: string; channel: PayChannel; notice_id: string; received_at: string; handled_at: string | null; outcome: string | null }
export interface PayRefund { id: string; order: string; number: string; amount_fen: number; reason: 'surplus' | 'unplayed' | 'not_opened' | 'asked'; state: 'asked' | 'done' | 'stuck' | 'by_hand' | 'kept'; tries: number; problem: PayProblem | null; created_at: string; settled_at: string | null; note: string | null; frozen: boolean /* of what was only frozen */ }
export interface PayLogLine { number: string /* of the payment or the refund, ours */; at: string; call: 'place' | 'query' | 'close' | 'refund' | 'refund_query'; said: 'done' | 'paid' | 'waiting' | 'closed' | 'unknown' | 'pending' | 'refused' | 'unclear'; channel_no: string | null /* the network's */; amount_fen: number | null /* what was paid, as the network says */; problem: PayProblem | null /* why not */ }
export interface PayOrderDetail { order: PayOrder; attempts: PayAttempt[]; refunds: PayRefund[]; notices: PayNotice[]; log: PayLogLine[] /* the last 200 */ }
// GET /payments/orders/{id}/payer -> OrderPayer
export interface OrderPayer { number: string /* the customer's */; phone: string | null /* with its middle hidden */; table: PaidTable | null /* null: it was for the wallet */ }
export interface PaidTable { venue_id: string; venue_name: string; table_id: string; table_name: string; session: { id: string; asked_at: string; ended_at: string | null } | null /* null: it was not opened */ }
export interface RemedyAsk { remedy: 'retry' | 'paid_out' | 'keep' | 'let_go'; note?: string }
export interface RefundsRetried { retried: number; more: boolean /* than are tried at once */ }
export interface PaymentsWaiting { refunds: number; differences: number; payments: number /* about which a network says what does not fit, and nobody has looked after them */ }
export interface PayDay { channel: PayChannel; merchant_id: string /* whose bill it is */; day: string; lines: number; paid_fen: number; refunded_fen: number; differences: number /* found; some may be settled */; at: string }
export interface PayDifference { id: string; channel: PayChannel; merchant_id: string; day: string; kind: 'not_here' | 'not_there' | 'amount'; number: string; refund_number: string | null; ours_fen: number | null; theirs_fen: number | null; settled_at: string | null; note: string | null }
export interface PayDayMissing { channel: PayChannel; merchant_id: string; day: string; problem: PayProblem; since: string }
export interface Reconciliation { days: PayDay[]; missing: PayDayMissing[]; differences: PayDifference[] }
export interface NetworkKey { id: string; pem: string }
export interface MerchantShown { app_id: string; mini_app_id: string | null; merchant_id: string; serial: string | null; keys: string[] /* their names */ }
export interface EarlierMerchant { parameters: MerchantShown; replaced_at: string; open: number /* payments and refunds under way: while there are any it stays */; needed_until: string }
export interface Merchant { channel: PayChannel; enabled: boolean; notify_url: string; parameters: MerchantShown | null; version: number; updated_at: string | null; earlier: EarlierMerchant[] /* whom we were; the latest first */ }
export interface MerchantForm { enabled: boolean; parameters?: { app_id: string; mini_app_id?: string; merchant_id: string; serial?: string; private_key?: string; api_v3_key?: string; keys?: NetworkKey[] } /* secrets that are left out stay as they were of the same merchant; a pre-authorisation has none of its own */; version?: number }
export interface EarlierForm { parameters: NonNullable<MerchantForm['parameters']>; forget?: boolean /* at once: refused while something may be paid to it */ }
