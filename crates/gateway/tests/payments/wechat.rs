//! WeChat Pay by a stand-in that verifies every request as the real one does, and signs what it says.

use gateway::WechatPay;
use kernel::{Clock, Fen, Random};
use platform::payments::{
    Channel, ChannelError, Handed, Method, Notice, PayProblemCode, Payer, Place, Problem, RefundStanding, Standing, WechatParameters,
};
use sandbox::{Asked, Returned, Told, TradeState, Troubles, WechatPay as Network};

use crate::{NUMBER, START, read, refund, troubles, wechat_as};

async fn both() -> (Network, WechatPay, Clock) {
    let clock = Clock::stepped(START);
    let network = Network::open(clock.clone()).await.unwrap();
    let client = wechat_as(&network, &Network::parameters(), &clock);
    (network, client, clock)
}

fn place(method: Method) -> Place {
    let payer = Payer { app_id: Network::parameters().app_id, openid: "o0001-payer".into() };
    Place { payer: Some(payer), ..crate::place(NUMBER, method) }
}

#[tokio::test]
async fn k12_1_a_payment_is_placed_made_and_found_by_each_means() {
    for method in [Method::H5, Method::Native, Method::Jsapi] {
        let (network, client, _) = both().await;
        assert_eq!(client.query(NUMBER).await, Ok(Standing::Unknown));
        match client.place(&place(method)).await.unwrap() {
            Handed::Nothing => panic!("something is left to do"),
            Handed::Redirect { url } => {
                assert!(url.ends_with("&redirect_url=https%3A%2F%2Fcuekey%2Eexample%2Fm%2F%3Forder%3D1%26x%3Dy"), "{url}");
            }
            Handed::QrCode { content } => assert!(content.starts_with(network.base())),
            Handed::Jsapi { package, sign_type, pay_sign, .. } => {
                assert!(package.starts_with("prepay_id=wx") && sign_type == "RSA" && pay_sign.len() > 300);
            }
        }
        // Placed again it is the same one.
        client.place(&place(method)).await.unwrap();
        assert_eq!((client.query(NUMBER).await, network.trades().len()), (Ok(Standing::Waiting), 1));
        assert!(network.pay(NUMBER).await && !network.pay(NUMBER).await, "once");
        let Ok(Standing::Paid(paid)) = client.query(NUMBER).await else { panic!("it is paid") };
        assert_eq!((paid.number.as_str(), paid.amount, paid.at.unix()), (NUMBER, Fen::new(3_600), START.unix()));
        assert_eq!(Some(paid.channel_no), network.trade(NUMBER).map(|trade| trade.transaction));
    }
}

#[tokio::test]
async fn v8_2_what_is_closed_cannot_be_paid_and_what_is_paid_cannot_be_closed() {
    let (network, client, clock) = both().await;
    client.place(&place(Method::H5)).await.unwrap();
    assert_eq!((client.close(NUMBER).await, client.close(NUMBER).await), (Ok(()), Ok(())));
    assert_eq!((network.pay(NUMBER).await, client.query(NUMBER).await), (false, Ok(Standing::Closed)));

    let (network, client, _) = both().await;
    client.place(&place(Method::H5)).await.unwrap();
    assert!(network.pay(NUMBER).await);
    assert!(matches!(client.close(NUMBER).await, Err(ChannelError::Refused { code, .. }) if code == "ORDERPAID"));

    let (network, client, own) = both().await;
    client.place(&place(Method::H5)).await.unwrap();
    own.step(900 * kernel::SECOND);
    assert!(!network.pay(NUMBER).await, "after its time");
    drop(clock);
}

