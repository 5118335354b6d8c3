//! Who may connect, and what a device may use.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use broker::Broker;
use rumqttc::{ConnectReturnCode, LastWill, MqttOptions, QoS, SubscribeReasonCode};

use crate::support::{House, connect, gateway, here, lamp, message, options, start};

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
async fn a_topic_of_thousands_of_levels_is_refused_and_ends_nothing() {
    let broker = start().await;
    let mut wide = options(&broker, "gateway", "inside");
    wide.set_max_packet_size(100_000, 100_000);
    let mut gateway = connect(wide).await.unwrap();
    let deep = "a/".repeat(30_000);
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
async fn nobody_takes_the_place_of_another_user_by_using_its_client_id() {
    let broker = start().await;
    let mut owner = connect(lamp(&broker, "lamp7")).await.unwrap();
    owner.hears("cmnd/lamp7/#").await;
    let mut thief = lamp(&broker, "lamp8");
    thief.set_client_id("lamp7".to_owned());
    assert_eq!(connect(thief).await.err(), Some(ConnectReturnCode::NotAuthorized));
    let mut gateway = gateway(&broker).await;
    gateway.publish("cmnd/lamp7/POWER", "ON", false).await;
    assert_eq!(owner.message().await, message("cmnd/lamp7/POWER", "ON"), "it is connected still");
    // The gateway can: it must not be kept out by one who was quicker.
    let mut squatter = lamp(&broker, "lamp9");
    squatter.set_client_id("second".to_owned());
    let mut squatter = connect(squatter).await.unwrap();
    let mut second = options(&broker, "gateway", "inside");
    second.set_client_id("second".to_owned());
    assert!(connect(second).await.is_ok());
    squatter.ended().await;
    broker.stop().await;
}

#[tokio::test]
async fn a_subscription_from_other_times_brings_nothing_that_is_not_permitted_now() {
    let house = Arc::new(House::default());
    let broker = Broker::start(here(), Arc::clone(&house) as _).await.unwrap();
    let staying = || {
        let mut options = lamp(&broker, "lamp7");
        options.set_clean_session(false);
        options
    };
    let mut before = connect(staying()).await.unwrap();
    before.hears("cmnd/lamp7/#").await;
    before.leave().await;
    let mut gateway = gateway(&broker).await;
    gateway.publish("cmnd/lamp7/POWER", "while it is away", false).await;
    house.narrow.store(true, Ordering::Relaxed);
    let mut now = connect(staying()).await.unwrap();
    assert!(now.session_present, "it has its subscription still");
    gateway.publish("cmnd/lamp7/POWER", "while it may not", false).await;
    gateway.publish("cmnd/lamp7/narrow", "what it may", false).await;
    assert_eq!(now.message().await, message("cmnd/lamp7/narrow", "what it may"));
    broker.stop().await;
}

#[tokio::test]
async fn whoever_came_in_by_a_password_that_does_not_hold_any_more_is_sent_away_and_nobody_else() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("tele/+/LWT").await;
    let with_will = |name: &str| {
        let mut options = lamp(&broker, name);
        let topic = format!("tele/{name}/LWT");
        options.set_last_will(LastWill { topic, message: "Offline".into(), qos: QoS::AtLeastOnce, retain: true });
        options
    };
    let mut sent_away = connect(with_will("lamp7")).await.unwrap();
    let mut twin = options(&broker, "lamp7", "light");
    twin.set_client_id("another".to_owned());
    let mut twin = connect(twin).await.unwrap();
    let mut stays = connect(with_will("lamp8")).await.unwrap();
    broker.expel().user("lamp7");
    sent_away.ended().await;
    twin.ended().await;
    assert_eq!(gateway.message().await, message("tele/lamp7/LWT", "Offline"));
    // Who comes in the same millisecond may have been admitted before: it has passed by then.
    for turn in 0..100 {
        stays.publish("stat/lamp8/POWER", &turn.to_string(), false).await;
    }
    // Whom the doorkeeper admits comes in again, and is sent what is for it.
    let mut back = connect(with_will("lamp7")).await.unwrap();
    back.hears("cmnd/lamp7/#").await;
    gateway.publish("cmnd/lamp7/POWER", "ON", false).await;
    assert_eq!(back.message().await, message("cmnd/lamp7/POWER", "ON"));
    stays.hears("cmnd/lamp8/#").await;
    broker.stop().await;
}

#[tokio::test]
async fn nothing_waits_for_whoever_was_sent_away_while_it_was_away() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    let lasting = || {
        let mut options = lamp(&broker, "lamp7");
        options.set_clean_session(false);
        options
    };
    let mut first = connect(lasting()).await.unwrap();
    first.hears("cmnd/lamp7/#").await;
    first.leave().await;
    broker.expel().user("lamp7");
    // The broker has many things to do, one of which is that.
    loop {
        gateway.publish("cmnd/lamp7/POWER", "ON", false).await;
        let probe = connect(lasting()).await.unwrap();
        if !probe.session_present {
            break;
        }
        probe.leave().await;
        broker.expel().user("lamp7");
    }
    broker.stop().await;
}
