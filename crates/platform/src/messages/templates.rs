//! Every text that Cuekey sends to people. `{name}` stands for a parameter; parameters that end in `_at` are times and are
//! shown in the time zone that the parameter [`ZONE`] names, and otherwise in the installation's. A parameter that is itself a text of ours
//! is there in both languages ([`why`]), so that nobody reads half of a sentence in another.

use kernel::Lang;
use serde_json::{Map, Value};

use crate::settings::{Flag, defs};

/// What was told of a place keeps that place's time zone under this name, as it was then.
pub const ZONE: &str = "zone";
/// Notices that were written before they named their hall do not have it.
const HALL: &str = "hall";
/// What is there in both languages stands under its name in Chinese, and with this behind it in English.
const IN_ENGLISH: &str = ".en";

/// Why something is as it is, in Chinese and in English: the parameter `why`.
pub fn why((zh, en): (String, String)) -> [(&'static str, String); 2] {
    [("why", zh), ("why.en", en)]
}

/// Whether a notification also goes out by e-mail.
#[derive(Debug, Clone, Copy)]
pub enum ByMail {
    Never,
    Always,
    If(Flag),
}

#[derive(Debug)]
pub struct Template {
    pub kind: &'static str,
    pub mail: ByMail,
    pub title: (&'static str, &'static str),
    pub body: (&'static str, &'static str),
}

macro_rules! templates {
    ($($constant:ident = $kind:literal, $mail:expr, $zh_title:literal $en_title:literal, $zh:literal $en:literal;)+) => {
        $(pub static $constant: Template = Template { kind: $kind, mail: $mail, title: ($zh_title, $en_title), body: ($zh, $en) };)+
        static ALL: &[&Template] = &[$(&$constant),+];
    };
}

templates! {
    VERIFY_EMAIL = "account.verify", ByMail::Always, "验证您的邮箱" "Verify your e-mail address",
        "您好 {name}，\n\n请在 24 小时内打开以下链接验证邮箱并激活账号：\n{url}\n\n如果不是您本人注册，请忽略此邮件。" "Hello {name},\n\nplease open this link within 24 hours to verify your address and activate your account:\n{url}\n\nIf you did not sign up, ignore this e-mail.";
    RESET_PASSWORD = "account.reset", ByMail::Always, "重置密码" "Reset your password",
        "您好 {name}，\n\n请在 1 小时内打开以下链接设置新密码：\n{url}\n\n如果不是您本人操作，请忽略此邮件，密码不会改变。" "Hello {name},\n\nopen this link within one hour to set a new password:\n{url}\n\nIf you did not ask for this, ignore this e-mail; your password stays as it is.";
    PASSWORD_CHANGED = "account.password_changed", ByMail::Always, "密码已修改" "Your password was changed",
        "您的账号 {name} 的密码已于 {changed_at} 修改，其他登录均已退出。如非本人操作，请立即联系上级管理员。" "The password of your account {name} was changed at {changed_at}, and all other sessions were ended. If it was not you, tell your admin at once.";
    CREDENTIALS = "account.credentials", ByMail::Always, "您的账号已创建" "Your account is ready",
        "您好 {name}，\n\n{creator} 为您创建了账号。\n登录地址：{url}\n用户名：{name}\n初始密码：{password}\n\n首次登录时需要修改密码；初始密码 7 天内有效。" "Hello {name},\n\n{creator} created an account for you.\nSign in at: {url}\nName: {name}\nFirst password: {password}\n\nYou will be asked for a new password when you first sign in. The first password is good for 7 days.";
    EMAIL_CHANGED = "account.email_changed", ByMail::Always, "账号的邮箱已修改" "Your e-mail address was changed",
        "账号 {name} 的邮箱已由 {by} 于 {changed_at} 改为 {email}，今后的邮件和重置密码的链接都发往这个地址。密码不变。如非您本人要求，请立即联系 {by}。" "The e-mail address of your account {name} was changed to {email} by {by} at {changed_at}. Mail and links to reset the password go there from now on; your password stays as it is. If you did not ask for this, speak to {by} at once.";
    EMAIL_LEFT = "account.email_left", ByMail::Always, "账号已改用另一个邮箱" "An account has another e-mail address now",
        "账号 {name} 的邮箱已由 {by} 于 {changed_at} 改为另一个地址。此前发到本邮箱的链接和初始密码均已失效，今后不再有该账号的邮件发到这里。\n\n如果这是您的账号，而您没有要求修改，请立即联系 {by}；如果您不认识这个账号，请忽略此邮件。" "The e-mail address of the account {name} was changed to another one by {by} at {changed_at}. Links and first passwords that were sent here are no longer good, and no more mail of this account comes here.\n\nIf the account is yours and you did not ask for this, speak to {by} at once. If you do not know it, ignore this e-mail.";
    OWN_EMAIL_CHANGED = "account.own_email_changed", ByMail::Always, "账号的邮箱已修改" "Your e-mail address was changed",
        "您的账号 {name} 的邮箱已于 {changed_at} 改为 {email}，今后的邮件和重置密码的链接都发往这个地址。密码不变。如非本人操作，请修改密码并立即联系上级管理员。" "The e-mail address of your account {name} was changed to {email} at {changed_at}. Mail and links to reset the password go there from now on; your password stays as it is. If it was not you, change the password and tell your admin at once.";
    OWN_EMAIL_LEFT = "account.own_email_left", ByMail::Always, "账号已改用另一个邮箱" "An account has another e-mail address now",
        "账号 {name} 的邮箱已于 {changed_at} 凭密码改为另一个地址。此前发到本邮箱的链接均已失效，今后不再有该账号的邮件发到这里。\n\n如非本人操作，请立即联系上级管理员。" "The e-mail address of the account {name} was changed to another one at {changed_at}, by its password. Links that were sent here are no longer good, and no more mail of this account comes here.\n\nIf it was not you, tell your admin at once.";
    ACCOUNT_LOCKED = "account.locked", ByMail::Always, "账号已被临时锁定" "Your account is locked for a while",
        "连续多次登录失败，账号已锁定至 {locked_at}。如非本人操作，请修改密码。" "After several failed sign-ins in a row your account is locked until {locked_at}. If it was not you, change your password.";
    SECOND_FACTOR_RESET = "account.second_factor_reset", ByMail::Always, "两步验证已被重置" "Your second factor was reset",
        "管理员已重置账号 {name} 的两步验证，所有登录均已退出。如果您没有要求，请立即联系管理员。" "An admin reset the second factor of your account {name} and ended all its sessions. If you did not ask for this, tell your admin at once.";
    MANAGER_DISABLED = "account.manager_disabled", ByMail::Never, "店长已停用，其维护人员仍可登录" "A manager is disabled whose maintainers stay",
        "店长 {name} 已被停用。由其创建、仍可登录的维护人员：{names}。在重新启用 {name} 以前，只有超级管理员可以管理他们：请在“维护人员”页核对，不再需要的请停用。" "The manager {name} is disabled. Maintainers whom {name} has made, and who can still sign in: {names}. Until {name} is enabled again, super admins alone manage them: please look on the Maintainers page, and disable those who are not needed any more.";
    MAINTAINERS_LEFT = "account.maintainers_left", ByMail::Never, "店长已离开球厅，其维护人员仍在" "A manager has left a hall whose maintainers stay",
        "店长 {name} 不再在 {hall} 工作。由其创建、仍在那里工作的维护人员：{names}。他们现在只由超级管理员管理：请在“维护人员”页核对，不再需要的请停用，或在球厅的“员工”中移除。" "{name} does not work in {hall} any more. Maintainers whom {name} has made, and who go on working there: {names}. Super admins alone manage them now: please look on the Maintainers page, and disable those who are not needed any more, or take them from the hall under its staff.";
    MAINTAINERS_SHARED = "account.maintainers_shared", ByMail::Never, "维护人员改由超级管理员管理" "A maintainer is for super admins to manage now",
        "店长 {name} 创建的维护人员 {names} 现在也在 {hall} 工作，而 {name} 不在那里工作。因此只由超级管理员管理：需要停用时，请在“维护人员”页操作；从该球厅移除后，重新由 {name} 管理。" "{names}, whom the manager {name} has made, works in {hall} as well now, where {name} does not. So super admins alone manage that account, on the Maintainers page; once it is taken from that hall, {name} does again.";
    RECOVERY_CODES_ENDED = "account.recovery_codes_ended", ByMail::Always, "恢复码已失效" "Your recovery codes have ended",
        "系统的主密钥已更换，您的两步验证恢复码随之失效；验证器照常使用。如需新的恢复码，请在个人页先关闭、再重新启用两步验证。" "The installation's master key was changed, and your recovery codes have ended with it; your authenticator app works as before. For new codes, turn the second factor off on your own page, and on again.";
    RECHARGED = "quota.recharged", ByMail::If(defs::MAIL_QUOTA), "额度充值到账" "Quota received",
        "{from} 为您充值 {amount} 额度。" "{from} recharged your account with {amount} quota.";
    SYSTEM_RECHARGED = "quota.system_recharged", ByMail::If(defs::MAIL_QUOTA), "额度充值到账" "Quota received",
        "系统为您充值 {amount} 额度。" "The system recharged your account with {amount} quota.";
    RECHARGE_SENT = "quota.recharge_sent", ByMail::Never, "充值已完成" "Recharge done",
        "已为 {to} 充值 {amount} 额度。" "You recharged {to} with {amount} quota.";
    TRANSFER_RECEIVED = "quota.transfer_received", ByMail::If(defs::MAIL_QUOTA), "收到额度转账" "Quota transfer received",
        "{from} 向您转账 {amount} 额度。" "{from} transferred {amount} quota to you.";
    TRANSFER_SENT = "quota.transfer_sent", ByMail::If(defs::MAIL_QUOTA), "额度已转出" "Quota transferred",
        "您向 {to} 转账 {amount} 额度。" "You transferred {amount} quota to {to}.";
    WITHDRAWAL_ASKED = "quota.withdrawal_asked", ByMail::If(defs::MAIL_QUOTA), "新的提现申请" "A withdrawal to decide",
        "{agent} 申请提现 {amount} 额度，请审核。" "{agent} asks to withdraw {amount} quota.";
    WITHDRAWAL_APPROVED = "quota.withdrawal_approved", ByMail::If(defs::MAIL_QUOTA), "提现申请已批准" "Withdrawal approved",
        "您的 {amount} 额度提现申请已批准，将线下打款。" "Your withdrawal of {amount} quota was approved; it will be paid out.";
    WITHDRAWAL_REFUSED = "quota.withdrawal_refused", ByMail::If(defs::MAIL_QUOTA), "提现申请被拒绝" "Withdrawal refused",
        "您的 {amount} 额度提现申请被拒绝，额度已解冻。原因：{reason}" "Your withdrawal of {amount} quota was refused and the amount is available again. Reason: {reason}";
    WITHDRAWAL_PAID = "quota.withdrawal_paid", ByMail::If(defs::MAIL_QUOTA), "提现已打款" "Withdrawal paid",
        "您的 {amount} 额度提现已打款，凭证：{payment_reference}" "Your withdrawal of {amount} quota was paid. Reference: {payment_reference}";
    WITHDRAWAL_RETURNED = "quota.withdrawal_returned", ByMail::If(defs::MAIL_QUOTA), "提现款项退回" "Withdrawal returned",
        "您的 {amount} 额度提现的款项未能到账，额度已退回您的可用额度，请核对收款账户后重新申请。原因：{reason}" "The money of your withdrawal of {amount} quota did not arrive, and the amount is available again. Please check the account before you ask again. Reason: {reason}";
    GRANTED = "grant.created", ByMail::If(defs::MAIL_GRANTS), "获得项目授权" "A project was granted to you",
        "您已获得项目 {project} 的授权，可以生成卡密。" "You may now generate keys for project {project}.";
    GRANT_CHANGED = "grant.changed", ByMail::If(defs::MAIL_GRANTS), "项目授权有变动" "A grant was changed",
        "项目 {project} 的授权有效期已修改。" "The end of your grant for project {project} was changed.";
    GRANT_ENDED = "grant.ended", ByMail::If(defs::MAIL_GRANTS), "项目授权已结束" "A grant has ended",
        "您在项目 {project} 的授权已结束，已生成的卡密不受影响。" "Your grant for project {project} has ended. Keys already generated are not affected.";
    GRANT_ENDING = "grant.ending", ByMail::If(defs::MAIL_GRANTS), "项目授权即将到期" "A grant is about to end",
        "您在项目 {project} 的授权将于 {ends_at} 到期。" "Your grant for project {project} ends at {ends_at}.";
    APPLICATION_SENT = "grant.application_sent", ByMail::If(defs::MAIL_GRANTS), "新的授权申请" "An application to decide",
        "{agent} 申请项目 {project} 的授权：{reason}" "{agent} applies for project {project}: {reason}";
    APPLICATION_APPROVED = "grant.application_approved", ByMail::If(defs::MAIL_GRANTS), "授权申请已批准" "Application approved",
        "您对项目 {project} 的授权申请已批准。" "Your application for project {project} was approved.";
    APPLICATION_REFUSED = "grant.application_refused", ByMail::If(defs::MAIL_GRANTS), "授权申请被拒绝" "Application refused",
        "您对项目 {project} 的授权申请被拒绝：{note}" "Your application for project {project} was refused: {note}";
    BATCH_READY = "keys.batch_ready", ByMail::Never, "卡密生成完成" "Keys are ready",
        "项目 {project} 的 {count} 个卡密已生成，可以导出。" "{count} keys for project {project} are ready to export.";
    BATCH_CANCELLED = "keys.batch_cancelled", ByMail::Never, "卡密生成已取消" "Key generation cancelled",
        "项目 {project} 的 {count} 个卡密已取消生成，额度已退回。" "The batch of {count} keys for project {project} was cancelled and its quota returned.";
    KEY_ACTIVATED = "keys.activated", ByMail::Never, "卡密已激活" "A key was activated",
        "项目 {project} 的卡密（尾号 {hint}）已在设备 {device} 上激活。" "A key of project {project} (ending {hint}) was activated on device {device}.";
    KEYS_DISABLED = "keys.disabled", ByMail::If(defs::MAIL_KEYS), "卡密被上级禁用" "Keys of yours were disabled",
        "{by} 禁用了您的 {count} 个卡密：它们无法通过验证，也只能由上级重新启用。如有疑问，请联系 {by}。" "{by} disabled {count} of your keys: they pass no verification, and only a superior can enable them again. If you wonder why, speak to {by}.";
    CLIENT_BANNED = "client.banned", ByMail::Always, "项目客户端被临时封禁" "A project's client is banned for a while",
        "项目 {project} 的接口调用持续超限，已封禁至 {until_at}。" "Calls for project {project} went on over the limit; they are refused until {until_at}.";
    CASE_NOT_LIT = "venue.case_not_lit", ByMail::Always, "球台故障" "A table needs looking after",
        "{hall} · {table} 已转入维护：灯没有亮，顾客的钱已退回。" "{hall} · {table} is out of service: its light did not come on; the customer has the money back.";
    CASE_NOT_DARK = "venue.case_not_dark", ByMail::Always, "球台故障" "A table needs looking after",
        "{hall} · {table} 已转入维护：灯没有关上，请到现场查看。" "{hall} · {table} is out of service: its light does not go off; please have a look.";
    CASE_IN_PLAY = "venue.case_in_play", ByMail::Always, "球台故障" "A table needs looking after",
        "{hall} · {table} 已转入维护：使用中灯出了故障，已自动结账。" "{hall} · {table} is out of service: its light failed while somebody played; the bill was closed by itself.";
    CASE_NO_POWER = "venue.case_no_power", ByMail::Always, "球台故障" "A table needs looking after",
        "{hall} · {table} 已转入维护：继电器已接通，灯却几乎不用电，请检查灯、开关和线路；若有人在打球，已自动结账。" "{hall} · {table} is out of service: its relay is on and its lamp draws next to no power. Please look at the lamp, the breaker and the cable. If somebody played there, the bill was closed by itself.";
    CASE_OFFLINE = "venue.case_offline", ByMail::Always, "球台故障" "A table needs looking after",
        "{hall} · {table} 已转入维护：灯控设备离线，恢复后自动启用；若有人在打球，已自动结账。" "{hall} · {table} is out of service: its light is away; it comes back by itself with it. If somebody played there, the bill was closed by itself.";
    HALL_AWAY = "venue.hall_away", ByMail::Always, "全店的灯失去联系" "A hall's lights are away",
        "{hall} 的灯控设备同时失去联系，请检查门店的网络和电源。正在使用的球台先不结束，失联期间不收费；最多等十分钟，没有恢复就自动结账。恢复后球台自动启用，无需到场。每小时最多提醒一次。" "The lights of {hall} went away together: please check its network and its power. Play goes on meanwhile, and costs nothing; after ten minutes at most it is closed by itself. The tables come back by themselves with their lights. You are told once an hour at most.";
    CASE_STAFF = "venue.case_staff", ByMail::Always, "球台故障" "A table needs looking after",
        "{hall} · {table} 已转入维护：由员工转入维护。" "{hall} · {table} is out of service: somebody of the staff took it out.";
    CASE_CLOSED = "venue.case_closed", ByMail::Never, "球台已恢复" "A table is back in service",
        "{hall} · {table} 已恢复使用。" "{hall} · {table} can be played on again.";
    HELP_ASKED = "venue.help", ByMail::Always, "顾客求助" "A customer asks for help",
        "{place}：{text}" "{place}: {text}";
    COMPLAINT_MADE = "venue.complaint", ByMail::Always, "顾客投诉" "A customer complains",
        "{place}：{text}" "{place}: {text}";
    PAY_REFUND_STUCK = "pay.refund_stuck", ByMail::Always, "退款需要人工处理" "A refund needs somebody's help",
        "{amount} 元的退款没有成功（{why}），请在“支付”页处理。顾客已被告知需要多一点时间，款项为其保留。" "A refund of {amount} yuan has not worked ({why}). Please see to it on the payments page. The customer was told that it takes longer, and the money is kept.";
    PAY_BALANCE_SHORT = "pay.balance_short", ByMail::Always, "商户余额不足，退款在等待" "Refunds wait for the merchant's balance",
        "{channel} 退不出一笔 {amount} 元的退款（{why}），其他退款可能也在等待，款项为顾客保留。请给商户账户充值，或等当天的收款到账：系统在四小时后、再过八小时各重试一次；充值后也可以在“支付”页的“退款”里一次全部重新请求。每个渠道一小时最多提醒一次。" "{channel} cannot send {amount} yuan back ({why}); other refunds may wait as well, and the money is kept for the customers. Please fill up the merchant's balance, or wait for the day's payments: each is tried again after four hours, and after eight more. Once there is money, all of them can be tried at once under Refunds on the payments page. You are told of each network once an hour at most.";
    PAY_BALANCE_STUCK = "pay.balance_stuck", ByMail::Always, "商户余额不足，退款需要人工处理" "Refunds have waited for the merchant's balance in vain",
        "{channel} 三次都没有退出一笔 {amount} 元的退款（{why}），系统不再自动重试，其他退款可能也是这样，款项为顾客保留。请给商户账户充值，然后在“支付”页的“退款”里一次全部重新请求，或逐笔处理。每个渠道一小时最多提醒一次。" "{channel} could not send {amount} yuan back three times ({why}), and it is not tried again by itself; other refunds may stand so as well, and the money is kept for the customers. Please fill up the merchant's balance, and then have all of them tried at once under Refunds on the payments page, or see to each. You are told of each network once an hour at most.";
    PAY_PROBLEM = "pay.problem", ByMail::Always, "支付需要人工核对" "A payment has to be looked at",
        "{amount} 元的支付有一处不符，请核对：{why}" "Something about a payment of {amount} yuan does not fit; please have a look: {why}";
    PAY_REFUSED = "pay.refused", ByMail::Always, "支付渠道拒绝了付款请求" "A network refuses a payment",
        "{channel} 拒绝了一笔 {amount} 元的付款请求（{why}），顾客没有付成。如果原因在商户参数或密钥，顾客都无法用这个渠道付款，请尽快检查。每个渠道一小时最多提醒一次。" "{channel} has refused to take a payment of {amount} yuan ({why}), and the customer could not pay. Where the merchant's parameters or key are the reason, nobody can pay by it; please check them soon. You are told of each network once an hour at most.";
    PAY_UNCLEAR = "pay.unclear", ByMail::Always, "支付渠道没有回应" "A network does not answer",
        "一小时内有多笔付款请求没有得到 {channel} 的明确答复（{why}），顾客看到“稍后再试”。请检查网络、商户参数和密钥，或暂时停用这个渠道。每个渠道一小时最多提醒一次。" "Several payments within an hour could not be begun, since {channel} gives no clear answer ({why}); customers are asked to try again later. Please check the network, the merchant's parameters and key, or switch this means off for a while. You are told of each network once an hour at most.";
    TEXTS_FAIL = "texts.failing", ByMail::Always, "短信发送失败" "Texts cannot be sent",
        "一小时内有多条短信没有发出，最近一次的原因：{why}。收不到验证码，新顾客就无法登录。请检查短信服务商的余额、密钥、签名和模板。每小时最多提醒一次。" "Several texts within an hour could not be sent; the last one since: {why}. Without codes no new customer can sign in. Please check the provider: its balance, key, signature and templates. You are told once an hour at most.";
    TEXTS_SPENT = "texts.spent", ByMail::Always, "今日短信额度已用完" "The day's texts are used up",
        "今天发给新号码的验证码已达上限（{most} 条），明天以前只有老顾客能收到验证码。如果不是生意特别好，可能有人在恶意请求短信。" "The codes for new numbers of today ({most}) are used up: until tomorrow they come to known customers alone. Unless business is very good, somebody may be asking for texts to harm you.";
    MAIL_FAILS = "mail.failing", ByMail::Never, "邮件发送失败" "Mail does not go out",
        "有邮件十多分钟没有发出，最近一次的原因：{why}。邮件会保留，一天之内自动重试；在此期间收不到激活链接、初始密码和通知。请检查邮件服务器和 [mail] 配置。每天最多提醒一次。" "Letters have not gone out for more than ten minutes; the last one since: {why}. They are kept and tried for a day; nobody gets links, first passwords or notices meanwhile. Please check the mail server and the configuration, [mail]. You are told once a day at most.";
    BROKER_AWAY = "devices.broker_away", ByMail::Always, "灯控消息服务器连不上" "The broker of the lights is away",
        "从 {since_at} 起连不上 MQTT 服务器（技术信息：{why}），灯无法控制：新开的台会自动退款，已亮的灯最迟两小时后自行熄灭。请检查服务器和网络。每小时最多提醒一次。" "The MQTT broker has been away since {since_at} (technical detail: {why}), and lights cannot be told anything: whoever opens a table has the money back, and lights that are on go off by themselves within two hours. Please check the broker and the network. You are told once an hour at most.";
    PAY_DAY_DIFFERS = "pay.day_differs", ByMail::Always, "对账有差异" "A day's bill does not agree",
        "{channel} {day} 的账单有 {count} 笔与系统不一致，请在“支付”页核对。" "{count} lines of the bill of {channel} of {day} do not agree with ours; please look at them on the payments page.";
    PAY_DAY_MISSING = "pay.day_missing", ByMail::Always, "对账单无法取得" "A day's bill cannot be had",
        "{channel} {days} 的账单一直无法取得（{why}），尚未对账。两周以内系统会继续尝试；请检查商户参数，或联系支付渠道，并在“支付”页的“对账”里查看。" "The bill of {channel} of {days} cannot be had ({why}), and is not compared. It is asked for again until the day is two weeks old; please check the merchant's parameters, or ask the network, and look at the reconciliation on the payments page.";
    JOB_GIVEN_UP = "job.given_up", ByMail::Always, "一项与款项有关的任务已放弃" "A job about money was given up",
        "任务 {kind} 已放弃（技术信息：{why}）。相关款项可能仍在等待，请在“任务”页查看原因并重试。" "The job {kind} was given up (technical detail: {why}). Money may still wait for it: please look on the jobs page why, and start it again there.";
    FAULTS = "system.faults", ByMail::Always, "系统出现内部错误" "Something failed on our side",
        "系统内部错误 {count} 次。最近一次：{place}，{last_at}，编号 {id}。请按编号在服务日志中查找原因。此通知每小时最多一次。" "Internal faults: {count}. The last one: {place} at {last_at}, id {id}. Please look for its cause in the server's log, under this id. This is told at most once an hour.";
    DELIVERY_FAILED = "callback.failed", ByMail::If(defs::MAIL_GRANTS), "回调投递失败" "A callback could not be delivered",
        "项目 {project} 的回调 {event} 三天内未能送达，可在控制台查看并重发。" "The callback {event} of project {project} could not be delivered within three days; you can look at it and send it again in the console.";
}

pub fn find(kind: &str) -> Option<&'static Template> {
    ALL.iter().copied().find(|template| template.kind == kind)
}

