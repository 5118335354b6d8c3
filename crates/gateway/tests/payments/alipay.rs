//! Alipay by a stand-in that verifies every request as the real one does, and signs what it says.

use gateway::Alipay;
use kernel::{Clock, Fen};
use platform::payments::{
    AlipayParameters, Channel, ChannelError, Frozen, Handed, Method, Notice, PayProblemCode, Place, Problem, RefundAsk, RefundStanding,
    Standing,
};
use sandbox::{Alipay as Network, Asked, Returned, Told, TradeState, Troubles};

use crate::{NUMBER, START, alipay_as, freezing, troubles};

async fn both() -> (Network, Alipay, Clock) {
    let clock = Clock::stepped(START);
    let network = Network::open(clock.clone()).await.unwrap();
    let client = alipay_as(&network, &Network::parameters(), &clock);
    (network, client, clock)
}

/// What Alipay writes with two digits behind the point.
const AMOUNT: Fen = Fen::new(3_605);

fn place(method: Method) -> Place {
    Place { amount: AMOUNT, ..crate::place(NUMBER, method) }
}

fn refund(number: &str, fen: i64) -> RefundAsk {
    RefundAsk { total: AMOUNT, ..crate::refund(number, fen) }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

#[tokio::test]
async fn k12_1_a_payers_browser_brings_the_order_and_pays_it() {
    let (network, client, _) = both().await;
    let Handed::Redirect { url } = client.place(&place(Method::Wap)).await.unwrap() else { panic!("a page") };
    assert_eq!((client.query(NUMBER).await, network.trades().len()), (Ok(Standing::Unknown), 0), "nobody has brought it");
    let page = http().get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("模拟支付，不会真的扣款") && page.contains("36.05") && page.contains("&lt;b&gt;台费"), "{page}");
    assert_eq!(client.query(NUMBER).await, Ok(Standing::Waiting));
    let altered = url.replace("36.05", "0.01");
    assert!(altered != url && http().get(altered).send().await.unwrap().status().as_u16() == 400, "the amount is signed");
    let token = page.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let form = format!("token={token}&return_url=http%3A%2F%2Fback.example%2F&do=pay");
    let post = http().post(network.gateway().replace("/gateway.do", "/pay"));
    let answer = post.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "http://back.example/"));
    let Ok(Standing::Paid(paid)) = client.query(NUMBER).await else { panic!("it is paid") };
    assert_eq!((paid.number.as_str(), paid.amount, paid.at.unix()), (NUMBER, Fen::new(3_605), START.unix()));
}

#[tokio::test]
async fn v8_2_what_is_closed_cannot_be_paid_and_what_is_paid_cannot_be_closed() {
    let (network, client, clock) = both().await;
    assert!(matches!(client.close(NUMBER).await, Err(ChannelError::Refused { code, .. }) if code == "ACQ.TRADE_NOT_EXIST"));
    let Handed::QrCode { content } = client.place(&place(Method::Precreate)).await.unwrap() else { panic!("a code") };
    assert!(content.contains("/pay?token="));
    assert_eq!((client.close(NUMBER).await, client.close(NUMBER).await), (Ok(()), Ok(())));
    assert_eq!((network.pay(NUMBER).await, client.query(NUMBER).await), (false, Ok(Standing::Closed)));
    let (network, client, _) = both().await;
    client.place(&place(Method::Precreate)).await.unwrap();
    assert!(network.pay(NUMBER).await);
    assert!(matches!(client.close(NUMBER).await, Err(ChannelError::Refused { .. })));
    drop(clock);
}

#[tokio::test]
async fn v8_2_what_is_not_answered_or_not_signed_is_unclear_and_never_a_fact() {
    let (network, client, _) = both().await;
    for asked in [Asked::Down, Asked::Busy, Asked::DoneAndSilent, Asked::DoneAndTroubled, Asked::Forged] {
        network.set(troubles(asked));
        assert!(matches!(client.place(&place(Method::Precreate)).await, Err(ChannelError::Unclear(_))), "{asked:?}");
    }
    assert_eq!(network.trades().len(), 1, "one of them has been done");
    network.pay(NUMBER).await;
    assert!(matches!(client.query(NUMBER).await, Err(ChannelError::Unclear(_))));
    network.set(Troubles::default());
    assert!(matches!(client.query(NUMBER).await, Ok(Standing::Paid(_))));
    drop(network);
    assert!(matches!(client.query(NUMBER).await, Err(ChannelError::Unclear(_))), "nobody is there");
}

