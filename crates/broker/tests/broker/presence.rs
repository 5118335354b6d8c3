//! How it is known that a lamp is there: a retained "Online", and a will that says "Offline".

use rumqttc::{LastWill, MqttOptions, QoS};
use tokio::io::AsyncWriteExt;

use crate::support::{connect, gateway, hung, is_ended, lamp, message, options, packet, retained, start};

const LWT: &str = "tele/lamp7/LWT";

fn with_will(mut options: MqttOptions) -> MqttOptions {
    options.set_last_will(LastWill { topic: LWT.to_owned(), message: "Offline".into(), qos: QoS::AtLeastOnce, retain: true });
    options
}

#[tokio::test]
async fn who_comes_later_learns_who_is_there() {
    let broker = start().await;
    let mut lamp = connect(with_will(lamp(&broker, "lamp7"))).await.unwrap();
    lamp.publish(LWT, "Online", true).await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("tele/+/LWT").await;
    assert_eq!(gateway.message().await, retained(LWT, "Online"));
    // An empty message takes the retained one away, and is itself sent on.
    lamp.publish(LWT, "", true).await;
    assert_eq!(gateway.message().await, message(LWT, ""));
    gateway.hears("tele/#").await;
    lamp.publish("tele/lamp7/STATE", "on", false).await;
    assert_eq!(gateway.message().await, message("tele/lamp7/STATE", "on"));
    broker.stop().await;
}

#[tokio::test]
async fn a_will_is_published_when_the_connection_is_cut_and_not_when_it_is_closed() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("tele/+/LWT").await;
    let mut first = connect(with_will(lamp(&broker, "lamp7"))).await.unwrap();
    first.publish(LWT, "Online", true).await;
    assert_eq!(gateway.message().await, message(LWT, "Online"));
    first.cut();
    assert_eq!(gateway.message().await, message(LWT, "Offline"));
    gateway.hears("tele/lamp7/#").await;
    assert_eq!(gateway.message().await, retained(LWT, "Offline"), "it is retained as the lamp asked");

    let mut second = connect(with_will(lamp(&broker, "lamp7"))).await.unwrap();
    second.publish(LWT, "going", false).await;
    second.leave().await;
    // By now the broker has seen it go, and has said whatever it says.
    let mut other = connect(lamp(&broker, "lamp8")).await.unwrap();
    for turn in 0..50 {
        other.publish("tele/lamp8/LWT", &turn.to_string(), false).await;
    }
    // Twice, by two subscriptions that overlap, or once: the standard leaves that to the broker. No "Offline" is among them.
    loop {
        match gateway.message().await.1.as_str() {
            "Offline" => panic!("it had taken its leave"),
            "49" => break,
            _ => {}
        }
    }
    broker.stop().await;
}

#[tokio::test]
async fn a_lamp_that_comes_back_before_its_old_connection_is_missed_is_not_taken_for_gone() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("tele/+/LWT").await;
    let mut before = connect(with_will(lamp(&broker, "lamp7"))).await.unwrap();
    before.publish(LWT, "Online 0", true).await;
    let mut heard = vec![gateway.message().await.1];
    for turn in 1..=20 {
        let mut now = connect(with_will(lamp(&broker, "lamp7"))).await.unwrap();
        before.ended().await;
        let online = format!("Online {turn}");
        now.publish(LWT, &online, true).await;
        while heard.last() != Some(&online) {
            heard.push(gateway.message().await.1);
        }
        before = now;
    }
    gateway.hears("tele/lamp7/#").await;
    assert_eq!(gateway.message().await, retained(LWT, "Online 20"), "{heard:?}");
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_subscribes_hears_nothing_old_after_what_is_new() {
    let broker = start().await;
    // One of ours: a lamp does not say as much.
    let mut quick = options(&broker, "gateway", "inside");
    quick.set_client_id("quick".to_owned());
    let mut quick = connect(quick).await.unwrap();
    quick.publish("tele/lamp7/STATE", "0", true).await;
    let publishing = tokio::spawn(async move {
        for number in 1..=3_000 {
            quick.publish("tele/lamp7/STATE", &number.to_string(), true).await;
        }
    });
    let mut gateway = gateway(&broker).await;
    let mut newest = 0;
    while newest < 3_000 {
        gateway.hears("tele/#").await;
        for _ in 0..5 {
            let number = gateway.message().await.1.parse().unwrap();
            assert!(number >= newest, "{number} after {newest}");
            newest = number;
            if newest == 3_000 {
                break;
            }
        }
    }
    publishing.await.unwrap();
    broker.stop().await;
}

#[tokio::test]
async fn the_will_of_a_connection_that_hung_is_not_published_when_the_lamp_is_long_back() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("tele/+/LWT").await;
    let with_a_will = packet(0x10, b"\0\x04MQTT\x04\xee\0\x3c", &["lamp7", LWT, "Offline", "lamp7", "light"], b"");
    let mut hung = hung(&broker, &with_a_will).await;
    let mut back = connect(with_will(lamp(&broker, "lamp7"))).await.unwrap();
    back.hears("cmnd/lamp7/#").await;
    back.publish(LWT, "Online", true).await;
    assert_eq!(gateway.message().await, message(LWT, "Online"));
    // Now the old connection reads again, asks for what the new one hears, and gives it up: but it is none any more.
    let asks = [packet(0x82, b"\0\x02", &["cmnd/lamp7/#"], b"\0"), packet(0xa2, b"\0\x03", &["cmnd/lamp7/#"], b"")].concat();
    let _ = hung.write_all(&asks).await;
    is_ended(hung).await;
    gateway.publish("cmnd/lamp7/POWER", "ON", false).await;
    assert_eq!(back.message().await, message("cmnd/lamp7/POWER", "ON"));
    for turn in 0..100 {
        back.publish(LWT, &format!("still here {turn}"), false).await;
        assert_eq!(gateway.message().await, message(LWT, &format!("still here {turn}")));
    }
    gateway.hears("tele/lamp7/#").await;
    assert_eq!(gateway.message().await, retained(LWT, "Online"));
    broker.stop().await;
}
