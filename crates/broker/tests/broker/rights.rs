//! Who may connect, and what a device may use.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use broker::Broker;
use rumqttc::{ConnectReturnCode, LastWill, MqttOptions, QoS, SubscribeReasonCode};

use crate::support::{House, connect, gateway, here, lamp, message, options, retained, start, waits_for_commands};

#[tokio::test]
async fn a_wrong_password_is_refused_with_the_code_for_it() {
    let broker = start().await;
    assert!(connect(lamp(&broker, "lamp7")).await.is_ok());
    let refused = ConnectReturnCode::BadUserNamePassword;
    assert_eq!(connect(options(&broker, "lamp7", "dark")).await.err(), Some(refused));
    assert_eq!(connect(options(&broker, "gateway", "light")).await.err(), Some(refused));
    let address = broker.address();
    let nobody = MqttOptions::new("lamp7", address.ip().to_string(), address.port());
    assert_eq!(connect(nobody).await.err(), Some(refused), "without a name");
    broker.stop().await;
}

#[tokio::test]
async fn a_device_publishes_on_its_own_topics_and_not_on_anothers() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("#").await;
    let mut lamp = connect(lamp(&broker, "lamp7")).await.unwrap();
    for topic in ["tele/lamp8/STATE", "stat/lamp70/POWER", "cmnd/lamp7/POWER", "cmnd/lamp8/POWER", "tele", "$SYS/x"] {
        lamp.publish(topic, "OFF", true).await;
    }
    lamp.publish("tele/lamp7/STATE", "on", false).await;
    // Those before would have come before.
    assert_eq!(gateway.message().await, message("tele/lamp7/STATE", "on"));
    // Nor were they retained: a later subscriber hears what is published next, and nothing else.
    let mut late = connect(options(&broker, "gateway", "inside")).await.unwrap();
    late.hears("#").await;
    lamp.publish("stat/lamp7/POWER", "ON", false).await;
    assert_eq!(late.message().await, message("stat/lamp7/POWER", "ON"));
    broker.stop().await;
}

#[tokio::test]
async fn a_device_subscribes_to_nothing_beyond_its_own() {
    let broker = start().await;
    let mut lamp = connect(lamp(&broker, "lamp7")).await.unwrap();
    let beyond =
        ["cmnd/lamp8/#", "cmnd/lamp8/POWER", "#", "+/#", "cmnd/#", "cmnd/+/POWER", "+/lamp7/#", "tele/lamp7/#", "$share/g/cmnd/lamp7/#"];
    for filter in beyond {
        assert_eq!(lamp.subscribe(filter, QoS::AtLeastOnce).await, SubscribeReasonCode::Failure, "{filter}");
    }
    lamp.hears("cmnd/lamp7/#").await;
    let mut gateway = gateway(&broker).await;
    gateway.publish("cmnd/lamp8/POWER", "ON", false).await;
    gateway.publish("cmnd/lamp7/POWER", "ON", false).await;
    assert_eq!(lamp.message().await, message("cmnd/lamp7/POWER", "ON"));
    broker.stop().await;
}

#[tokio::test]
async fn what_a_device_could_hear_itself_is_sent_on_and_not_kept() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("echo/#").await;
    let mut echo = lamp(&broker, "echo");
    echo.set_last_will(LastWill { topic: "echo/will".to_owned(), message: "Upgrade 1".into(), qos: QoS::AtLeastOnce, retain: true });
    let mut echo = connect(echo).await.unwrap();
    echo.publish("echo/Backlog", "Upgrade 1", true).await;
    assert_eq!(gateway.message().await, message("echo/Backlog", "Upgrade 1"));
    echo.cut();
    assert_eq!(gateway.message().await, message("echo/will", "Upgrade 1"));
    let mut next = connect(lamp(&broker, "echo")).await.unwrap();
    next.hears("echo/#").await;
    gateway.publish("echo/POWER", "ON", false).await;
    assert_eq!(next.message().await, message("echo/POWER", "ON"), "nothing waited for it");
    // What it could not hear is kept.
    let mut lamp7 = connect(lamp(&broker, "lamp7")).await.unwrap();
    lamp7.publish("tele/lamp7/LWT", "Online", true).await;
    gateway.hears("tele/+/LWT").await;
    assert_eq!(gateway.message().await, message("echo/POWER", "ON"));
    assert_eq!(gateway.message().await, retained("tele/lamp7/LWT", "Online"));
    broker.stop().await;
}

#[tokio::test]
async fn a_topic_of_thousands_of_levels_is_refused_and_ends_nothing() {
    let broker = start().await;
    let mut wide = options(&broker, "gateway", "inside");
    wide.set_max_packet_size(100_000, 100_000);
    let mut gateway = connect(wide).await.unwrap();
    let deep = "a/".repeat(7_000);
    assert_eq!(gateway.subscribe(&deep, QoS::AtLeastOnce).await, SubscribeReasonCode::Failure);
    gateway.hears("#").await;
    gateway.publish(&deep, "x", true).await;
    gateway.publish("a", "y", false).await;
    assert_eq!(gateway.message().await, message("a", "y"));
    broker.stop().await;
}

#[tokio::test]
async fn a_will_on_anothers_topic_is_refused_at_the_door() {
    let broker = start().await;
    for (topic, expected) in [
        ("tele/lamp7/LWT", None),
        ("tele/lamp8/LWT", Some(ConnectReturnCode::NotAuthorized)),
        ("tele/lamp7/+", Some(ConnectReturnCode::NotAuthorized)),
    ] {
        let mut options = lamp(&broker, "lamp7");
        options.set_last_will(LastWill { topic: topic.to_owned(), message: "Offline".into(), qos: QoS::AtLeastOnce, retain: true });
        assert_eq!(connect(options).await.err(), expected, "{topic}");
    }
    broker.stop().await;
}

#[tokio::test]
async fn a_subscription_from_other_times_brings_nothing_that_is_not_permitted_now() {
    let house = Arc::new(House::default());
    let broker = Broker::start(here(), Arc::clone(&house) as _).await.unwrap();
    let staying = waits_for_commands(lamp(&broker, "lamp7"), "lamp7").await;
    let mut gateway = gateway(&broker).await;
    gateway.publish("cmnd/lamp7/POWER", "while it is away", false).await;
    house.narrow.store(true, Ordering::Relaxed);
    let mut now = connect(staying).await.unwrap();
    assert!(now.session_present, "it has its subscription still");
    gateway.publish("cmnd/lamp7/POWER", "while it may not", false).await;
    gateway.publish("cmnd/lamp7/narrow", "what it may", false).await;
    assert_eq!(now.message().await, message("cmnd/lamp7/narrow", "what it may"));
    broker.stop().await;
}
