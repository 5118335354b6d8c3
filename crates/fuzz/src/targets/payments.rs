//! What payment networks tell and list. Only who has a network's key is believed, so what is made up here is signed by that of the stand-ins.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use gateway::{Alipay, AlipayFreeze, WechatPay};
use kernel::{Clock, Random, Timestamp};
use platform::payments::{BillLine, Channel, NotBelieved, Notice, Received, RefundStanding};
use serde_json::Value;

use crate::{parts, text};

const NOWHERE: &str = "http://127.0.0.1:9";

struct Wechat {
    network: sandbox::WechatPay,
    ours: WechatPay,
}

static WECHAT: LazyLock<Wechat> = LazyLock::new(|| {
    let clock = Clock::stepped(Timestamp::from_unix(1_795_248_000));
    let (network, parameters) = (sandbox::WechatPay::at(NOWHERE, clock.clone()), sandbox::WechatPay::parameters());
    let ours = WechatPay::new(&parameters, NOWHERE, NOWHERE, clock, Random::seeded(1)).expect("the stand-in's merchant");
    Wechat { network, ours }
});

/// The event, and what is encrypted.
pub const WECHAT_NOTICES: &[&str] = &[
    "TRANSACTION.SUCCESS\u{1e}{\"appid\":\"wx0000000000000001\",\"mchid\":\"1900000001\",\"out_trade_no\":\"a1\",\"transaction_id\":\"42\",\"trade_state\":\"SUCCESS\",\"success_time\":\"2026-11-21T08:00:00+08:00\",\"payer\":{\"openid\":\"o\"},\"amount\":{\"total\":100,\"currency\":\"CNY\"}}",
    "TRANSACTION.SUCCESS\u{1e}{\"appid\":\"wx0000000000000002\",\"mchid\":\"1900000001\",\"out_trade_no\":\"a2\",\"transaction_id\":\"43\",\"trade_state\":\"REFUND\",\"success_time\":\"2026-11-21T08:00:00Z\",\"amount\":{\"total\":-1}}",
    "TRANSACTION.SUCCESS\u{1e}{\"appid\":\"wx9\",\"mchid\":\"1900000002\",\"out_trade_no\":\"a1\",\"trade_state\":\"NOTPAY\"}",
    "REFUND.SUCCESS\u{1e}{\"mchid\":\"1900000001\",\"out_refund_no\":\"r1\",\"refund_id\":\"50\",\"refund_status\":\"SUCCESS\"}",
    "REFUND.ABNORMAL\u{1e}{\"mchid\":\"1900000001\",\"out_refund_no\":\"r1\",\"refund_status\":\"ABNORMAL\"}",
    "COUPON.USE\u{1e}{}",
];

/// What is believed is what WeChat has said, of our merchant and our apps; what nobody signed, or somebody changed, is not.
pub fn wechat_notices(input: &[u8]) {
    let [event, said] = parts::<2>(input).map(text);
    let (headers, body) = WECHAT.network.told(&event, &said);
    let told = |body: &[u8]| -> Result<Received, NotBelieved> {
        let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        WECHAT.ours.notice(&header, body)
    };
    assert!(WECHAT.ours.notice(&|_: &str| None, input).is_err(), "nobody signed it");
    assert!(told(input).is_err() && told(format!("{body} ").as_bytes()).is_err(), "somebody changed it");
    let Ok(received) = told(body.as_bytes()) else { return };
    assert_eq!(received.id, "EV-told");
    let said: Value = serde_json::from_str(&said).unwrap_or_default();
    // A list stands for an object to who reads by position: of those only what it is said to be is looked at.
    let of = |name: &str, value: &str| !said.is_object() || said[name] == value;
    match received.notice {
        Notice::Paid(paid) => {
            assert!(event == "TRANSACTION.SUCCESS" && of("mchid", "1900000001") && of("out_trade_no", &paid.number), "{said}");
            assert!(of("appid", "wx0000000000000001") || of("appid", "wx0000000000000002"), "{said}");
            assert!(!paid.channel_no.is_empty() && (of("trade_state", "SUCCESS") || of("trade_state", "REFUND")), "{said}");
            assert!(!said["amount"].is_object() || said["amount"]["total"].as_i64() == Some(paid.amount.fen()), "{said}");
        }
        Notice::Refund { refund_number, standing } => {
            assert!(event.starts_with("REFUND.") && of("mchid", "1900000001") && of("out_refund_no", &refund_number), "{said}");
            assert!(!matches!(standing, RefundStanding::Done { .. }) || of("refund_status", "SUCCESS"), "{said}");
        }
        Notice::Other(other) => assert_eq!(other, event),
    }
}

struct Alipays {
    network: sandbox::Alipay,
    ours: Alipay,
    freeze: AlipayFreeze,
}

static ALIPAY: LazyLock<Alipays> = LazyLock::new(|| {
    let clock = Clock::stepped(Timestamp::from_unix(1_795_248_000));
    let (network, parameters) = (sandbox::Alipay::at(NOWHERE, clock.clone()), sandbox::Alipay::parameters());
    let ours = Alipay::new(&parameters, NOWHERE, NOWHERE, clock.clone()).expect("the stand-in's merchant");
    let freeze = AlipayFreeze::new(&parameters, NOWHERE, NOWHERE, clock).expect("the stand-in's merchant");
    Alipays { network, ours, freeze }
});

