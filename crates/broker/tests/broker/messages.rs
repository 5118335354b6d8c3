//! Messages arrive: all of them, in order, once, and for those who were away.

use rumqttc::{QoS, SubscribeReasonCode};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{connect, gateway, is_ended, lamp, message, options, packet, retained, start, waits_for_commands};

const MANY: usize = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_20_000_arrives_whole_and_in_order() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("tele/#").await;
    // Of one of ours: a device is slowed down.
    let mut quick = options(&broker, "gateway", "inside");
    quick.set_client_id("quick".to_owned());
    let quick = connect(quick).await.unwrap();
    let asks = quick.asks.clone();
    let sending = tokio::spawn(async move {
        for number in 0..MANY {
            asks.publish("tele/lamp7/SENSOR", QoS::AtLeastOnce, false, number.to_string()).await.unwrap();
        }
    });
    for number in 0..MANY {
        assert_eq!(gateway.message().await, message("tele/lamp7/SENSOR", &number.to_string()));
    }
    sending.await.unwrap();
    broker.stop().await;
}

#[tokio::test]
async fn a_burst_waits_for_one_of_ours_who_is_away() {
    let broker = start().await;
    let mut staying = options(&broker, "gateway", "inside");
    staying.set_client_id("staying".to_owned());
    let staying = waits_for_commands(staying, "lamp7").await;
    let mut gateway = gateway(&broker).await;
    for number in 0..2_000 {
        gateway.publish("cmnd/lamp7/POWER", &number.to_string(), false).await;
    }
    let mut after = connect(staying).await.unwrap();
    assert!(after.session_present);
    for number in 0..2_000 {
        assert_eq!(after.message().await, message("cmnd/lamp7/POWER", &number.to_string()));
    }
    broker.stop().await;
}

#[tokio::test]
async fn of_what_comes_for_a_device_that_is_away_the_newest_few_wait() {
    let broker = start().await;
    let staying = waits_for_commands(lamp(&broker, "lamp7"), "lamp7").await;
    let mut gateway = gateway(&broker).await;
    for number in 0..1_000 {
        gateway.publish("cmnd/lamp7/POWER", &number.to_string(), false).await;
    }
    let mut after = connect(staying).await.unwrap();
    assert!(after.session_present);
    let mut heard = Vec::new();
    while heard.last().map(String::as_str) != Some("999") {
        heard.push(after.message().await.1);
    }
    // One may have been on its way while it went.
    assert!((400..=501).contains(&heard.len()), "{}", heard.len());
    broker.stop().await;
}

#[tokio::test]
async fn who_says_more_than_any_lamp_is_heard_in_its_own_time_and_nobody_waits_for_it() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("tele/#").await;
    let (floods, mut quiet) = (connect(lamp(&broker, "lamp7")).await.unwrap(), connect(lamp(&broker, "lamp8")).await.unwrap());
    for number in 0..500 {
        floods.asks.publish("tele/lamp7/SENSOR", QoS::AtMostOnce, false, number.to_string()).await.unwrap();
    }
    for number in 0..200 {
        assert_eq!(gateway.message().await, message("tele/lamp7/SENSOR", &number.to_string()), "a burst is heard at once");
    }
    quiet.publish("tele/lamp8/STATE", "on", false).await;
    let heard = loop {
        let (topic, text, _) = gateway.message().await;
        if topic == "tele/lamp8/STATE" {
            break text;
        }
        assert_ne!(text, "499", "it waits for all that another says");
    };
    assert_eq!(heard, "on");
    broker.stop().await;
}

#[tokio::test]
async fn whoever_comes_and_is_gone_at_once_has_its_subscriptions_still() {
    let broker = start().await;
    let staying = waits_for_commands(lamp(&broker, "lamp7"), "lamp7").await;
    let staying_hello = packet(0x10, b"\0\x04MQTT\x04\xc0\0\x3c", &["lamp7", "lamp7", "light"], b"");
    for _ in 0..20 {
        let mut brief = TcpStream::connect(broker.address()).await.unwrap();
        brief.write_all(&staying_hello).await.unwrap();
        brief.shutdown().await.unwrap();
        is_ended(brief).await;
    }
    let mut after = connect(staying).await.unwrap();
    assert!(after.session_present);
    let mut gateway = gateway(&broker).await;
    gateway.publish("cmnd/lamp7/POWER", "ON", false).await;
    assert_eq!(after.message().await, message("cmnd/lamp7/POWER", "ON"));
    broker.stop().await;
}

