//! What networks do in the course of time: they tell late, in another order and when asked to, and change their key by degrees.

use std::time::Duration;

use gateway::{Alipay, WechatPay};
use kernel::{Clock, Random, SECOND};
use platform::payments::{Channel, Method, Notice, RefundStanding, Standing};
use sandbox::{Alipay as AlipayNetwork, Called, Hook, Told, Troubles, WechatPay as Network};

use crate::{NUMBER, START, place, read, refund, wechat_as};

const NUMBERS: [&str; 2] = [NUMBER, "0192a0b0c0d0e0f0a1b1c1d1e1f10204"];
const LONGEST: Duration = Duration::from_secs(20);

/// What a notice that has arrived is about, believed as it came: the merchant's number.
fn about(client: &dyn Channel, call: &Called) -> String {
    let header = |name: &str| call.header(name);
    match client.notice(&header, call.body.as_bytes()).unwrap().notice {
        Notice::Paid(paid) => paid.number,
        Notice::Refund { refund_number, .. } => refund_number,
        Notice::Other(what) => panic!("{what}"),
    }
}

fn all_about(client: &dyn Channel, hook: &Hook) -> Vec<String> {
    hook.calls().iter().map(|call| about(client, call)).collect()
}

/// WeChat, which tells a server that takes everything; both orders are placed.
async fn told(how: Told) -> (Network, WechatPay, Hook, Clock) {
    let clock = Clock::stepped(START);
    let (network, hook) = (Network::open(clock.clone()).await.unwrap(), Hook::open().await.unwrap());
    let notices = format!("http://{}/callbacks/wechat", hook.address());
    let client = WechatPay::new(&Network::parameters(), network.base(), &notices, clock.clone(), Random::system()).unwrap();
    for number in NUMBERS {
        client.place(&place(number, Method::Native)).await.unwrap();
    }
    network.set(Troubles { told: how, ..Troubles::default() });
    (network, client, hook, clock)
}

async fn told_by_alipay(how: Told) -> (AlipayNetwork, Alipay, Hook, Clock) {
    let clock = Clock::stepped(START);
    let (network, hook) = (AlipayNetwork::open(clock.clone()).await.unwrap(), Hook::open().await.unwrap());
    let notices = format!("http://{}/callbacks/alipay", hook.address());
    let client = Alipay::new(&AlipayNetwork::parameters(), &network.gateway(), &notices, clock.clone()).unwrap();
    for number in NUMBERS {
        client.place(&place(number, Method::Precreate)).await.unwrap();
    }
    network.set(Troubles { told: how, ..Troubles::default() });
    (network, client, hook, clock)
}

async fn until(it_is_so: impl Fn() -> bool) {
    let soon = async {
        while !it_is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONGEST, soon).await.unwrap();
}

#[tokio::test]
async fn v8_2_a_late_notice_leaves_when_its_time_has_come_and_is_signed_then() {
    let (network, client, hook, clock) = told(Told::Late(600)).await;
    assert!(network.pay(NUMBERS[0]).await);
    until(|| clock.sleepers() == 1).await;
    clock.step(598 * SECOND);
    assert_eq!((hook.calls().len(), clock.sleepers()), (0, 1), "not yet");
    // Whoever asks knows it before.
    assert!(matches!(client.query(NUMBERS[0]).await, Ok(Standing::Paid(_))));
    clock.step(2 * SECOND);
    until(|| hook.calls().len() == 1).await;
    assert_eq!(all_about(&client, &hook), [NUMBERS[0]]);

    let (network, client, hook, clock) = told_by_alipay(Told::Late(600)).await;
    assert!(network.pay(NUMBERS[0]).await);
    until(|| clock.sleepers() == 1).await;
    clock.step(598 * SECOND);
    assert_eq!((hook.calls().len(), clock.sleepers()), (0, 1), "not yet");
    clock.step(2 * SECOND);
    until(|| hook.calls().len() == 1).await;
    assert_eq!(all_about(&client, &hook), [NUMBERS[0]]);
}

#[tokio::test]
async fn v8_2_two_notices_change_places_and_a_refunds_comes_before_its_payments() {
    let (network, client, hook, _) = told(Told::Swapped).await;
    assert!(network.pay(NUMBERS[0]).await);
    assert_eq!((hook.calls().len(), network.owed()), (0, 1));
    assert!(network.pay(NUMBERS[1]).await);
    assert_eq!((all_about(&client, &hook), network.owed()), (vec![NUMBERS[1].to_owned(), NUMBERS[0].to_owned()], 0));

    let (network, client, hook, _) = told(Told::Swapped).await;
    assert!(network.pay(NUMBERS[0]).await);
    assert!(matches!(client.refund(&refund("refund-1", 100)).await, Ok(RefundStanding::Done { .. })));
    assert_eq!(all_about(&client, &hook), ["refund-1", NUMBERS[0]]);

    let (network, client, hook, _) = told_by_alipay(Told::Swapped).await;
    assert!(network.pay(NUMBERS[0]).await && network.pay(NUMBERS[1]).await);
    assert_eq!((all_about(&client, &hook), network.owed()), (vec![NUMBERS[1].to_owned(), NUMBERS[0].to_owned()], 0));
}

