//! Client ids, and how many sessions a user has.

use rumqttc::MqttOptions;

use crate::support::{connect, gateway, lamp, message, options, start};

/// A lamp that calls itself so.
fn called(mut lamp: MqttOptions, id: &str) -> MqttOptions {
    lamp.set_client_id(id.to_owned());
    lamp
}

#[tokio::test]
async fn who_uses_anothers_client_id_neither_takes_its_place_nor_keeps_it_out() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    // Whoever was quicker, as after the power came back: ids are printed on the lamps.
    let mut squatter = connect(called(lamp(&broker, "lamp8"), "DVES_7")).await.unwrap();
    squatter.hears("cmnd/lamp8/#").await;
    let mut owner = connect(called(lamp(&broker, "lamp7"), "DVES_7")).await.unwrap();
    owner.hears("cmnd/lamp7/#").await;
    // And one that comes later.
    let mut thief = connect(called(lamp(&broker, "lamp9"), "DVES_7")).await.unwrap();
    thief.hears("cmnd/lamp9/#").await;
    let mut second = connect(called(options(&broker, "gateway", "inside"), "DVES_7")).await.unwrap();
    second.hears("tele/#").await;
    for (name, lamp) in [("lamp7", &mut owner), ("lamp8", &mut squatter), ("lamp9", &mut thief)] {
        gateway.publish(&format!("cmnd/{name}/POWER"), name, false).await;
        assert_eq!(lamp.message().await, message(&format!("cmnd/{name}/POWER"), name));
        lamp.publish(&format!("tele/{name}/STATE"), name, false).await;
        assert_eq!(second.message().await, message(&format!("tele/{name}/STATE"), name));
    }
    broker.stop().await;
}

#[tokio::test]
async fn nothing_that_waits_for_a_lamp_is_heard_by_another_that_calls_itself_so() {
    let broker = start().await;
    let staying = |name: &str| {
        let mut options = called(lamp(&broker, name), "DVES_7");
        options.set_clean_session(false);
        options
    };
    let mut before = connect(staying("lamp7")).await.unwrap();
    before.hears("cmnd/lamp7/#").await;
    before.leave().await;
    let mut gateway = gateway(&broker).await;
    gateway.publish("cmnd/lamp7/POWER", "ON", false).await;
    let thief = connect(staying("lamp8")).await.unwrap();
    assert!(!thief.session_present);
    let mut after = connect(staying("lamp7")).await.unwrap();
    assert!(after.session_present);
    assert_eq!(after.message().await, message("cmnd/lamp7/POWER", "ON"));
    broker.stop().await;
}

#[tokio::test]
async fn a_lamp_that_comes_again_takes_its_own_place_and_is_told_everything_once() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    let mut before = connect(called(lamp(&broker, "lamp7"), "DVES_7")).await.unwrap();
    before.hears("cmnd/lamp7/#").await;
    let mut now = connect(called(lamp(&broker, "lamp7"), "DVES_7")).await.unwrap();
    before.ended().await;
    now.hears("cmnd/lamp7/#").await;
    for text in ["ON", "OFF"] {
        gateway.publish("cmnd/lamp7/POWER", text, false).await;
        assert_eq!(now.message().await, message("cmnd/lamp7/POWER", text));
    }
    now.asks.unsubscribe("cmnd/lamp7/#").await.unwrap();
    now.hears("cmnd/lamp7/END").await;
    gateway.publish("cmnd/lamp7/POWER", "ON", false).await;
    gateway.publish("cmnd/lamp7/END", "", false).await;
    assert_eq!(now.message().await, message("cmnd/lamp7/END", ""), "it hears no more of what it gave up");
    broker.stop().await;
}

#[tokio::test]
async fn a_devices_user_has_a_few_sessions_at_once_and_the_newest_stay() {
    let broker = start().await;
    let mut other = connect(lamp(&broker, "lamp8")).await.unwrap();
    let mut sessions = Vec::new();
    for n in 0..10 {
        let mut lamp = called(lamp(&broker, "lamp7"), &format!("DVES_{n}"));
        lamp.set_clean_session(n % 2 == 0);
        sessions.push(connect(lamp).await.unwrap());
    }
    let stay = sessions.split_off(6);
    for mut gone in sessions {
        gone.ended().await;
    }
    for mut lamp in stay {
        lamp.publish("tele/lamp7/STATE", "on", false).await;
    }
    other.publish("tele/lamp8/STATE", "on", false).await;
    // Ours are as many as they need.
    let mut ours = Vec::new();
    for n in 0..10 {
        ours.push(connect(called(options(&broker, "gateway", "inside"), &format!("gateway-{n}"))).await.unwrap());
    }
    for mut one in ours {
        one.publish("cmnd/lamp7/POWER", "ON", false).await;
    }
    broker.stop().await;
}