#[tokio::test]
async fn v8_2_what_is_not_answered_or_not_signed_is_unclear_and_never_a_fact() {
    let (network, client, clock) = both().await;
    for asked in [Asked::Down, Asked::Busy, Asked::DoneAndSilent, Asked::DoneAndTroubled, Asked::Forged] {
        network.set(troubles(asked));
        assert!(matches!(client.place(&place(Method::H5)).await, Err(ChannelError::Unclear(_))), "{asked:?}");
    }
    assert_eq!(network.trades().len(), 1, "one of them has been done");
    network.pay(NUMBER).await;
    network.set(troubles(Asked::Forged));
    assert!(matches!(client.query(NUMBER).await, Err(ChannelError::Unclear(_))));
    // An answer of another hour is somebody's who has kept it.
    network.set(Troubles { skew: 301, ..Troubles::default() });
    assert!(matches!(client.query(NUMBER).await, Err(ChannelError::Unclear(_))));
    network.set(Troubles { skew: -299, ..Troubles::default() });
    assert!(matches!(client.query(NUMBER).await, Ok(Standing::Paid(_))));
    drop(network);
    assert!(matches!(client.query(NUMBER).await, Err(ChannelError::Unclear(_))), "nobody is there");
    drop(clock);
}

#[tokio::test]
async fn k12_1_what_keeps_an_answer_from_being_one_is_a_word_and_what_wechat_has_said_is_apart() {
    let (network, client, clock) = both().await;
    let why = async |client: &WechatPay| match client.query(NUMBER).await {
        Err(error) => error.problem(),
        Ok(standing) => panic!("{standing:?}"),
    };
    let said = Problem::saying;
    client.place(&place(Method::H5)).await.unwrap();
    for (asked, problem) in [
        (Asked::Down, said(PayProblemCode::InTrouble, "HTTP 503")),
        (Asked::Busy, said(PayProblemCode::InTrouble, "HTTP 429 FREQUENCY_LIMITED: asked too often")),
        (Asked::Forged, PayProblemCode::BadSignature.into()),
    ] {
        network.set(troubles(asked));
        assert_eq!(why(&client).await, problem, "{asked:?}");
    }
    network.set(troubles(Asked::Unsigned));
    assert_eq!(why(&client).await, Problem::from(PayProblemCode::NotSigned));
    network.set(Troubles { skew: 301, ..Troubles::default() });
    assert_eq!(why(&client).await, Problem::from(PayProblemCode::OtherTime));
    network.set(Troubles { next_key: 100, ..Troubles::default() });
    let mut one = Network::parameters();
    let next = one.keys.pop().unwrap().id;
    assert_eq!(why(&wechat_as(&network, &one, &clock)).await, said(PayProblemCode::UnknownKey, &next));
    network.set(Troubles::default());
    let place = Place { payer: None, ..place(Method::Jsapi) };
    assert_eq!(client.place(&place).await, Err(ChannelError::NotAsked(PayProblemCode::PayerUnknown)));
    drop(network);
    assert_eq!(why(&client).await, Problem::from(PayProblemCode::NoAnswer));
}

#[tokio::test]
async fn v8_2_a_refusal_is_taken_for_one_without_a_signature_and_nothing_else_is() {
    let (network, client, _) = both().await;
    network.set(troubles(Asked::RefusesUnsigned));
    assert_eq!(client.query(NUMBER).await, Ok(Standing::Unknown));
    assert!(matches!(client.close(NUMBER).await, Err(ChannelError::Refused { code, .. }) if code == "ORDER_NOT_EXIST"));
    let refused = client.refund(&refund("refund-1", 100)).await;
    assert!(matches!(refused, Err(ChannelError::Refused { signed: false, .. })));
    assert_eq!(client.query_refund(NUMBER, "refund-1").await, Ok(RefundStanding::Unknown));
    client.place(&place(Method::H5)).await.unwrap();
    network.set(troubles(Asked::Unsigned));
    assert!(matches!(client.place(&place(Method::H5)).await, Err(ChannelError::Unclear(_))));
    assert!(matches!(client.query(NUMBER).await, Err(ChannelError::Unclear(_))));
    network.pay(NUMBER).await;
    assert!(matches!(client.query(NUMBER).await, Err(ChannelError::Unclear(_))), "it is paid, and nobody has signed that");
    assert!(matches!(client.refund(&refund("refund-1", 100)).await, Err(ChannelError::Unclear(_))));
    assert!(matches!(client.query_refund(NUMBER, "refund-1").await, Err(ChannelError::Unclear(_))));
}