#[tokio::test]
async fn v8_2_what_is_kept_leaves_when_somebody_says_so_and_is_signed_then() {
    let (network, client, hook, clock) = told(Told::Kept).await;
    for number in NUMBERS {
        assert!(network.pay(number).await);
    }
    assert_eq!((hook.calls().len(), network.owed()), (0, 2));
    clock.step(3_600 * SECOND);
    let (headers, body) = network.release(1).unwrap();
    assert!(matches!(read(&client, &headers, body.as_bytes()), Ok(Notice::Paid(paid)) if paid.number == NUMBERS[1]));
    assert!(network.tell(0).await && !network.tell(0).await, "once");
    assert_eq!((all_about(&client, &hook), network.owed()), (vec![NUMBERS[0].to_owned()], 0));

    let (network, client, hook, _) = told_by_alipay(Told::Kept).await;
    for number in NUMBERS {
        assert!(network.pay(number).await);
    }
    let form = network.release(1).unwrap();
    assert_eq!(about(&client, &Called { body: form, ..Called::default() }), NUMBERS[1]);
    // It arrives, and is not answered as Alipay wants it.
    assert!(!network.tell(0).await);
    assert_eq!((all_about(&client, &hook), network.owed()), (vec![NUMBERS[0].to_owned()], 0));
}

#[tokio::test]
async fn k12_1_while_the_network_changes_its_key_by_degrees_each_answer_is_believed_by_the_name_of_its_key() {
    let clock = Clock::stepped(START);
    let network = Network::open(clock.clone()).await.unwrap();
    let client = wechat_as(&network, &Network::parameters(), &clock);
    client.place(&place(NUMBERS[0], Method::Native)).await.unwrap();
    let mut one = Network::parameters();
    one.keys.truncate(1);
    let old = wechat_as(&network, &one, &clock);
    let mut before = network.signed();
    for share in [0, 5, 20, 50, 100] {
        network.set(Troubles { next_key: share, ..Troubles::default() });
        let by_next = u64::from(share) / 5;
        for _ in 0..20 {
            assert_eq!(client.query(NUMBERS[0]).await, Ok(Standing::Waiting), "{share}");
        }
        // Whoever knows the old key alone believes what that has signed, and nothing else.
        let mut believed = 0;
        for _ in 0..20 {
            believed += u64::from(old.query(NUMBERS[0]).await.is_ok());
        }
        assert_eq!(believed, 20 - by_next, "{share}");
        let after = network.signed();
        assert_eq!([after[0] - before[0], after[1] - before[1]], [40 - 2 * by_next, 2 * by_next], "{share}");
        before = after;
    }
    // Whoever names the next key alone is answered by it, whether the change has begun or not.
    network.set(Troubles::default());
    let mut next = Network::parameters();
    next.keys.remove(0);
    assert_eq!(wechat_as(&network, &next, &clock).query(NUMBERS[0]).await, Ok(Standing::Waiting));
    assert_eq!(network.signed()[1], before[1] + 1);
}

#[tokio::test]
async fn k12_1_while_the_network_changes_its_key_by_degrees_each_notice_is_believed_by_the_name_of_its_key() {
    let clock = Clock::stepped(START);
    let network = Network::open(clock.clone()).await.unwrap();
    let client = wechat_as(&network, &Network::parameters(), &clock);
    client.place(&place(NUMBERS[0], Method::Native)).await.unwrap();
    network.set(Troubles { told: Told::Lost, ..Troubles::default() });
    network.pay(NUMBERS[0]).await;
    let keys = Network::parameters().keys;
    let mut next = Network::parameters();
    next.keys.remove(0);
    let next = wechat_as(&network, &next, &clock);
    for (share, by_next) in [(0, 0), (10, 2), (50, 10), (100, 20)] {
        network.set(Troubles { next_key: share, told: Told::Lost, ..Troubles::default() });
        let mut believed = 0;
        for _ in 0..20 {
            let (mut headers, body) = network.notice(NUMBERS[0]).unwrap();
            assert!(read(&client, &headers, body.as_bytes()).is_ok(), "{share}");
            believed += usize::from(read(&next, &headers, body.as_bytes()).is_ok());
            // Signed by the one key, and named after the other.
            headers[0].1 = keys.iter().find(|key| key.id != headers[0].1).unwrap().id.clone();
            assert!(read(&client, &headers, body.as_bytes()).is_err(), "{share}");
        }
        assert_eq!(believed, by_next, "{share}");
    }
}