#[tokio::test]
async fn k12_1_what_keeps_an_answer_from_being_one_is_a_word_and_what_alipay_has_said_is_apart() {
    let (network, client, _) = both().await;
    let said = Problem::saying;
    for (asked, problem) in [
        (Asked::Down, said(PayProblemCode::InTrouble, "HTTP 503")),
        (Asked::Busy, said(PayProblemCode::InTrouble, "20000 isp.unknow-error: it cannot be served now")),
        (Asked::Forged, PayProblemCode::BadSignature.into()),
    ] {
        network.set(troubles(asked));
        assert_eq!(client.query(NUMBER).await, Err(ChannelError::Unclear(problem)), "{asked:?}");
    }
    assert_eq!(client.place(&place(Method::H5)).await, Err(ChannelError::NotAsked(PayProblemCode::WrongMeans)));
    drop(network);
    assert_eq!(client.query(NUMBER).await, Err(ChannelError::Unclear(PayProblemCode::NoAnswer.into())));
}

#[tokio::test]
async fn k12_1_a_merchant_with_another_key_or_another_time_is_refused() {
    let (network, _, clock) = both().await;
    let mut stranger = Network::parameters();
    stranger.private_key = zeroize::Zeroizing::new(include_str!("../../../sandbox/keys/alipay_network.pem").into());
    let refused = alipay_as(&network, &stranger, &clock).query(NUMBER).await;
    assert!(matches!(refused, Err(ChannelError::Refused { code, .. }) if code == "isv.invalid-signature"));
    let late = alipay_as(&network, &Network::parameters(), &Clock::stepped(START.plus_seconds(901)));
    assert!(matches!(late.query(NUMBER).await, Err(ChannelError::Refused { .. })));
}

#[tokio::test]
async fn v4_1_refunds_are_made_once_under_their_number_and_never_beyond_what_was_paid() {
    let (network, client, _) = both().await;
    client.place(&place(Method::Precreate)).await.unwrap();
    assert!(matches!(client.refund(&refund("refund-1", 100)).await, Err(ChannelError::Refused { .. })), "nothing was paid");
    network.pay(NUMBER).await;
    assert_eq!(client.query_refund(NUMBER, "refund-1").await, Ok(RefundStanding::Unknown));
    network.set(Troubles { refunds: Returned::Refused, ..Troubles::default() });
    assert!(
        matches!(client.refund(&refund("refund-1", 1_000)).await, Err(ChannelError::Refused { code, .. }) if code == "ACQ.TRADE_NOT_ALLOW_REFUND")
    );
    network.set(Troubles { refunds: Returned::Short, ..Troubles::default() });
    let short = Problem::saying(PayProblemCode::BalanceShort, "ACQ.SELLER_BALANCE_NOT_ENOUGH: it cannot be done");
    assert_eq!(client.refund(&refund("refund-1", 1_000)).await, Ok(RefundStanding::Failed(short)));
    network.set(Troubles { refunds: Returned::Pending, ..Troubles::default() });
    assert_eq!(client.refund(&refund("refund-1", 1_000)).await, Ok(RefundStanding::Pending));
    network.set(troubles(Asked::DoneAndSilent));
    assert!(matches!(client.refund(&refund("refund-1", 1_000)).await, Err(ChannelError::Unclear(_))));
    network.set(Troubles::default());
    // Money has not moved this time: it had before.
    assert!(matches!(client.refund(&refund("refund-1", 1_000)).await, Ok(RefundStanding::Done { .. })));
    assert!(matches!(client.refund(&refund("refund-2", 2_606)).await, Err(ChannelError::Refused { .. })), "more than is left");
    assert!(matches!(client.refund(&refund("refund-2", 2_605)).await, Ok(RefundStanding::Done { .. })));
    assert_eq!(network.trade(NUMBER).map(|trade| (trade.refunded(), trade.refunds.len())), Some((Fen::new(3_605), 2)));
    // All of it went back, and the trade is closed: it was paid nevertheless.
    assert!(matches!(client.query(NUMBER).await, Ok(Standing::Paid(paid)) if paid.amount == Fen::new(3_605)));
}