#[tokio::test]
async fn v8_2_whom_wechat_does_not_know_has_placed_nothing_and_hears_nothing_of_what_was_placed() {
    let (network, client, clock) = both().await;
    client.place(&place(Method::H5)).await.unwrap();
    network.set(troubles(Asked::RefusesUnsigned));
    let renewed = WechatParameters { serial: "0".repeat(40), ..Network::parameters() };
    let stranger = wechat_as(&network, &renewed, &clock);
    let refused = stranger.place(&place(Method::Native)).await;
    assert!(matches!(&refused, Err(ChannelError::Refused { code, .. }) if code == "SIGN_ERROR"), "{refused:?}");
    assert!(matches!(stranger.query(NUMBER).await, Err(ChannelError::Unclear(_))));
    assert!(matches!(stranger.close(NUMBER).await, Err(ChannelError::Unclear(_))));
    assert!(matches!(stranger.refund(&refund("refund-1", 100)).await, Err(ChannelError::Unclear(_))));
    assert_eq!(network.trades().len(), 1);
}

#[tokio::test]
async fn k12_1_both_of_the_networks_keys_are_good_and_no_other() {
    let (network, client, clock) = both().await;
    client.place(&place(Method::H5)).await.unwrap();
    network.set(Troubles { next_key: 100, ..Troubles::default() });
    assert_eq!(client.query(NUMBER).await, Ok(Standing::Waiting));
    let mut one = Network::parameters();
    one.keys.truncate(1);
    assert!(matches!(wechat_as(&network, &one, &clock).query(NUMBER).await, Err(ChannelError::Unclear(_))), "a key that is not ours");
    network.set(Troubles::default());
    assert_eq!(wechat_as(&network, &one, &clock).query(NUMBER).await, Ok(Standing::Waiting));
}

#[tokio::test]
async fn k12_1_a_merchant_with_another_key_is_refused() {
    let (network, _, clock) = both().await;
    let mut stranger = Network::parameters();
    stranger.private_key = zeroize::Zeroizing::new(include_str!("../../../sandbox/keys/wechat_network.pem").into());
    let refused = wechat_as(&network, &stranger, &clock).query(NUMBER).await;
    assert!(matches!(refused, Err(ChannelError::Refused { code, .. }) if code == "SIGN_ERROR"));
}

#[tokio::test]
async fn v4_1_refunds_are_made_once_under_their_number_and_never_beyond_what_was_paid() {
    let (network, client, _) = both().await;
    client.place(&place(Method::H5)).await.unwrap();
    assert!(matches!(client.refund(&refund("refund-1", 100)).await, Err(ChannelError::Refused { .. })), "nothing was paid");
    network.pay(NUMBER).await;
    assert_eq!(client.query_refund(NUMBER, "refund-1").await, Ok(RefundStanding::Unknown));
    network.set(Troubles { refunds: Returned::Refused, ..Troubles::default() });
    assert!(
        matches!(client.refund(&refund("refund-1", 1_000)).await, Err(ChannelError::Refused { code, .. }) if code == "USER_ACCOUNT_ABNORMAL")
    );
    for (asked, code) in [(Asked::Well, PayProblemCode::BalanceShort), (Asked::RefusesUnsigned, PayProblemCode::BalanceShortUnsigned)] {
        network.set(Troubles { asked, refunds: Returned::Short, ..Troubles::default() });
        let short = Problem::saying(code, "NOT_ENOUGH: it cannot be given back");
        assert_eq!(client.refund(&refund("refund-1", 1_000)).await, Ok(RefundStanding::Failed(short)));
    }
    network.set(Troubles { refunds: Returned::Pending, ..Troubles::default() });
    assert_eq!(client.refund(&refund("refund-1", 1_000)).await, Ok(RefundStanding::Pending));
    assert_eq!(client.query_refund(NUMBER, "refund-1").await, Ok(RefundStanding::Pending));
    network.set(troubles(Asked::DoneAndSilent));
    assert!(matches!(client.refund(&refund("refund-1", 1_000)).await, Err(ChannelError::Unclear(_))));
    network.set(Troubles::default());
    assert!(matches!(client.refund(&refund("refund-1", 1_000)).await, Ok(RefundStanding::Done { .. })));
    assert!(matches!(client.refund(&refund("refund-2", 2_601)).await, Err(ChannelError::Refused { .. })), "more than is left");
    client.refund(&refund("refund-2", 2_600)).await.unwrap();
    assert_eq!(network.trade(NUMBER).map(|trade| (trade.refunded(), trade.refunds.len())), Some((Fen::new(3_600), 2)));
    // What was given back was paid nevertheless.
    assert!(matches!(client.query(NUMBER).await, Ok(Standing::Paid(paid)) if paid.amount == Fen::new(3_600)));
}

