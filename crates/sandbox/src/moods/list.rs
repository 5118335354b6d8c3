//! What payment networks can be made to do wrong, and what becomes of payments then, in words.

use serde::Deserialize;

use crate::{Asked, Returned, Told, Troubles};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Network {
    Wechat,
    Alipay,
}

pub(super) struct Mood {
    /// In forms.
    pub name: &'static str,
    pub troubles: Troubles,
    /// In Chinese and in English, as all that follows.
    pub called: (&'static str, &'static str),
    /// What becomes of payments.
    pub then: (&'static str, &'static str),
}

impl Mood {
    /// Whether this network can do so. Alipay's answers say neither when they were signed nor with which key; WeChat knows nobody but by app.
    pub fn is_of(&self, network: Network) -> bool {
        match network {
            Network::Wechat => !self.troubles.open_ids,
            Network::Alipay => self.troubles.skew == 0 && self.troubles.next_key == 0,
        }
    }
}

pub(super) const fn asked(asked: Asked) -> Troubles {
    Troubles { asked, ..Troubles::NONE }
}

const fn told(told: Told) -> Troubles {
    Troubles { told, ..Troubles::NONE }
}

const fn by_next_key(share: u8) -> Troubles {
    Troubles { next_key: share, ..Troubles::NONE }
}

/// While it changes its key.
const BOTH_KEYS: (&str, &str) = (
    "微信支付更换密钥期间：新旧两把都填在控制台里，付款、通知、退款都不受影响。",
    "While WeChat Pay changes its key: both are in the console, and payments, notices and refunds go on as before.",
);

pub(super) const MOODS: [Mood; 17] = [
    Mood {
        name: "well",
        troubles: Troubles::NONE,
        called: ("一切正常", "All is well"),
        then: ("下单、通知、退款都照常。", "Payments, notices and refunds as they should be."),
    },
    Mood {
        name: "places_nothing",
        troubles: asked(Asked::PlacesRefused),
        called: ("不接受新的付款", "Takes no new payment"),
        then: (
            "像商户密钥被吊销：顾客看到请换一种方式，管理员收到提醒。",
            "As when the merchant's key was revoked: customers are asked for another means, and administrators are told.",
        ),
    },
    Mood {
        name: "down",
        troubles: asked(Asked::Down),
        called: ("没有回应", "Does not answer"),
        then: (
            "付款无法开始，顾客看到稍后再试；已付的款和退款一直查询到有结果为止。",
            "No payment can begin, and customers are asked to try again; what was paid or given back is asked about until it is known.",
        ),
    },
    Mood {
        name: "done_and_silent",
        troubles: asked(Asked::DoneAndSilent),
        called: ("办了，却不说", "Does it, and does not say so"),
        then: (
            "用同一个单号再问，不会下两次单，也不会退两次款。",
            "It is asked again under the same number: nothing is charged twice, and nothing given back twice.",
        ),
    },
    Mood {
        name: "notices_lost",
        troubles: told(Told::Lost),
        called: ("通知全部丢失", "Notices are lost"),
        then: ("平台自己查询，付过的款几秒内到账。", "The platform asks by itself: what was paid arrives within seconds."),
    },
    Mood {
        name: "notices_twice",
        troubles: told(Told::Twice),
        called: ("通知都发两次", "Notices come twice"),
        then: ("只记一次账。", "Each is booked once."),
    },
    Mood {
        name: "notices_late",
        troubles: told(Told::Late(60)),
        called: ("通知晚到一分钟", "Notices come a minute late"),
        then: ("平台已经自己查到，迟来的通知不再记账。", "The platform has asked by then: what is told late is not booked once more."),
    },
    Mood {
        name: "notices_swapped",
        troubles: told(Told::Swapped),
        called: ("通知乱序，后发的先到", "Notices come in another order"),
        then: ("每一笔只记一次账，退款的通知早于付款的也一样。", "Each is booked once, also where a refund is told of before its payment."),
    },
    Mood {
        name: "notices_other_amount",
        troubles: told(Told::OtherAmount),
        called: ("通知的金额少一分", "Notices say one fen less"),
        then: (
            "不按它入账，以向渠道查询的结果为准；控制台的“支付”页会标出。",
            "Nothing is booked by them: what the network answers when it is asked counts, and the console's payments page shows the difference.",
        ),
    },
    Mood {
        name: "notices_forged",
        troubles: told(Told::Forged),
        called: ("通知由别人签名", "Notices are signed by somebody else"),
        then: ("不相信，并向渠道查询。", "They are not believed, and the network is asked."),
    },
    Mood {
        name: "refunds_refused",
        troubles: Troubles { refunds: Returned::Refused, ..Troubles::NONE },
        called: ("拒绝退款", "Refuses refunds"),
        then: ("试三次后交给人处理：见控制台的“支付”页。", "After three tries a person decides: see the console's payments page."),
    },
    Mood {
        name: "balance_short",
        troubles: Troubles { refunds: Returned::Short, ..Troubles::NONE },
        called: ("商户余额不足", "The merchant has too little there"),
        then: (
            "四小时后、再过八小时各重试一次，管理员会收到提醒；仍退不出就交给人处理，可以一次全部重新请求。",
            "Refunds are tried again after 4 hours and 8 more, and super admins are told; then a person has all of them tried at once.",
        ),
    },
    Mood {
        name: "clock_ahead",
        troubles: Troubles { skew: 600, ..Troubles::NONE },
        called: ("时钟快十分钟", "Its clock is ten minutes ahead"),
        then: (
            "签名时间相差五分钟以上的都不相信：付款无法开始，已付的款在时钟恢复后查到。",
            "What is signed more than five minutes from now is not believed: no payment can begin, and what was paid is found once it is right again.",
        ),
    },
    Mood {
        name: "new_key_tenth",
        troubles: by_next_key(10),
        called: ("十分之一由新密钥签名", "A tenth is signed by its new key"),
        then: BOTH_KEYS,
    },
    Mood {
        name: "new_key_half",
        troubles: by_next_key(50),
        called: ("一半由新密钥签名", "Half is signed by its new key"),
        then: BOTH_KEYS,
    },
    Mood {
        name: "new_key", troubles: by_next_key(100), called: ("全部由新密钥签名", "All is signed by its new key"), then: BOTH_KEYS
    },
    Mood {
        name: "open_ids",
        troubles: Troubles { open_ids: true, ..Troubles::NONE },
        called: ("只给付款人的 open_id", "Says payers' open ids alone"),
        then: (
            "像新建的支付宝应用，不再给用户号：付款、冻结、扣款、退款都照常。",
            "As to newer apps of Alipay's, which are told no user ids: payments, freezing, taking and refunds as they should be.",
        ),
    },
];