#[tokio::test]
async fn v8_2_a_trouble_of_alipays_own_is_unclear_and_no_refusal() {
    let (network, client, clock) = both().await;
    client.place(&place(Method::Precreate)).await.unwrap();
    network.pay(NUMBER).await;
    network.set(troubles(Asked::DoneAndTroubled));
    // The refund has been made, and may not be taken for refused: somebody would pay it out once more.
    assert!(matches!(client.refund(&refund("refund-1", 1_000)).await, Err(ChannelError::Unclear(_))));
    assert!(matches!(client.query(NUMBER).await, Err(ChannelError::Unclear(_))));
    assert!(matches!(client.close(NUMBER).await, Err(ChannelError::Unclear(_))));
    network.set(Troubles::default());
    assert!(matches!(client.refund(&refund("refund-1", 1_000)).await, Ok(RefundStanding::Done { .. })));
    assert_eq!(network.trade(NUMBER).map(|trade| (trade.refunded(), trade.refunds.len())), Some((Fen::new(1_000), 1)));

    // Of what is frozen it says so by another name.
    let network = Network::open(clock.clone()).await.unwrap();
    let freezes = freezing(&network, &clock);
    network.set(troubles(Asked::DoneAndTroubled));
    assert!(matches!(freezes.place(&place(Method::Freeze)).await, Err(ChannelError::Unclear(_))));
    network.set(Troubles::default());
    assert!(matches!(freezes.place(&place(Method::Freeze)).await, Ok(Handed::QrCode { .. })));
    network.pay(NUMBER).await;
    network.set(troubles(Asked::DoneAndTroubled));
    assert!(matches!(freezes.refund(&refund("refund-1", 1_000)).await, Err(ChannelError::Unclear(_))));
    network.set(Troubles::default());
    assert!(matches!(freezes.refund(&refund("refund-1", 1_000)).await, Ok(RefundStanding::Done { .. })));
    assert_eq!(network.trade(NUMBER).map(|trade| trade.refunded()), Some(Fen::new(1_000)));
}

#[tokio::test]
async fn v3_2_what_is_frozen_is_taken_whenever_its_order_ends_and_nothing_else_ends_in_more_than_15_days() {
    let (network, client, clock) = both().await;
    let far = |method| Place { expires_at: START.plus_seconds(30 * 86_400), ..place(method) };
    assert!(matches!(client.place(&far(Method::Precreate)).await, Err(ChannelError::Refused { .. })));
    let freezes = freezing(&network, &clock);
    freezes.place(&place(Method::Freeze)).await.unwrap();
    network.pay(NUMBER).await;
    let Ok(Standing::Paid(frozen)) = freezes.query(NUMBER).await else { panic!("it is frozen") };
    let frozen = Frozen { channel_no: frozen.channel_no, payer: frozen.payer.unwrap() };
    let number = "0192a0b0c0d0e0f0a1b1c1d1e1f10204";
    let taken = Place { number: number.into(), frozen: Some(frozen), ..far(Method::Capture) };
    assert_eq!(client.place(&taken).await, Ok(Handed::Nothing));
    assert!(matches!(client.query(number).await, Ok(Standing::Paid(paid)) if paid.amount == Fen::new(3_605)));
}

fn read(client: &Alipay, form: &str) -> Result<Notice, String> {
    crate::read(client, &[], form.as_bytes())
}

