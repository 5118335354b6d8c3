//! A doorkeeper with a few users, and a client that a test can talk to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use broker::{Broker, Doorkeeper, Rights};
use rumqttc::{AsyncClient, ConnectReturnCode, ConnectionError, Event, MqttOptions, Outgoing, Packet, Publish, QoS, SubscribeReasonCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Longer than anything here takes, on a busy machine too.
pub const LONG: Duration = Duration::from_secs(60);

/// The gateway may do everything; every other user is a lamp of that name, but for the echo, which may say what it hears.
#[derive(Default)]
pub struct House {
    /// From now on, lamps may hear nothing but `cmnd/<lamp>/narrow`.
    pub narrow: AtomicBool,
}

#[async_trait]
impl Doorkeeper for House {
    async fn admit(&self, _: &str, user: Option<&str>, password: Option<&[u8]>) -> Option<Rights> {
        match (user?, password?) {
            ("gateway", b"inside") => Some(Rights::All),
            ("gateway", _) => None,
            ("echo", b"light") => Some(Rights::Topics { may_publish: vec!["echo/#".into()], may_subscribe: vec!["echo/#".into()] }),
            (lamp, b"light") => Some(Rights::Topics {
                may_publish: vec![format!("tele/{lamp}/#"), format!("stat/{lamp}/#")],
                may_subscribe: vec![format!("cmnd/{lamp}/{}", if self.narrow.load(Ordering::Relaxed) { "narrow" } else { "#" })],
            }),
            _ => None,
        }
    }
}

pub async fn start() -> Broker {
    Broker::start(here(), Arc::new(House::default())).await.unwrap()
}

pub fn here() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Its client id is its user name.
pub fn options(broker: &Broker, user: &str, password: &str) -> MqttOptions {
    let address = broker.address();
    let mut options = MqttOptions::new(user, address.ip().to_string(), address.port());
    options.set_credentials(user, password);
    options
}

pub fn lamp(broker: &Broker, name: &str) -> MqttOptions {
    options(broker, name, "light")
}

pub struct Client {
    pub asks: AsyncClient,
    heard: mpsc::UnboundedReceiver<Packet>,
    /// Messages that came while something else was waited for.
    aside: VecDeque<Publish>,
    polling: JoinHandle<()>,
    pub session_present: bool,
}

/// Has what is sent to a lamp kept for it from now on, and is away.
pub async fn waits_for_commands(mut options: MqttOptions, lamp: &str) -> MqttOptions {
    options.set_clean_session(false);
    let mut before = connect(options.clone()).await.unwrap();
    before.hears(&format!("cmnd/{lamp}/#")).await;
    before.leave().await;
    options
}

/// A client that has been accepted, or why it was not.
pub async fn connect(options: MqttOptions) -> Result<Client, ConnectReturnCode> {
    let (asks, mut events) = AsyncClient::new(options, 1000);
    let mut network = events.network_options();
    network.set_connection_timeout(LONG.as_secs());
    events.set_network_options(network);
    let session_present = loop {
        match tokio::time::timeout(LONG, events.poll()).await.expect("an answer to a connect") {
            Ok(Event::Incoming(Packet::ConnAck(accepted))) => break accepted.session_present,
            Ok(_) => {}
            Err(ConnectionError::ConnectionRefused(why)) => return Err(why),
            Err(error) => panic!("{error}"),
        }
    };
    let (tell, heard) = mpsc::unbounded_channel();
    let polling = tokio::spawn(async move {
        // It does not connect again: an error is the end.
        while let Ok(event) = events.poll().await {
            match event {
                Event::Incoming(packet) => drop(tell.send(packet)),
                // Who has taken its leave closes the connection.
                Event::Outgoing(Outgoing::Disconnect) => break,
                Event::Outgoing(_) => {}
            }
        }
    });
    Ok(Client { asks, heard, aside: VecDeque::new(), polling, session_present })
}

pub async fn gateway(broker: &Broker) -> Client {
    connect(options(broker, "gateway", "inside")).await.unwrap()
}

impl Client {
    /// The next packet; `None` when the connection has ended.
    async fn next(&mut self) -> Option<Packet> {
        tokio::time::timeout(LONG, self.heard.recv()).await.expect("a packet, or the end")
    }

    /// The next packet that is none of a message.
    async fn answer(&mut self) -> Packet {
        loop {
            match self.next().await.expect("an answer") {
                Packet::Publish(message) => self.aside.push_back(message),
                answer => return answer,
            }
        }
    }

    /// The next message: its topic, its text, and whether it was retained.
    pub async fn message(&mut self) -> (String, String, bool) {
        let message = loop {
            if let Some(message) = self.aside.pop_front() {
                break message;
            }
            if let Packet::Publish(message) = self.next().await.expect("a message") {
                break message;
            }
        };
        (message.topic, String::from_utf8(message.payload.to_vec()).unwrap(), message.retain)
    }

    pub async fn subscribe(&mut self, filter: &str, qos: QoS) -> SubscribeReasonCode {
        self.asks.subscribe(filter, qos).await.unwrap();
        loop {
            if let Packet::SubAck(answer) = self.answer().await {
                return answer.return_codes[0];
            }
        }
    }

    pub async fn hears(&mut self, filter: &str) {
        assert_eq!(self.subscribe(filter, QoS::AtLeastOnce).await, SubscribeReasonCode::Success(QoS::AtLeastOnce), "{filter}");
    }

    /// Returns when it is acknowledged.
    pub async fn publish(&mut self, topic: &str, text: &str, retain: bool) {
        self.asks.publish(topic, QoS::AtLeastOnce, retain, text).await.unwrap();
        while !matches!(self.answer().await, Packet::PubAck(_)) {}
    }

    /// Goes without a word, as if the cable had been pulled out.
    pub fn cut(self) {
        self.polling.abort();
    }

    /// Takes its leave, and returns when the connection has ended.
    pub async fn leave(mut self) {
        self.asks.disconnect().await.unwrap();
        self.ended().await;
    }

    /// Returns when the connection has ended.
    pub async fn ended(&mut self) {
        while self.next().await.is_some() {}
    }
}

pub fn message(topic: &str, text: &str) -> (String, String, bool) {
    (topic.to_owned(), text.to_owned(), false)
}

pub fn retained(topic: &str, text: &str) -> (String, String, bool) {
    (topic.to_owned(), text.to_owned(), true)
}

/// A packet, whose parts are texts with their length before them.
pub fn packet(kind: u8, head: &[u8], texts: &[&str], tail: &[u8]) -> Vec<u8> {
    let texts = texts.iter().flat_map(|text| [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat());
    let body: Vec<u8> = head.iter().copied().chain(texts).chain(tail.iter().copied()).collect();
    [&[kind, u8::try_from(body.len()).unwrap()], &body[..]].concat()
}

/// The first packet of a lamp that speaks 3.1.1, and leaves nothing behind.
pub fn hello(lamp: &str) -> Vec<u8> {
    packet(0x10, b"\0\x04MQTT\x04\xc2\0\x3c", &[lamp, lamp, "light"], b"")
}

/// And of one that speaks version 5.
pub fn hello_5(lamp: &str) -> Vec<u8> {
    packet(0x10, b"\0\x04MQTT\x05\xc2\0\x3c\0", &[lamp, lamp, "light"], b"")
}

/// A connection by which anything can be said. It has been accepted.
pub async fn come(broker: &Broker, hello: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(broker.address()).await.unwrap();
    let accepted = ask(&mut socket, hello).await;
    assert_eq!((accepted[0], accepted[3]), (0x20, 0));
    socket
}

/// What is answered to that, in a short packet.
pub async fn ask(socket: &mut TcpStream, packet: &[u8]) -> Vec<u8> {
    socket.write_all(packet).await.unwrap();
    let mut answer = vec![0; 2];
    let reading = async {
        socket.read_exact(&mut answer).await.unwrap();
        let mut body = vec![0; usize::from(answer[1])];
        socket.read_exact(&mut body).await.unwrap();
        answer.extend(body);
    };
    tokio::time::timeout(LONG, reading).await.expect("an answer");
    answer
}

/// Returns when the broker has ended the connection, in whatever way.
pub async fn is_ended(mut socket: TcpStream) {
    let _ = tokio::time::timeout(LONG, socket.read_to_end(&mut Vec::new())).await.expect("an end");
}

/// A connection of `lamp7` that listens to its commands, and then reads nothing: what is on its way to it is more than the system's buffers hold.
pub async fn hung(broker: &Broker, hello: &[u8]) -> TcpStream {
    let mut hung = come(broker, hello).await;
    assert_eq!(ask(&mut hung, &packet(0x82, b"\0\x01", &["cmnd/lamp7/#"], b"\0")).await, b"\x90\x03\0\x01\0");
    let mut other = options(broker, "gateway", "inside");
    other.set_client_id("other".to_owned());
    other.set_max_packet_size(20_000, 20_000);
    let mut other = connect(other).await.unwrap();
    for _ in 0..1_250 {
        other.publish("cmnd/lamp7/FIRMWARE", &"x".repeat(16_000), false).await;
    }
    hung
}
