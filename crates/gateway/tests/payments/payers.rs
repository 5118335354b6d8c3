//! Who has paid, by whichever name a network says; and to whom: none of our merchants believes what is told to another.

use gateway::{Alipay, AlipayFreeze};
use kernel::{Clock, Fen};
use platform::payments::{
    Channel, ChannelError, Frozen, Handed, Method, Notice, Paid, PaidBy, PayProblemCode, Payer, PayerKind, Place, Standing,
    WechatParameters,
};
use sandbox::{Alipay as AlipayNetwork, Told, Troubles, WechatPay as Network};

use crate::{NUMBER, START, alipay_as, freezing, place, read, wechat_as};

const TAKEN: [&str; 2] = ["0192a0b0c0d0e0f0a1b1c1d1e1f10204", "0192a0b0c0d0e0f0a1b1c1d1e1f10205"];
const USER_ID: &str = "2088000000000042";

/// Alipay, and as one merchant who is paid there and who has money frozen.
async fn alipay() -> (AlipayNetwork, Alipay, AlipayFreeze) {
    let clock = Clock::stepped(START);
    let network = AlipayNetwork::open(clock.clone()).await.unwrap();
    let (pays, freezes) = (alipay_as(&network, &AlipayNetwork::parameters(), &clock), freezing(&network, &clock));
    (network, pays, freezes)
}

/// To an app that is told open ids alone, or user ids alone.
fn tells(network: &AlipayNetwork, open_ids: bool) {
    network.set(Troubles { open_ids, told: Told::Lost, ..Troubles::default() });
}

async fn paid(client: &dyn Channel, number: &str) -> Paid {
    match client.query(number).await {
        Ok(Standing::Paid(paid)) => paid,
        other => panic!("it is paid: {other:?}"),
    }
}

fn told(client: &dyn Channel, form: &str) -> Paid {
    match read(client, &[], form.as_bytes()) {
        Ok(Notice::Paid(paid)) => paid,
        other => panic!("it is paid: {other:?}"),
    }
}

#[tokio::test]
async fn v4_1_who_has_paid_is_read_from_answers_and_notices_of_alipay_by_either_name() {
    let (network, pays, freezes) = alipay().await;
    tells(&network, true);
    pays.place(&place(TAKEN[0], Method::Precreate)).await.unwrap();
    freezes.place(&place(NUMBER, Method::Freeze)).await.unwrap();
    assert!(network.pay(TAKEN[0]).await && network.pay(NUMBER).await);
    for (open_ids, kind) in [(true, PayerKind::OpenId), (false, PayerKind::UserId)] {
        tells(&network, open_ids);
        for (client, number) in [(&pays as &dyn Channel, TAKEN[0]), (&freezes as &dyn Channel, NUMBER)] {
            let answered = paid(client, number).await;
            let by = answered.payer.clone().unwrap();
            assert_eq!((by.kind, by.id == USER_ID), (kind, !open_ids), "{by:?}");
            assert_eq!(told(client, &network.notice(number).unwrap()), answered);
        }
    }
}

#[tokio::test]
async fn v3_2_what_is_frozen_is_taken_by_the_name_that_its_payer_was_known_by() {
    let (network, takes, freezes) = alipay().await;
    freezes.place(&place(NUMBER, Method::Freeze)).await.unwrap();
    network.pay(NUMBER).await;
    for (open_ids, number) in [(false, TAKEN[0]), (true, TAKEN[1])] {
        tells(&network, open_ids);
        let frozen = paid(&freezes, NUMBER).await;
        let frozen = Frozen { channel_no: frozen.channel_no, payer: frozen.payer.unwrap() };
        let other = if open_ids { PayerKind::UserId } else { PayerKind::OpenId };
        let wrong = Frozen { payer: PaidBy { kind: other, id: frozen.payer.id.clone() }, ..frozen.clone() };
        let take = |frozen| Place { frozen: Some(frozen), amount: Fen::new(1_800), ..place(number, Method::Capture) };
        assert!(matches!(takes.place(&take(wrong)).await, Err(ChannelError::Refused { .. })), "a name of another kind is nobody's");
        // What the app is told has changed by the time at which it is taken: the name is good all the same.
        tells(&network, !open_ids);
        assert_eq!(takes.place(&take(frozen)).await, Ok(Handed::Nothing));
        assert_eq!(paid(&takes, number).await.amount, Fen::new(1_800));
    }
}