fn pairs(form: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

fn form(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[tokio::test]
async fn k12_1_a_notice_is_believed_as_it_was_signed_and_with_no_byte_changed() {
    let (network, client, _) = both().await;
    client.place(&place(Method::Precreate)).await.unwrap();
    network.pay(NUMBER).await;
    let good = network.notice(NUMBER).unwrap();
    let Ok(Notice::Paid(paid)) = read(&client, &good) else { panic!("a good notice") };
    assert_eq!((paid.number.as_str(), paid.amount), (NUMBER, Fen::new(3_605)));
    for at in 0..good.len() {
        let mut altered = good.clone().into_bytes();
        altered[at] ^= 1;
        let altered = String::from_utf8_lossy(&altered).into_owned();
        // Where the same is written in another way, it is the same.
        if pairs(&altered) != pairs(&good) {
            assert!(read(&client, &altered).is_err(), "byte {at}: {altered}");
        }
    }
    let fields = pairs(&good);
    for at in 0..fields.len() {
        let without: Vec<_> = fields.iter().enumerate().filter(|(which, _)| *which != at).map(|(_, one)| one.clone()).collect();
        assert!(read(&client, &form(&without)).is_err(), "{}", fields[at].0);
        let mut twice = fields.clone();
        twice.push(fields[at].clone());
        assert!(read(&client, &form(&twice)).is_err(), "{} twice", fields[at].0);
    }
    // A weaker algorithm, as a message may ask for.
    let weaker: Vec<_> =
        fields.iter().map(|(name, value)| (name.clone(), if name == "sign_type" { "RSA".into() } else { value.clone() })).collect();
    assert!(read(&client, &form(&weaker)).is_err());
    let added: Vec<_> = fields.iter().cloned().chain([("refund_fee".to_owned(), "1.00".to_owned())]).collect();
    assert!(read(&client, &form(&added)).is_err(), "a field that was not signed");
}

#[tokio::test]
async fn k12_1_a_notice_by_somebody_else_is_not_believed_nor_one_to_somebody_else() {
    let (network, client, clock) = both().await;
    client.place(&place(Method::Precreate)).await.unwrap();
    network.pay(NUMBER).await;
    network.set(Troubles { told: Told::Forged, ..Troubles::default() });
    assert!(read(&client, &network.notice(NUMBER).unwrap()).is_err());
    network.set(Troubles { told: Told::OtherAmount, ..Troubles::default() });
    // It is signed: what to make of the amount is for who knows the order.
    assert!(matches!(read(&client, &network.notice(NUMBER).unwrap()), Ok(Notice::Paid(paid)) if paid.amount == Fen::new(3_604)));
    network.set(Troubles::default());
    let good = network.notice(NUMBER).unwrap();
    let mut app = Network::parameters();
    app.app_id = "2021000000000002".into();
    let mut seller = Network::parameters();
    seller.seller_id = "2088000000000002".into();
    for other in [app, seller] {
        assert!(read(&alipay_as(&network, &other, &clock), &good).is_err());
    }
}

#[tokio::test]
async fn k12_1_the_bill_of_a_day_lists_what_was_paid_and_what_went_back() {
    let (network, client, clock) = both().await;
    assert_eq!(client.bill("2026-11-21").await, Ok(Vec::new()));
    client.place(&place(Method::Precreate)).await.unwrap();
    network.pay(NUMBER).await;
    client.refund(&refund("refund-1", 1_234)).await.unwrap();
    let lines = client.bill("2026-11-21").await.unwrap();
    let said: Vec<_> = lines.iter().map(|line| (line.number.as_str(), line.refund_number.as_deref(), line.amount.fen())).collect();
    assert_eq!(said, [(NUMBER, None, 3_605), (NUMBER, Some("refund-1"), 1_234)]);
    // Midnight is Beijing's.
    clock.step(8 * kernel::HOUR);
    client.refund(&refund("refund-2", 1)).await.unwrap();
    assert_eq!((client.bill("2026-11-21").await.unwrap().len(), client.bill("2026-11-22").await.unwrap().len()), (2, 1));
    assert_eq!(network.trade(NUMBER).map(|trade| trade.state), Some(TradeState::Paid));
}

#[test]
fn k12_1_parameters_that_cannot_be_used_are_named_and_keys_need_no_frame() {
    let try_out = |change: &dyn Fn(&mut AlipayParameters)| {
        let mut parameters = Network::parameters();
        change(&mut parameters);
        Alipay::new(&parameters, "https://openapi.alipay.com/gateway.do", "https://x.example", Clock::System).err().map(|bad| bad.field)
    };
    let bare = |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    assert_eq!(try_out(&|_| ()), None);
    assert_eq!(
        try_out(&|own| {
            own.private_key = zeroize::Zeroizing::new(bare(&own.private_key));
            own.alipay_key = bare(&own.alipay_key);
        }),
        None
    );
    assert_eq!(try_out(&|own| own.app_id = "x".into()), Some("app_id"));
    assert_eq!(try_out(&|own| own.seller_id = "2088".into()), Some("merchant_id"));
    assert_eq!(try_out(&|own| own.private_key = zeroize::Zeroizing::new("x".into())), Some("private_key"));
    assert_eq!(try_out(&|own| own.alipay_key = own.private_key.to_string()), Some("keys"));
}
