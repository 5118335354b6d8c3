//! Whoever came in by a password that was replaced since.

use rumqttc::{LastWill, QoS};

use crate::support::{connect, gateway, lamp, message, options, retained, start};

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
    let mut late = options(&broker, "gateway", "inside");
    late.set_client_id("late".to_owned());
    let mut late = connect(late).await.unwrap();
    late.hears("tele/lamp7/LWT").await;
    late.publish("tele/lamp7/LWT", "now", false).await;
    assert_eq!(late.message().await, message("tele/lamp7/LWT", "now"), "nothing by the old password is kept");
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

#[tokio::test]
async fn what_a_user_has_left_goes_with_its_password_and_nothing_of_another() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    for name in ["lamp7", "lamp8"] {
        let mut lamp = connect(lamp(&broker, name)).await.unwrap();
        lamp.publish(&format!("tele/{name}/INFO"), "old", true).await;
    }
    broker.expel().user("lamp7");
    // The broker has many things to do, one of which is that.
    loop {
        gateway.hears("tele/lamp7/INFO").await;
        gateway.publish("tele/lamp7/INFO", "now", false).await;
        let first = gateway.message().await;
        if first == message("tele/lamp7/INFO", "now") {
            break;
        }
        assert_eq!(first, retained("tele/lamp7/INFO", "old"));
        assert_eq!(gateway.message().await, message("tele/lamp7/INFO", "now"));
    }
    gateway.hears("tele/lamp8/INFO").await;
    assert_eq!(gateway.message().await, retained("tele/lamp8/INFO", "old"));
    // Who comes in the same millisecond may have been admitted before: it has passed by then.
    for turn in 0..100 {
        gateway.publish("cmnd/lamp8/POWER", &turn.to_string(), false).await;
    }
    // Who comes by the new password leaves what it likes.
    let mut back = connect(lamp(&broker, "lamp7")).await.unwrap();
    back.publish("tele/lamp7/INFO", "new", true).await;
    assert_eq!(gateway.message().await, message("tele/lamp7/INFO", "new"));
    gateway.hears("tele/lamp7/#").await;
    assert_eq!(gateway.message().await, retained("tele/lamp7/INFO", "new"));
    broker.stop().await;
}