/// Whoever has placed what is paid now believes what is told and answered of it, and a stranger neither: why not the answer.
async fn is_ones_own(client: &dyn Channel, stranger: &dyn Channel, headers: &[(&'static str, String)], body: &str) -> ChannelError {
    assert!(read(client, headers, body.as_bytes()).is_ok() && read(stranger, headers, body.as_bytes()).is_err());
    assert!(matches!(client.query(NUMBER).await, Ok(Standing::Paid(_))));
    stranger.query(NUMBER).await.unwrap_err()
}

#[tokio::test]
async fn k12_1_no_merchant_believes_what_is_told_or_answered_to_another() {
    let clock = Clock::stepped(START);
    let (one, other) = (Network::open(clock.clone()).await.unwrap(), Network::open_to_another(clock.clone()).await.unwrap());
    let (ours, theirs) = (Network::parameters(), Network::anothers_parameters());
    for (network, own, another) in [(&one, &ours, &theirs), (&other, &theirs, &ours)] {
        network.set(Troubles { told: Told::Lost, ..Troubles::default() });
        let (client, stranger) = (wechat_as(network, own, &clock), wechat_as(network, another, &clock));
        client.place(&place(NUMBER, Method::Native)).await.unwrap();
        assert!(network.pay(NUMBER).await);
        let (headers, body) = network.notice(NUMBER).unwrap();
        assert!(matches!(is_ones_own(&client, &stranger, &headers, &body).await, ChannelError::Unclear(_)));
    }
    let (one, other) = (AlipayNetwork::open(clock.clone()).await.unwrap(), AlipayNetwork::open_to_another(clock.clone()).await.unwrap());
    let (ours, theirs) = (AlipayNetwork::parameters(), AlipayNetwork::anothers_parameters());
    for (network, own, another) in [(&one, &ours, &theirs), (&other, &theirs, &ours)] {
        tells(network, false);
        let (client, stranger) = (alipay_as(network, own, &clock), alipay_as(network, another, &clock));
        client.place(&place(NUMBER, Method::Precreate)).await.unwrap();
        assert!(network.pay(NUMBER).await);
        is_ones_own(&client, &stranger, &[], &network.notice(NUMBER).unwrap()).await;
    }
}

#[tokio::test]
async fn v8_2_what_an_app_has_placed_is_known_after_another_has_taken_its_place_and_nothing_is_placed_by_it() {
    let clock = Clock::stepped(START);
    let network = Network::open(clock.clone()).await.unwrap();
    let before = Network::parameters();
    wechat_as(&network, &before, &clock).place(&place(NUMBER, Method::Native)).await.unwrap();
    network.set(Troubles { told: Told::Lost, ..Troubles::default() });
    assert!(network.pay(NUMBER).await);
    let now = WechatParameters { app_id: before.mini_app_id.clone().unwrap(), mini_app_id: None, ..before.clone() };
    let (headers, body) = network.notice(NUMBER).unwrap();
    let forgetful = wechat_as(&network, &now, &clock);
    assert_eq!(forgetful.query(NUMBER).await, Err(ChannelError::Unclear(PayProblemCode::OfAnother.into())));
    assert!(read(&forgetful, &headers, body.as_bytes()).is_err());

    let client = wechat_as(&network, &WechatParameters { former_app_ids: vec![before.app_id.clone()], ..now }, &clock);
    assert!(matches!(client.query(NUMBER).await, Ok(Standing::Paid(_))) && read(&client, &headers, body.as_bytes()).is_ok());
    let payer = Some(Payer { app_id: before.app_id, openid: "o0001-payer".into() });
    let refused = client.place(&Place { payer, ..place(TAKEN[0], Method::Jsapi) }).await;
    assert_eq!(refused, Err(ChannelError::NotAsked(PayProblemCode::PayerUnknown)));
}
