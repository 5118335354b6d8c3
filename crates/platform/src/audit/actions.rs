//! Every action that the operation log knows, with the words that the console shows.

kernel::words! {
    pub enum Level { Info = "info", Warning = "warning", Security = "security" }
}

/// One kind of line in the log. `module.name` is its identity.
#[derive(Debug)]
pub struct Action {
    pub module: &'static str,
    pub name: &'static str,
    pub level: Level,
    pub zh: &'static str,
    pub en: &'static str,
}

macro_rules! actions {
    ($($constant:ident = $level:ident $module:literal $name:literal $zh:literal $en:literal;)+) => {
        $(pub const $constant: Action = Action { module: $module, name: $name, level: Level::$level, zh: $zh, en: $en };)+
        const ALL: &[&Action] = &[$(&$constant),+];
    };
}

actions! {
    SIGNED_UP = Info "account" "signed_up" "注册账号" "Signed up";
    SIGN_UP_FORGOTTEN = Info "account" "sign_up_forgotten" "清除未验证的注册" "Forgot a sign-up that nobody verified";
    EMAIL_VERIFIED = Info "account" "email_verified" "验证邮箱" "Verified the e-mail address";
    SIGNED_OUT = Info "account" "signed_out" "退出登录" "Signed out";
    PASSWORD_CHANGED = Security "account" "password_changed" "修改密码" "Changed the password";
    PASSWORD_RESET_ASKED = Security "account" "password_reset_asked" "申请重置密码" "Asked for a password reset";
    PASSWORD_RESET = Security "account" "password_reset" "重置密码" "Reset the password";
    SESSIONS_ENDED = Security "account" "sessions_ended" "注销会话" "Ended sessions";
    SECOND_FACTOR_ON = Security "account" "second_factor_on" "启用两步验证" "Turned the second factor on";
    SECOND_FACTOR_OFF = Security "account" "second_factor_off" "关闭两步验证" "Turned the second factor off";
    PROFILE_CHANGED = Info "account" "changed" "修改个人设置" "Changed own settings";
    ACCOUNT_LOCKED = Security "account" "locked" "账号被锁定" "The account was locked";
    USER_CREATED = Info "users" "created" "创建用户" "Created a user";
    USER_DISABLED = Warning "users" "disabled" "禁用用户" "Disabled a user";
    USER_ENABLED = Info "users" "enabled" "启用用户" "Enabled a user";
    USER_UNLOCKED = Security "users" "unlocked" "解锁用户" "Unlocked a user";
    USER_LET_GO = Security "users" "let_go" "不再由店长管理" "Left a user to super admins";
    USER_GIVEN_BACK = Security "users" "given_back" "重新由店长管理" "Gave a user back to the manager who made it";
    USER_EMAIL_CHANGED = Security "users" "email_changed" "修改用户的邮箱" "Changed a user's e-mail address";
    USER_SESSIONS_ENDED = Security "users" "sessions_ended" "注销用户的会话" "Ended a user's sessions";
    EVERYBODYS_SESSIONS_ENDED = Security "users" "everybodys_sessions_ended" "注销全部用户的会话" "Ended everybody's sessions";
    SECOND_FACTOR_RESET = Security "users" "second_factor_reset" "重置用户的两步验证" "Reset a user's second factor";
    QUOTA_RECHARGED = Info "quota" "recharged" "充值额度" "Recharged quota";
    QUOTA_TRANSFERRED = Info "quota" "transferred" "转账额度" "Transferred quota";
    WITHDRAWAL_ASKED = Info "quota" "withdrawal_asked" "申请提现" "Asked for a withdrawal";
    WITHDRAWAL_APPROVED = Info "quota" "withdrawal_approved" "批准提现" "Approved a withdrawal";
    WITHDRAWAL_REFUSED = Info "quota" "withdrawal_refused" "拒绝提现" "Refused a withdrawal";
    WITHDRAWAL_PAID = Info "quota" "withdrawal_paid" "标记提现已打款" "Marked a withdrawal as paid";
    WITHDRAWAL_CANCELLED = Info "quota" "withdrawal_cancelled" "撤回提现申请" "Cancelled a withdrawal";
    WITHDRAWAL_RETURNED = Warning "quota" "withdrawal_returned" "提现款项退回" "Returned a withdrawal whose money did not arrive";
    PROJECT_CREATED = Info "projects" "created" "创建项目" "Created a project";
    PROJECT_CHANGED = Info "projects" "changed" "修改项目" "Changed a project";
    PROJECT_ENABLED = Info "projects" "enabled" "启用项目" "Enabled a project";
    PROJECT_DISABLED = Warning "projects" "disabled" "停用项目" "Disabled a project";
    SECRET_ROTATED = Security "projects" "secret_rotated" "轮换项目密钥" "Rotated a project's secret";
    CALLBACK_CHANGED = Info "projects" "callback_changed" "修改回调设置" "Changed callback settings";
    CALLBACK_SECRET_ROTATED = Security "projects" "callback_secret_rotated" "轮换回调密钥" "Rotated the callback secret";
    DELIVERY_RESENT = Info "projects" "delivery_resent" "重发回调" "Sent a callback again";
    DELIVERY_DISMISSED = Info "projects" "delivery_dismissed" "处理失败的回调" "Dismissed a failed callback";
    DELIVERIES_RESENT = Info "projects" "deliveries_resent" "重发全部失败的回调" "Sent all failed callbacks again";
    DELIVERIES_DISMISSED = Info "projects" "deliveries_dismissed" "处理全部失败的回调" "Dismissed all failed callbacks";
    CLIENT_BANNED = Security "projects" "client_banned" "客户端被临时封禁" "A client was banned for a while";
    BAN_LIFTED = Security "projects" "ban_lifted" "解除封禁" "Lifted a ban";
    GRANT_CREATED = Info "grants" "created" "授权项目" "Granted a project";
    GRANT_CHANGED = Info "grants" "changed" "修改授权" "Changed a grant";
    GRANT_ENDED = Info "grants" "ended" "结束授权" "Ended a grant";
    VENUE_CREATED = Info "venues" "created" "新建门店" "Created a hall";
    VENUE_CHANGED = Info "venues" "changed" "修改门店" "Changed a hall";
    PRICES_CHANGED = Warning "venues" "prices_changed" "修改价格" "Changed a hall's prices";
    PRICE_LIST_ADDED = Info "venues" "price_list_added" "新增价目" "Added a price list to a hall";
    PRICE_LIST_REMOVED = Warning "venues" "price_list_removed" "删除价目" "Removed a price list of a hall";
    TABLE_CHANGED = Info "venues" "table_changed" "修改球台" "Changed a table";
    TABLE_RETIRED = Warning "venues" "table_retired" "停用球台" "Retired a table";
    LEVELS_CHANGED = Warning "venues" "levels_changed" "修改会员等级" "Changed the members' levels";
    STAFF_ADDED = Security "venues" "staff_added" "添加门店员工" "Let somebody work in a hall";
    STAFF_REMOVED = Security "venues" "staff_removed" "移除门店员工" "Ended somebody's work in a hall";
    TABLE_CREATED = Info "venues" "table_created" "新建球台" "Created a table";
    TABLE_CODE_REISSUED = Security "venues" "table_code_reissued" "更换球台二维码" "Reissued a table's code";
    TABLE_OUT_OF_SERVICE = Warning "venues" "table_out_of_service" "球台转入维护" "Took a table out of service";
    TABLE_RETURNED = Info "venues" "table_returned" "球台恢复使用" "Returned a table to service";
    DEVICE_CREATED = Security "venues" "device_created" "新增设备" "Added a device";
    DEVICE_CHANGED = Info "venues" "device_changed" "修改设备" "Changed a device";
    DEVICE_REPLACED = Security "venues" "device_replaced" "更换设备" "Replaced a device";
    DEVICE_PASSWORD_RENEWED = Security "venues" "device_password_renewed" "更换设备密码" "Gave a device another password";
    DEVICE_WATCHED = Warning "venues" "device_watched" "设置灯的功率下限" "Said what a lamp draws at least";
    LIGHT_SET = Warning "venues" "light_set" "手动控制灯" "Set a light by hand";
    PLAY_OPENED = Warning "venues" "play_opened" "前台开台" "Opened a table at the desk";
    PLAY_EXTENDED = Warning "venues" "play_extended" "前台续时" "Added time at the desk";
    PLAY_CLOSED = Warning "venues" "play_closed" "代客关台" "Closed a table for its customer";
    WALLET_RECHARGED = Warning "venues" "wallet_recharged" "柜台充值" "Added money at the desk";
    WALLET_PAID_OUT = Warning "venues" "wallet_paid_out" "柜台付现金" "Paid money out at the desk";
    PHONE_TAKEN_OFF = Security "venues" "phone_taken_off" "去除顾客手机号" "Took a customer's lost number off";
    CUSTOMER_SIGNED_OUT = Security "venues" "customer_signed_out" "结束顾客全部登录" "Signed a customer out everywhere";
    OFFERS_SET = Info "venues" "offers_set" "修改门店服务" "Changed what a hall offers";
    TABLE_CLEANED = Info "venues" "table_cleaned" "清洁完成" "Said that a table was cleaned";
    TABLE_HELD = Info "venues" "table_held" "预约留台" "Held a table for a guest";
    TABLE_RELEASED = Info "venues" "table_released" "取消留台" "Released a table that was held";
    COMPLAINT_ANSWERED = Info "venues" "complaint_answered" "答复顾客" "Answered a customer";
    COMPLAINT_CLOSED = Info "venues" "complaint_closed" "结束投诉" "Closed a complaint";
    PHONE_SHOWN = Security "venues" "phone_shown" "查看顾客手机号" "Looked at a customer's phone number";
    BILL_GIVEN_BACK = Warning "venues" "bill_given_back" "退回顾客费用" "Gave a bill back";
    PAYMENT_CHANNEL_SET = Security "payments" "channel_set" "修改支付渠道" "Changed a payment channel";
    REFUND_REMEDIED = Warning "payments" "refund_remedied" "人工处理退款" "Put a refund right by hand";
    REFUNDS_RETRIED = Warning "payments" "refunds_retried" "批量重新请求退款" "Had all stuck refunds tried again";
    PAYMENT_SEEN = Info "payments" "payment_seen" "处理异常支付" "Looked after a payment that did not fit";
    PAYMENT_ENDED = Warning "payments" "ended" "结束没有明确结果的付款" "Ended a payment of which its network said nothing clear";
    EARLIER_MERCHANT_SET = Security "payments" "earlier_set" "修改以前商户的参数" "Changed the parameters of a merchant of before";
    EARLIER_MERCHANT_FORGOTTEN = Security "payments" "earlier_forgotten" "清除以前商户的参数" "Forgot a merchant of before";
    PAYMENT_WRITTEN_OFF = Warning "payments" "written_off" "核销预授权扣款" "Wrote off what was frozen and cannot be taken";
    DIFFERENCE_SETTLED = Info "payments" "difference_settled" "处理对账差异" "Settled a difference with a network's bill";
    APPLICATION_SENT = Info "grants" "application_sent" "申请项目授权" "Applied for a project";
    APPLICATION_APPROVED = Info "grants" "application_approved" "批准授权申请" "Approved an application";
    APPLICATION_REFUSED = Info "grants" "application_refused" "拒绝授权申请" "Refused an application";
    APPLICATION_WITHDRAWN = Info "grants" "application_withdrawn" "撤回授权申请" "Withdrew an application";
    BATCH_ASKED = Info "keys" "batch_asked" "生成卡密" "Asked for a batch of keys";
    BATCH_READY = Info "keys" "batch_ready" "卡密生成完成" "A batch of keys is ready";
    BATCH_CANCELLED = Info "keys" "batch_cancelled" "取消生成卡密" "Cancelled a batch of keys";
    KEYS_EXPORTED = Security "keys" "exported" "导出卡密" "Exported keys";
    KEY_UNBOUND = Info "keys" "unbound" "解绑卡密" "Unbound a key";
    KEY_UNBOUND_BEYOND_LIMIT = Warning "keys" "unbound_beyond_limit" "超出次数上限解绑卡密" "Unbound a key beyond its project's limit";
    KEYS_DISABLED = Warning "keys" "disabled" "禁用卡密" "Disabled keys";
    KEYS_ENABLED = Info "keys" "enabled" "启用卡密" "Enabled keys";
    SETTING_CHANGED = Warning "settings" "changed" "修改系统设置" "Changed a setting";
    MASTER_KEY_CHANGED = Security "settings" "master_key_changed" "更换主密钥" "Changed the master key";
    JOB_RETRIED = Info "jobs" "retried" "重试任务" "Started a job again";
    JOB_DISMISSED = Info "jobs" "dismissed" "将已放弃的任务标为已处理" "Dismissed a job that was given up";
}

/// The action of a stored line.
pub fn find(module: &str, name: &str) -> Option<&'static Action> {
    ALL.iter().copied().find(|action| action.module == module && action.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_a_name_of_its_own() {
        let mut names: Vec<_> = ALL.iter().map(|action| (action.module, action.name)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