impl Template {
    pub fn title(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.title.0,
            Lang::En => self.title.1,
        }
    }

    /// The body with its parameters; one that is missing stays visible as `{name}`, but for a hall, which is left out. Parameters are not
    /// read again for braces, so that a value cannot smuggle in another.
    pub fn body(&self, lang: Lang, params: &Map<String, Value>, time_zone: &str) -> String {
        let text = match lang {
            Lang::Zh => self.body.0,
            Lang::En => self.body.1,
        };
        let in_english = |name: &str| if lang == Lang::En { params.get(&format!("{name}{IN_ENGLISH}")) } else { None };
        let given = |name: &str| in_english(name).or_else(|| params.get(name)).and_then(Value::as_str);
        let time_zone = given(ZONE).unwrap_or(time_zone);
        let mut out = String::with_capacity(text.len() + 64);
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let Some(close) = rest[open..].find('}') else { break };
            let (name, whole) = (&rest[open + 1..open + close], &rest[open..=open + close]);
            rest = &rest[open + close + 1..];
            match given(name) {
                Some(value) if name.ends_with("_at") => out.push_str(&local_time(value, time_zone)),
                Some(value) => out.push_str(value),
                None if name == HALL => rest = rest.trim_start_matches([' ', '·']),
                None => out.push_str(whole),
            }
        }
        out.push_str(rest);
        out
    }
}