#[tokio::test]
async fn who_says_more_at_once_than_any_lamp_is_cut_off_alone() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("tele/#").await;
    let mut long = lamp(&broker, "lamp7");
    long.set_max_packet_size(100_000, 100_000);
    let mut lamp7 = connect(long).await.unwrap();
    // As much as the test's own gateway takes, which is less than the broker does.
    let most = "x".repeat(9_000);
    lamp7.publish("tele/lamp7/INFO", &most, true).await;
    assert_eq!(gateway.message().await, message("tele/lamp7/INFO", &most));
    lamp7.asks.publish("tele/lamp7/INFO", QoS::AtLeastOnce, true, "x".repeat(20_000)).await.unwrap();
    lamp7.ended().await;
    let mut lamp8 = connect(lamp(&broker, "lamp8")).await.unwrap();
    lamp8.publish("tele/lamp8/STATE", "on", false).await;
    assert_eq!(gateway.message().await, message("tele/lamp8/STATE", "on"));
    gateway.hears("tele/lamp7/INFO").await;
    assert_eq!(gateway.message().await, retained("tele/lamp7/INFO", &most));
    broker.stop().await;
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_in_the_order_it_was_sent() {
    let broker = start().await;
    let mut forgetful = lamp(&broker, "lamp7");
    forgetful.set_clean_session(false);
    let attentive = forgetful.clone();
    forgetful.set_manual_acks(true);
    let mut before = connect(forgetful).await.unwrap();
    before.hears("cmnd/lamp7/#").await;
    let mut gateway = gateway(&broker).await;
    for number in 0..5 {
        gateway.publish("cmnd/lamp7/POWER", &number.to_string(), false).await;
    }
    assert_eq!(before.message().await, message("cmnd/lamp7/POWER", "0"));
    before.cut();
    let mut after = connect(attentive).await.unwrap();
    for number in 0..5 {
        assert_eq!(after.message().await, message("cmnd/lamp7/POWER", &number.to_string()));
    }
    broker.stop().await;
}

#[tokio::test]
async fn what_is_sent_with_qos_2_comes_once_and_with_qos_0_too() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    assert_eq!(gateway.subscribe("tele/#", QoS::ExactlyOnce).await, SubscribeReasonCode::Success(QoS::ExactlyOnce));
    let lamp = connect(lamp(&broker, "lamp7")).await.unwrap();
    for number in 0..200 {
        let qos = if number % 2 == 0 { QoS::ExactlyOnce } else { QoS::AtMostOnce };
        lamp.asks.publish("tele/lamp7/SENSOR", qos, false, number.to_string()).await.unwrap();
    }
    for number in 0..200 {
        assert_eq!(gateway.message().await, message("tele/lamp7/SENSOR", &number.to_string()));
    }
    broker.stop().await;
}

#[tokio::test]
async fn many_are_heard_by_one_and_each_hears_its_own() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("stat/+/RESULT").await;
    let names: Vec<String> = (0..200).map(|number| format!("lamp{number}")).collect();
    let mut lamps = Vec::new();
    for name in &names {
        let mut lamp = connect(lamp(&broker, name)).await.unwrap();
        lamp.hears(&format!("cmnd/{name}/#")).await;
        lamps.push(lamp);
    }
    let mut second = options(&broker, "gateway", "inside");
    second.set_client_id("second".to_owned());
    let mut second = connect(second).await.unwrap();
    for name in &names {
        second.publish(&format!("cmnd/{name}/POWER"), name, false).await;
    }
    for (name, lamp) in names.iter().zip(&mut lamps) {
        assert_eq!(lamp.message().await, message(&format!("cmnd/{name}/POWER"), name));
        lamp.publish(&format!("stat/{name}/RESULT"), "done", false).await;
        assert_eq!(gateway.message().await, message(&format!("stat/{name}/RESULT"), "done"));
    }
    broker.stop().await;
}
