//! All settings.

use super::model::{Flag, Int, Kind, List, Setting, Text};

macro_rules! settings {
    ($($constant:ident: $ty:ident = $name:literal in $group:literal, $kind:expr, $zh:literal $en:literal, $help_zh:literal $help_en:literal;)+) => {
        $(pub const $constant: $ty = {
            static SETTING: Setting = Setting {
                name: $name, group: $group, zh: $zh, en: $en, help_zh: $help_zh, help_en: $help_en, needs_restart: false, kind: $kind,
            };
            $ty(&SETTING)
        };)+
        pub const ALL: &[&Setting] = &[$($constant.0),+];
    };
}

const fn int(default: i64, min: i64, max: i64, unit: &'static str) -> Kind {
    Kind::Int { default, min, max, unit }
}

fn any(_: &str) -> bool {
    true
}

fn is_time_zone(name: &str) -> bool {
    kernel::text::is_time_zone(name)
}

pub const ROLES: &[&str] = &["super_admin", "agent_admin", "agent", "venue_manager", "maintainer", "cashier"];

settings! {
    SITE_NAME: Text = "basic.site_name" in "basic", Kind::Text { default: "Cuekey", max: 40, check: any },
        "站点名称" "Site name", "显示在控制台和邮件中" "Shown in the console and in e-mails";
    TIME_ZONE: Text = "basic.time_zone" in "basic", Kind::Text { default: "Asia/Shanghai", max: 64, check: is_time_zone },
         "时区" "Time zone", "控制台按此时区显示时间、统计每天的核验；按月计的卡密也按此时区的日历到期，修改只影响以后激活的" "The console shows times in this zone and counts verifications by its days; keys for months end by its calendar: those that are activated from now on";
    SIGN_UP_OPEN: Flag = "basic.sign_up_open" in "basic", Kind::Flag { default: true },
        "开放注册" "Sign-up open", "关闭后只能由管理员创建代理" "When closed, agents can only be created by admins";
    PASSWORD_MIN_LENGTH: Int = "security.password_min_length" in "security", int(10, 10, 64, "chars"),
        "密码最短长度" "Shortest password", "适用于以后设置的密码" "For passwords set from now on";
    CAPTCHA_AFTER: Int = "security.captcha_after" in "security", int(3, 0, 3, "times"),
        "失败几次后需要验证码" "Failures before a captcha", "连续登录失败次数" "Failed sign-ins in a row";
    LOCK_AFTER: Int = "security.lock_after" in "security", int(5, 4, 50, "times"),
        "失败几次后锁定" "Failures before the lock", "连续登录失败次数" "Failed sign-ins in a row";
    LOCK_MINUTES: Int = "security.lock_minutes" in "security", int(15, 1, 1440, "minutes"),
        "锁定时长" "Length of the lock", "到时自动解锁" "Ends by itself";
    SESSION_HOURS: Int = "security.session_hours" in "security", int(12, 1, 720, "hours"),
        "登录有效期" "Sign-in lasts", "之后需要重新登录" "After that one signs in again";
    SESSION_IDLE_MINUTES: Int = "security.session_idle_minutes" in "security", int(0, 0, 43_200, "minutes"),
        "闲置多久后退出登录" "Signed out when unused for", "0 表示不因闲置退出；打开着的页面会定时刷新，不算闲置" "0 means never; a page that is open asks now and then, and so is in use";
    SECOND_FACTOR_ROLES: List = "security.second_factor_roles" in "security", Kind::List { choices: ROLES },
        "必须启用两步验证的角色" "Roles that need a second factor", "下次请求即要求设置" "They are asked to set it up at their next request";
    ASKED_PER_HOUR: Int = "security.asked_per_hour" in "security", int(60, 1, 1_000_000, "times"),
        "每人每小时申请次数" "Requests of one user an hour", "提现、项目申请、创建代理和修改邮箱分别计算，一天最多五倍" "Withdrawals, applications, agents made and addresses changed, each apart; five times as many a day";
    BAN_SECONDS: Int = "security.client_ban_seconds" in "security", int(60, 1, 86_400, "seconds"),
        "客户端首次封禁时长" "First ban of a client", "持续超限时逐次加倍" "Doubles each time it goes on over the limit";
    TRANSFER_MINIMUM: Int = "quota.transfer_minimum" in "quota", int(0, 0, 1_000_000_000, "quota"),
        "最小转账额度" "Smallest transfer", "转账数额必须大于它" "A transfer must be more than this";
    WITHDRAWAL_MINIMUM: Int = "quota.withdrawal_minimum" in "quota", int(99, 0, 1_000_000_000, "quota"),
        "最小提现额度" "Smallest withdrawal", "提现数额必须大于它" "A withdrawal must be more than this";
    MAIL_QUOTA: Flag = "notification.mail_quota" in "notification", Kind::Flag { default: true },
        "额度变动发邮件" "E-mail on quota changes", "充值、转账、提现" "Recharges, transfers, withdrawals";
    MAIL_GRANTS: Flag = "notification.mail_grants" in "notification", Kind::Flag { default: true },
        "授权变动发邮件" "E-mail on grants", "授权、到期、申请结果" "Grants, their end, and applications";
    MAIL_KEYS: Flag = "notification.mail_keys" in "notification", Kind::Flag { default: true },
        "卡密被禁用发邮件" "E-mail on disabled keys", "上级禁用代理的卡密时，每次操作一封" "When a superior disables keys of an agent: one for each time";
    NOTIFY_ACTIVATIONS: Flag = "notification.key_activated" in "notification", Kind::Flag { default: true },
        "卡密激活时站内通知" "Notify on key activation", "通知生成该卡密的代理" "Tells the agent who made the key";
    GRANT_WARNING_DAYS: Int = "notification.grant_warning_days" in "notification", int(3, 0, 60, "days"),
        "授权到期前几天提醒" "Days before a grant ends", "0 表示不提醒" "0 means no warning";
}