fn local_time(text: &str, time_zone: &str) -> String {
    text.parse::<kernel::Timestamp>().ok().and_then(|at| at.in_zone(time_zone)).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parameters_are_filled_in_once_and_times_are_local() {
        let params = json!({"name": "{url}", "changed_at": "2026-11-21T00:30:00Z"});
        let body = PASSWORD_CHANGED.body(Lang::En, params.as_object().unwrap(), "Asia/Shanghai");
        assert!(body.contains("account {url} was"), "{body}");
        assert!(body.contains("2026-11-21 08:30"), "{body}");
    }

    #[test]
    fn v4_1_what_is_a_text_of_ours_within_a_text_is_in_the_readers_language() {
        let params: Map<String, Value> =
            why(("渠道拒绝".into(), "it refuses {amount}".into())).into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        let body = |lang| PAY_PROBLEM.body(lang, &params, "Asia/Shanghai");
        let (zh, en) = (body(Lang::Zh), body(Lang::En));
        assert!(zh.ends_with("请核对：渠道拒绝") && en.ends_with("have a look: it refuses {amount}"), "{zh} {en}");
        // One that is the same in both, and notices of before.
        let params = json!({"why": "NOT_ENOUGH"});
        assert!(PAY_PROBLEM.body(Lang::En, params.as_object().unwrap(), "Asia/Shanghai").ends_with("NOT_ENOUGH"));
    }

    #[test]
    fn times_are_those_of_the_place_that_is_told_of() {
        let params = json!({"name": "x", "changed_at": "2026-11-21T00:30:00Z", ZONE: "Europe/Berlin"});
        let body = PASSWORD_CHANGED.body(Lang::En, params.as_object().unwrap(), "Asia/Shanghai");
        assert!(body.contains("2026-11-21 01:30 Europe/Berlin"), "{body}");
    }

    #[test]
    fn v5_2_whatever_the_staff_is_told_of_a_table_says_in_which_hall_it_is() {
        let (named, before) = (json!({"hall": "江湾店", "table": "3 号台"}), json!({"table": "3 号台"}));
        for template in ALL.iter().filter(|template| template.kind.starts_with("venue.case_")) {
            for lang in [Lang::Zh, Lang::En] {
                let body = |params: &Value| template.body(lang, params.as_object().unwrap(), "Asia/Shanghai");
                assert!(body(&named).starts_with("江湾店 · 3 号台 "), "{}", body(&named));
                assert!(body(&before).starts_with("3 号台 "), "{}", body(&before));
            }
        }
    }

    #[test]
    fn both_languages_use_the_same_parameters() {
        let names = |text: &str| {
            let mut names: Vec<String> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next().map(str::to_owned)).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        for template in ALL {
            assert_eq!(names(template.body.0), names(template.body.1), "{}", template.kind);
        }
    }
}