/// A field a line.
pub const ALIPAY_NOTICES: &[&str] = &[
    "app_id=2021000000000001\nseller_id=2088000000000001\nnotify_id=n1\nout_trade_no=a1\ntrade_no=t1\ntrade_status=TRADE_SUCCESS\ntotal_amount=36.00\nbuyer_id=b\ngmt_payment=2026-11-21 08:00:00",
    "app_id=2021000000000001\nseller_id=2088000000000001\nnotify_id=n1\nout_trade_no=a1\ntrade_no=t1\ntrade_status=TRADE_CLOSED\nrefund_fee=1.00",
    "app_id=2021000000000001\npayee_user_id=2088000000000001\nnotify_id=n1\nout_order_no=a1\nauth_no=t1\noperation_type=FREEZE\nstatus=SUCCESS\namount=0.01\npayer_user_id=b\ngmt_trans=2026-11-21 08:00:00",
    "app_id=2021000000000001\nseller_id=2088000000000001\nnotify_id=n1\nsign=x\nsign_type=RSA",
    "app_id=2021000000000002\nseller_id=2088000000000001\nnotify_id=n1",
];

/// The same of Alipay, whose notices are forms.
pub fn alipay_notices(input: &[u8]) {
    let fields: BTreeMap<String, String> =
        text(input).lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let form = ALIPAY.network.told(&fields.clone().into_iter().collect::<Vec<_>>());
    let is = |name: &str, value: &str| fields.get(name).is_some_and(|field| field == value);
    let channels: [(&dyn Channel, [&str; 3]); 2] =
        [(&ALIPAY.ours, ["seller_id", "out_trade_no", "trade_no"]), (&ALIPAY.freeze, ["payee_user_id", "out_order_no", "auth_no"])];
    for (channel, [merchant, number, own]) in channels {
        let told = |body: &[u8]| channel.notice(&|_: &str| None, body);
        assert!(told(input).is_err(), "nobody signed it");
        assert!(
            told(format!("{form}&more=1").as_bytes()).is_err() && told(format!("more=1&{form}").as_bytes()).is_err(),
            "somebody changed it"
        );
        let Ok(received) = told(form.as_bytes()) else { continue };
        assert!(is("app_id", "2021000000000001") && is(merchant, "2088000000000001") && is("notify_id", &received.id), "{fields:?}");
        assert!(!fields.contains_key("sign") && !fields.contains_key("sign_type"), "which of two signatures is meant? {fields:?}");
        match received.notice {
            Notice::Paid(paid) => {
                assert!(is(number, &paid.number) && is(own, &paid.channel_no), "{fields:?}");
                let done = ["TRADE_SUCCESS", "TRADE_FINISHED"].iter().any(|state| is("trade_status", state)) || is("status", "SUCCESS");
                assert!(done, "{fields:?}");
            }
            Notice::Refund { .. } => panic!("Alipay tells no refunds by themselves: {fields:?}"),
            Notice::Other(_) => {}
        }
    }
}

/// As it is downloaded, in UTF-8.
pub const WECHAT_BILLS: &[&str] = &[
    "交易时间,微信订单号,商户订单号,交易状态,应结订单金额,微信退款单号,商户退款单号,退款金额,退款状态\r\n`t,`42,`a1,`SUCCESS,`36.00,`0,`0,`0.00,`\r\n`t,`42,`a1,`REFUND,`0.00,`50,`r1,`1.00,`SUCCESS\r\n总交易单数,应结订单总金额\r\n`1,`36.00",
    "\u{feff}微信订单号,商户订单号,交易状态,总金额,微信退款单号,商户退款单号,退款金额,退款状态\n`42,`a1,`SUCCESS,`-1.5,`,`,`,`",
];

/// A line of a bill is one of its table's, and says what stands there.
pub fn wechat_bills(input: &[u8]) {
    let text = text(input);
    if let Ok(lines) = WechatPay::read_bill(&text) {
        stand_there(&lines, &text);
    }
}

/// The table within the archive.
pub const ALIPAY_BILLS: &[&str] = &[
    "#支付宝业务明细查询\n支付宝交易号,商户订单号,业务类型,商品名称,订单金额（元）,退款批次号/请求号\n2026,a1\t,交易,台球,36.00,\n2026,a1\t,退款,台球,-1.00,r1\n#合计",
    "退款批次号/请求号,订单金额（元）,业务类型,商户订单号,支付宝交易号\nr1,0.1,退款,a1,2026",
];

/// The same; and whatever is no archive is refused as one.
pub fn alipay_bills(input: &[u8]) {
    let text = text(input);
    if let Ok(lines) = Alipay::read_table(&text) {
        stand_there(&lines, &text);
        assert!(
            lines.iter().all(|line| line.refund_number.is_none() || line.amount.fen() >= 0),
            "what went back is told above zero: {text:?}"
        );
    }
    let is_archive = input.windows(4).any(|bytes| bytes == b"PK\x05\x06");
    assert!(is_archive || Alipay::read_bill(input).is_err());
}

fn stand_there(lines: &[BillLine], text: &str) {
    assert!(lines.len() < text.lines().count(), "the head is no line: {text:?}");
    for line in lines {
        let numbers = [Some(&line.number), Some(&line.channel_no), line.refund_number.as_ref()];
        assert!(numbers.into_iter().flatten().all(|number| text.contains(number.as_str())), "{line:?} of {text:?}");
    }
}