#[tokio::test]
async fn k12_1_a_notice_is_believed_as_it_was_signed_and_with_no_byte_changed() {
    let (network, client, clock) = both().await;
    client.place(&place(Method::H5)).await.unwrap();
    network.pay(NUMBER).await;
    let (headers, body) = network.notice(NUMBER).unwrap();
    let Ok(Notice::Paid(paid)) = read(&client, &headers, body.as_bytes()) else { panic!("a good notice") };
    assert_eq!((paid.number.as_str(), paid.amount), (NUMBER, Fen::new(3_600)));
    for at in 0..body.len() {
        let mut altered = body.clone().into_bytes();
        altered[at] ^= 1;
        assert!(read(&client, &headers, &altered).is_err(), "byte {at}");
    }
    for which in 0..4 {
        for at in 0..headers[which].1.len() {
            let mut altered = headers.clone();
            let mut value = altered[which].1.clone().into_bytes();
            value[at] ^= 1;
            if let Ok(value) = String::from_utf8(value) {
                altered[which].1 = value;
                assert!(read(&client, &altered, body.as_bytes()).is_err(), "{} {at}", headers[which].0);
            }
        }
        let without: Vec<_> = headers.iter().enumerate().filter(|(at, _)| *at != which).map(|(_, one)| one.clone()).collect();
        assert!(read(&client, &without, body.as_bytes()).is_err());
    }
    // The network tries now and then whether signatures are looked at.
    let mut probe = headers.clone();
    probe[3].1 = format!("WECHATPAY/SIGNTEST/{}", probe[3].1);
    assert!(read(&client, &probe, body.as_bytes()).is_err());
    clock.step(301 * kernel::SECOND);
    assert!(read(&client, &headers, body.as_bytes()).is_err(), "kept, and sent again later");
}

#[tokio::test]
async fn k12_1_a_notice_by_somebody_else_is_not_believed_nor_one_to_somebody_else() {
    let (network, client, clock) = both().await;
    client.place(&place(Method::H5)).await.unwrap();
    network.pay(NUMBER).await;
    network.set(Troubles { told: Told::Forged, ..Troubles::default() });
    let (headers, body) = network.notice(NUMBER).unwrap();
    assert!(read(&client, &headers, body.as_bytes()).is_err());
    network.set(Troubles { told: Told::OtherAmount, ..Troubles::default() });
    let (headers, body) = network.notice(NUMBER).unwrap();
    // It is signed: what to make of the amount is for who knows the order.
    assert!(matches!(read(&client, &headers, body.as_bytes()), Ok(Notice::Paid(paid)) if paid.amount == Fen::new(3_599)));
    network.set(Troubles::default());
    let (headers, body) = network.notice(NUMBER).unwrap();
    for change in 0..3 {
        let mut other = Network::parameters();
        match change {
            0 => other.app_id = "wx0000000000000002".into(),
            1 => other.merchant_id = "1900000002".into(),
            _ => other.api_v3_key = zeroize::Zeroizing::new("another-key-of-thirty-two-bytes!".into()),
        }
        assert!(read(&wechat_as(&network, &other, &clock), &headers, body.as_bytes()).is_err(), "{change}");
    }
}

