//! What clients of MQTT 5 are told.

use broker::Broker;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Filter, LastWill, Packet, PubAckReason, RetainForwardRule, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};

use crate::support::{LONG, gateway, message, start};

fn lamp(broker: &Broker, password: &str) -> MqttOptions {
    let address = broker.address();
    let mut options = MqttOptions::new("lamp7", address.ip().to_string(), address.port());
    options.set_credentials("lamp7", password);
    options
}

async fn next(events: &mut EventLoop) -> Result<Packet, ConnectionError> {
    loop {
        if let Event::Incoming(packet) = tokio::time::timeout(LONG, events.poll()).await.expect("something happens")? {
            return Ok(packet);
        }
    }
}

async fn refusal(options: MqttOptions) -> Option<ConnectReturnCode> {
    match next(&mut AsyncClient::new(options, 10).1).await {
        Ok(_) => None,
        Err(ConnectionError::ConnectionRefused(why)) => Some(why),
        Err(error) => panic!("{error}"),
    }
}

async fn publish(asks: &AsyncClient, events: &mut EventLoop, topic: &str) -> PubAckReason {
    asks.publish(topic, QoS::AtLeastOnce, false, "x").await.unwrap();
    loop {
        if let Packet::PubAck(answer) = next(events).await.unwrap() {
            return answer.reason;
        }
    }
}

async fn subscribe(asks: &AsyncClient, events: &mut EventLoop, filter: &str) -> SubscribeReasonCode {
    asks.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
    loop {
        if let Packet::SubAck(answer) = next(events).await.unwrap() {
            return answer.return_codes[0];
        }
    }
}

#[tokio::test]
async fn refusals_at_the_door_have_their_codes() {
    let broker = start().await;
    assert_eq!(refusal(lamp(&broker, "light")).await, None);
    assert_eq!(refusal(lamp(&broker, "dark")).await, Some(ConnectReturnCode::BadUserNamePassword));
    let mut options = lamp(&broker, "light");
    options.set_last_will(LastWill::new("tele/lamp8/LWT", "Offline", QoS::AtLeastOnce, true, None));
    assert_eq!(refusal(options).await, Some(ConnectReturnCode::NotAuthorized));
    broker.stop().await;
}

#[tokio::test]
async fn who_publishes_or_subscribes_beyond_its_rights_is_told_and_stays_connected() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("#").await;
    let (asks, mut events) = AsyncClient::new(lamp(&broker, "light"), 10);
    assert_eq!(publish(&asks, &mut events, "tele/lamp8/STATE").await, PubAckReason::NotAuthorized);
    assert_eq!(publish(&asks, &mut events, "tele/lamp7/STATE").await, PubAckReason::Success);
    assert_eq!(gateway.message().await, message("tele/lamp7/STATE", "x"));
    assert_eq!(subscribe(&asks, &mut events, "cmnd/lamp8/#").await, SubscribeReasonCode::NotAuthorized);
    assert_eq!(subscribe(&asks, &mut events, "$share/g/cmnd/lamp7/#").await, SubscribeReasonCode::SharedSubscriptionsNotSupported);
    assert_eq!(subscribe(&asks, &mut events, "cmnd/lamp7/#").await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
    gateway.publish("cmnd/lamp7/POWER", "ON", false).await;
    let heard = loop {
        if let Packet::Publish(heard) = next(&mut events).await.unwrap() {
            break heard;
        }
    };
    assert_eq!((&heard.topic[..], &heard.payload[..]), (&b"cmnd/lamp7/POWER"[..], &b"ON"[..]));
    broker.stop().await;
}

#[tokio::test]
async fn what_is_retained_is_sent_as_often_as_the_subscriber_wants_it() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.publish("cmnd/lamp7/a/SCENE", "evening", true).await;
    let (asks, mut events) = AsyncClient::new(lamp(&broker, "light"), 10);
    subscribe(&asks, &mut events, "cmnd/lamp7/END").await;
    let mut times = Vec::new();
    for rule in [RetainForwardRule::Never, RetainForwardRule::OnNewSubscribe, RetainForwardRule::OnEverySubscribe] {
        for filter in ["cmnd/lamp7/a/+", "cmnd/lamp7/a/+", "cmnd/lamp7/a/SCENE"] {
            let mut filter = Filter::new(filter, QoS::AtLeastOnce);
            filter.retain_forward_rule = rule.clone();
            asks.subscribe_many([filter]).await.unwrap();
            while !matches!(next(&mut events).await.unwrap(), Packet::SubAck(_)) {}
            // What is retained waits already, and this comes after it.
            gateway.publish("cmnd/lamp7/END", "", false).await;
            let mut heard = 0;
            loop {
                match next(&mut events).await.unwrap() {
                    Packet::Publish(message) if message.retain => heard += 1,
                    Packet::Publish(_) => break,
                    _ => {}
                }
            }
            times.push(heard);
        }
        for filter in ["cmnd/lamp7/a/+", "cmnd/lamp7/a/SCENE"] {
            asks.unsubscribe(filter).await.unwrap();
        }
    }
    assert_eq!(times, [0, 0, 0, 1, 0, 1, 1, 1, 1]);
    broker.stop().await;
}
