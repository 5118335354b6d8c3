//! Why somebody may not play, or not now.

use kernel::{Fault, Kind};

use crate::tariff::TariffError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlayError {
    /// Somebody else has it.
    Busy,
    /// In maintenance, or its light is away.
    InService,
    Closed,
    /// It would go on after the hall has closed; when that is, by its clock.
    PastClosing {
        closes: String,
    },
    /// Nothing that is sold would be over by then.
    ClosesSoon {
        closes: String,
    },
    AlreadyPlaying,
    /// Has opened tables again and again, and played on none.
    TooOften {
        seconds: i64,
    },
    /// A guest, who has not said who it is.
    PhoneNeeded,
    Balance,
    PriceChanged,
    /// Another end is paid for than the one that was seen: more time has been added already, maybe by an answer that was lost.
    EndChanged,
    /// It was paid so long ago that nobody waits for it any more.
    PaidLate,
    Minutes,
    PackageGone,
    /// Not sold at this hour.
    PackageNotNow,
    NotPlaying,
    /// Pauses are not offered, or none is left.
    NoPause,
    /// Held for somebody else; until when, by the hall's clock.
    Held {
        until: String,
    },
    /// Kept for cleaning; until when, by the hall's clock.
    Cleaning {
        free: Option<String>,
    },
}

impl From<PlayError> for Fault {
    fn from(error: PlayError) -> Self {
        let conflict = |code, zh: &str, en: &str| Self::new(Kind::Conflict, code, zh, en);
        match error {
            PlayError::Busy => conflict("TABLE_BUSY", "这张台正在使用，请换一张空台", "This table is taken; please choose another"),
            PlayError::InService => conflict(
                "TABLE_IN_SERVICE",
                "这张台正在维护，暂不能使用，请换一张台",
                "This table is being looked after and cannot be used now; please choose another",
            ),
            PlayError::Closed => conflict("VENUE_CLOSED", "本店现在不营业", "The hall is closed now"),
            PlayError::PastClosing { closes } => conflict(
                "PAST_CLOSING",
                &format!("本店 {closes} 打烊，最晚只能打到这时"),
                &format!("The hall closes at {closes}, and play ends by then"),
            ),
            PlayError::ClosesSoon { closes } => conflict(
                "VENUE_CLOSES_SOON",
                &format!("本店 {closes} 打烊，现在不再开台"),
                &format!("The hall closes at {closes}, and opens no more tables before that"),
            ),
            PlayError::AlreadyPlaying => {
                conflict("ALREADY_PLAYING", "您已开了一张台，请先关台", "You are playing at another table; please close that first")
            }
            PlayError::TooOften { seconds } => conflict(
                "OPENED_TOO_OFTEN",
                "您多次开台后没有使用，请过一会儿再试",
                "You have opened tables several times without playing; please try again in a while",
            )
            .retry_after(seconds),
            PlayError::PhoneNeeded => conflict("PHONE_NEEDED", "开台前请先登录", "Please sign in before you open a table"),
            PlayError::Balance => conflict("BALANCE_INSUFFICIENT", "余额不足，请先充值", "Your balance is too low; please add money first"),
            PlayError::PriceChanged => {
                conflict("PRICE_CHANGED", "价格刚刚变动，请重新确认", "The price has just changed; please look again and confirm")
            }
            PlayError::EndChanged => conflict(
                "END_CHANGED",
                "结束时间刚刚变动，请看清新的结束时间，再决定是否延长",
                "The end of your time has just changed; please look at the new one before you extend it",
            ),
            PlayError::PaidLate => conflict(
                "PAID_LATE",
                "我们很晚才收到这笔付款，您可能已经离开",
                "word of your payment reached us so late that you may have left by then",
            ),
            PlayError::Minutes => Self::field(
                "minutes",
                "RANGE",
                "时长须为 10 至 720 分钟，一次最长 24 小时",
                "10 to 720 minutes, and at most 24 hours in all",
            ),
            PlayError::NoPause => conflict(
                "NO_PAUSE_LEFT",
                "本店不提供暂停，或可暂停的时间已用完",
                "Pauses are not offered here, or none is left for this session",
            ),
            PlayError::Held { until } => conflict(
                "TABLE_RESERVED",
                &format!("这张台已预约，保留至 {until}，请换一张空台"),
                &format!("This table is held for somebody until {until}; please choose another"),
            ),
            PlayError::Cleaning { free: None } => {
                conflict("TABLE_CLEANING", "这张台正在清洁，请稍候或换一张台", "This table is being cleaned; please wait or choose another")
            }
            PlayError::Cleaning { free: Some(free) } => conflict(
                "TABLE_CLEANING",
                &format!("这张台正在清洁，最晚 {free} 可用"),
                &format!("This table is being cleaned; it is free by {free}"),
            ),
            PlayError::PackageGone => {
                conflict("PACKAGE_GONE", "这个套餐已下架，请重新选择", "This package is not offered any more; please choose again")
            }
            PlayError::PackageNotNow => {
                conflict("PACKAGE_NOT_NOW", "这个套餐现在不出售，请重新选择", "This package is not sold now; please choose again")
            }
            PlayError::NotPlaying => conflict("NOT_PLAYING", "已经结束", "This is over already"),
        }
    }
}

/// Prices of tariffs that were checked, over times that were checked, are there.
pub(super) fn no_price(error: TariffError) -> Fault {
    Fault::internal(error)
}