#[tokio::test]
async fn k12_1_the_bill_of_a_day_lists_what_was_paid_and_what_went_back() {
    let (network, client, clock) = both().await;
    assert_eq!(client.bill("2026-11-21").await, Ok(Vec::new()));
    client.place(&place(Method::H5)).await.unwrap();
    network.pay(NUMBER).await;
    client.refund(&refund("refund-1", 1_234)).await.unwrap();
    // Midnight is Beijing's.
    clock.step(8 * kernel::HOUR);
    client.refund(&refund("refund-2", 1)).await.unwrap();
    assert_eq!(client.bill("2026-11-21").await, Ok(Vec::new()), "it is there from ten o'clock on");
    clock.step(10 * kernel::HOUR);
    let lines = client.bill("2026-11-21").await.unwrap();
    let said: Vec<_> = lines.iter().map(|line| (line.number.as_str(), line.refund_number.as_deref(), line.amount.fen())).collect();
    assert_eq!(said, [(NUMBER, None, 3_600), (NUMBER, Some("refund-1"), 1_234)]);
    assert_eq!(client.bill("2026-11-22").await, Ok(Vec::new()), "that day is not over");
    clock.step(kernel::DAY);
    assert_eq!(client.bill("2026-11-22").await.unwrap().len(), 1);
}

#[test]
fn k12_1_parameters_that_cannot_be_used_are_named() {
    let try_out = |change: &dyn Fn(&mut WechatParameters)| {
        let mut parameters = Network::parameters();
        change(&mut parameters);
        let made = WechatPay::new(&parameters, "https://api.mch.weixin.qq.com", "https://x.example", Clock::System, Random::system());
        made.err().map(|bad| bad.field)
    };
    assert_eq!(try_out(&|_| ()), None);
    assert_eq!(try_out(&|own| own.app_id = "wx/1".into()), Some("app_id"));
    assert_eq!(try_out(&|own| own.merchant_id = "19x".into()), Some("merchant_id"));
    assert_eq!(try_out(&|own| own.serial = "\"".into()), Some("serial"));
    assert_eq!(try_out(&|own| own.private_key = zeroize::Zeroizing::new("-----BEGIN".into())), Some("private_key"));
    assert_eq!(try_out(&|own| own.api_v3_key = zeroize::Zeroizing::new("short".into())), Some("api_v3_key"));
    assert_eq!(try_out(&|own| own.keys[1].pem = own.private_key.to_string()), Some("keys"));
    assert_eq!(try_out(&|own| own.keys.clear()), Some("keys"));
}

#[tokio::test]
async fn k12_1_the_stand_in_says_that_it_is_one_and_takes_a_payers_press() {
    let (network, client, _) = both().await;
    let Handed::Redirect { url } = client.place(&place(Method::H5)).await.unwrap() else { panic!("a page") };
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let page = http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("模拟支付，不会真的扣款") && page.contains("36.00") && page.contains("&lt;b&gt;台费"), "{page}");
    let english = http.get(&url).header("accept-language", "en").send().await.unwrap().text().await.unwrap();
    assert!(english.contains("no real money moves"));
    let token = url.split("prepay_id=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
    let form = format!("prepay_id={token}&redirect_url=http%3A%2F%2Fback.example%2F&do=pay");
    let post = http.post(format!("{}/pay", network.base())).header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = post.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "http://back.example/"));
    assert_eq!(network.trade(NUMBER).map(|trade| trade.state), Some(TradeState::Paid));
}
