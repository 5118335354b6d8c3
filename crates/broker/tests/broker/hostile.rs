//! What no client library would send.

use broker::Broker;
use gateway_client::mqttbytes::v5::PublishProperties;
use gateway_client::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use tokio::io::AsyncWriteExt;

use crate::support::{LONG, ask, come, connect, gateway, hello, hello_5, hung, is_ended, lamp, message, packet, start};

/// All that a message may have attached, at least one of which is no text: a pair of texts, when it expires, a type, where to answer and by what,
/// and that it is text.
const ATTACHED: &[u8] = b"\x1b\x26\0\x02a\0\0\x01b\x02\0\0\0\x3c\x03\0\x01\0\x08\0\x01#\x09\0\x01\xff\x01\x01";

/// A message to be retained and acknowledged, in version 5.
fn attaching(topic: &str, text: &str) -> Vec<u8> {
    packet(0x33, b"", &[topic], &[b"\0\x01", ATTACHED, text.as_bytes()].concat())
}

/// Our gateway, by the client that it has.
async fn our_own(broker: &Broker) -> (AsyncClient, EventLoop) {
    let address = broker.address();
    let mut options = MqttOptions::new("gateway", (address.ip().to_string(), address.port()));
    options.set_credentials("gateway", "inside");
    let (asks, events) = AsyncClient::builder(options).capacity(10).build();
    asks.subscribe("tele/#", QoS::AtLeastOnce).await.unwrap();
    (asks, events)
}

/// The next message: its topic, its text, and what is attached. Of the seconds until it expires some may have passed.
async fn next(events: &mut EventLoop) -> (String, String, PublishProperties) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    loop {
        if let Event::Incoming(Packet::Publish(heard)) = tokio::time::timeout(LONG, events.poll()).await.expect("a message").unwrap() {
            let (topic, said, mut attached) = (text(&heard.topic), text(&heard.payload), heard.properties.unwrap_or_default());
            attached.message_expiry_interval = attached.message_expiry_interval.map(|seconds| seconds.max(60));
            return (topic, said, attached);
        }
    }
}

fn plain(topic: &str, text: &str, expires: Option<u32>) -> (String, String, PublishProperties) {
    (topic.to_owned(), text.to_owned(), PublishProperties { message_expiry_interval: expires, ..PublishProperties::default() })
}

#[tokio::test]
async fn whatever_a_device_sends_our_gateway_can_read_it() {
    let broker = start().await;
    let mut lamp7 = come(&broker, &hello_5("lamp7")).await;
    for topic in ["tele/lamp7/a\0", "tele/lamp7/+", "tele/lamp7/#", ""] {
        assert_eq!(ask(&mut lamp7, &attaching(topic, "x")).await[4], 0x87, "{topic:?} is none");
    }
    assert_eq!(ask(&mut lamp7, &attaching("tele/lamp7/LWT", "Online")).await[0], 0x40);
    let (_asks, mut ours) = our_own(&broker).await;
    assert_eq!(next(&mut ours).await, plain("tele/lamp7/LWT", "Online", Some(60)), "what is retained");
    ask(&mut lamp7, &attaching("tele/lamp7/STATE", "on")).await;
    assert_eq!(next(&mut ours).await, plain("tele/lamp7/STATE", "on", Some(60)));
    // A will in version 5, and one in 3.1.1 whose topic seems to ask for a pair of texts.
    let head = [b"\0\x04MQTT\x05\xee\0\x3c\0\0\x05lamp8", ATTACHED].concat();
    drop(come(&broker, &packet(0x10, &head, &["tele/lamp8/LWT", "Offline", "lamp8", "light"], b"")).await);
    assert_eq!(next(&mut ours).await, plain("tele/lamp8/LWT", "Offline", Some(60)));
    let texts = ["lamp9", "tele/lamp9/LWT?a=%00", "Offline", "lamp9", "light"];
    drop(come(&broker, &packet(0x10, b"\0\x04MQTT\x04\xee\0\x3c", &texts, b"")).await);
    assert_eq!(next(&mut ours).await, plain("tele/lamp9/LWT?a=%00", "Offline", None));
    // A topic that is no text ends the connection.
    let mut lamp9 = come(&broker, &hello("lamp9")).await;
    lamp9.write_all(&packet(0x30, b"\0\x0ftele/lamp9/STA\xff", &[], b"x")).await.unwrap();
    is_ended(lamp9).await;
    ask(&mut lamp7, &attaching("tele/lamp7/STATE", "off")).await;
    assert_eq!(next(&mut ours).await, plain("tele/lamp7/STATE", "off", Some(60)));
    broker.stop().await;
}

#[tokio::test]
async fn whoever_has_taken_its_leave_is_listened_to_no_more() {
    let broker = start().await;
    for hello in [hello("lamp7"), hello_5("lamp7")] {
        let mut lamp = come(&broker, &hello).await;
        lamp.write_all(b"\xe0\0").await.unwrap();
        is_ended(lamp).await;
    }
    broker.stop().await;
}

#[tokio::test]
async fn whoever_reads_nothing_is_sent_away_too_and_is_heard_no_more() {
    let broker = start().await;
    let mut gateway = gateway(&broker).await;
    gateway.hears("tele/#").await;
    let mut hung = hung(&broker, &hello("lamp7")).await;
    broker.expel().user("lamp7");
    // Who comes in the same millisecond may have been admitted before: it has passed by then.
    for turn in 0..100 {
        gateway.publish("cmnd/lamp8/POWER", &turn.to_string(), false).await;
    }
    let mut back = connect(lamp(&broker, "lamp7")).await.unwrap();
    let _ = hung.write_all(&packet(0x30, b"", &["tele/lamp7/STATE"], b"by the old password")).await;
    is_ended(hung).await;
    back.publish("tele/lamp7/STATE", "by the new", false).await;
    assert_eq!(gateway.message().await, message("tele/lamp7/STATE", "by the new"));
    broker.stop().await;
}
