//! Devices, by way of a broker: the one inside, or another.
//!
//! What devices say is taken in by a few lanes ([`lane`]), each device always by the same one: what it says first is taken in first. A
//! message that cannot be taken in for the moment (the database is away) is tried again, and holds up its lane meanwhile; the connection
//! itself waits for no lane. Who says more than is taken in loses what it says then, and keeps nobody else from being heard.

mod lane;
mod outage;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use kernel::{Clock, Timestamp};
use platform::Cx;
use rumqttc::mqttbytes::v5::PublishProperties;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, NetworkOptions, Packet, PublishOptions, QoS, RetainForwardRule,
    StateError, SubscribeFilterInput,
};
use tokio::sync::mpsc;
use venue::Venue;
use venue::devices::{self, About, Heard, Wire};

use self::lane::{Loud, Message, Waiting, take_in};
use self::outage::Outage;

/// Where the broker is, and as whom we go there.
#[derive(Clone)]
pub struct MqttConfig {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: String,
    /// Of this process alone.
    pub client_id: String,
}

/// A command that could not be delivered for so long is dropped by the broker: what it said may not hold any more.
const EXPIRES_SECONDS: u32 = 10;
const KEEP_ALIVE_SECONDS: u16 = 20;
/// Bytes of a packet that is taken from the broker. What is longer ends the connection: so it is far more than the broker inside takes from anybody,
/// and the broker is told, so that another one passes nothing longer on.
const PACKET: u32 = 1 << 20;
/// Commands that the broker has not acknowledged. The library has a place for each, and for 65,535 of them (15 MB) unless told otherwise.
const ON_THEIR_WAY: u16 = 1_000;
/// Commands on their way to the broker. With more, the job that sends them tries again later.
const WAITING: usize = 1_000;
const LANES: usize = 4;
const LANE_HOLDS: usize = 10_000;
/// Before the broker is called again, and before a message is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends commands, while there is a connection: what waited for one would say what does not hold any more.
#[derive(Clone)]
pub struct Mqtt {
    client: AsyncClient,
    connected: Arc<AtomicBool>,
}

/// Who takes in what devices say, message by message, each device's in their order.
#[async_trait]
pub trait Ear: Send + Sync + 'static {
    /// `kept`: the broker has kept it, and it is of before.
    async fn heard(&self, topic: &str, payload: &[u8], kept: bool) -> platform::Result<Heard>;
    /// The broker was away, and nobody knows what was missed.
    async fn is_back(&self) -> platform::Result<()>;
    /// The broker has been away since then.
    async fn is_away(&self, since: Timestamp, why: &str) -> platform::Result<()>;
}

#[async_trait]
impl Ear for Venue {
    async fn heard(&self, topic: &str, payload: &[u8], kept: bool) -> platform::Result<Heard> {
        devices::heard(self, &Cx::system(Arc::clone(&self.platform)), topic, payload, kept).await
    }

    async fn is_back(&self) -> platform::Result<()> {
        devices::roll_call(self, &Cx::system(Arc::clone(&self.platform))).await
    }

    async fn is_away(&self, since: Timestamp, why: &str) -> platform::Result<()> {
        devices::broker_is_away(&Cx::system(Arc::clone(&self.platform)), since, why).await
    }
}

/// The connection itself; nothing moves until it is [`run`](Self::run).
pub struct Listening {
    events: EventLoop,
    way: Mqtt,
}

impl Mqtt {
    pub fn new(config: &MqttConfig) -> (Self, Listening) {
        let mut options = MqttOptions::new(config.client_id.as_str(), (config.host.clone(), config.port));
        options.set_keep_alive(KEEP_ALIVE_SECONDS);
        options.set_max_packet_size(Some(PACKET));
        options.set_outgoing_inflight_upper_limit(ON_THEIR_WAY);
        // What waits until the broker has acknowledged what was sent before it comes 40 ms later.
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        options.set_credentials(config.user.as_str(), config.password.clone());
        let (client, events) = AsyncClient::builder(options).capacity(WAITING).build();
        let way = Self { client, connected: Arc::default() };
        (way.clone(), Listening { events, way })
    }
}

#[async_trait]
impl Wire for Mqtt {
    async fn send(&self, topic: &str, payload: &str) -> Result<(), String> {
        if !self.connected.load(Ordering::Relaxed) {
            return Err("the broker is away".into());
        }
        let properties = PublishProperties { message_expiry_interval: Some(EXPIRES_SECONDS), ..PublishProperties::default() };
        let options = PublishOptions::at_least_once().properties(properties);
        self.client.try_publish(topic, payload.to_owned(), options).map_err(|error| error.to_string())
    }

    /// A broker can be asked for that by its own means alone.
    fn expel(&self, topic: &str) {
        tracing::warn!(topic, "a device's password has changed: end its connection at the MQTT broker");
    }
}

impl Listening {
    /// Takes in what devices say. Never returns.
    pub async fn run(mut self, ear: Arc<impl Ear>, clock: Clock) {
        let lanes: Vec<mpsc::Sender<Message>> = (0..LANES)
            .map(|_| {
                let (lane, messages) = mpsc::channel(LANE_HOLDS);
                tokio::spawn(take_in(Arc::clone(&ear), clock.clone(), messages));
                lane
            })
            .collect();
        let (waiting, mut loud, mut outage) = (Waiting::default(), Loud::default(), Outage::default());
        let mut wants_kept = true;
        loop {
            match self.events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    tracing::info!("connected to the broker");
                    outage.opens(clock.now());
                    self.way.connected.store(true, Ordering::Relaxed);
                    self.subscribe(wants_kept);
                    let ear = Arc::clone(&ear);
                    tokio::spawn(async move {
                        if let Err(fault) = ear.is_back().await {
                            tracing::warn!(%fault, "devices could not be asked how they stand");
                        }
                    });
                }
                Ok(Event::Incoming(Packet::Publish(message))) => {
                    let topic = String::from_utf8_lossy(&message.topic).into_owned();
                    if loud.is(&topic, message.payload.len()) {
                        continue;
                    }
                    if message.retain && devices::about(&topic, &message.payload) != Some(About::Presence) {
                        continue;
                    }
                    let lane = &lanes[lane_of(&topic)];
                    // What is lost here is found out when the device is asked, or told something.
                    let Some(message) = Message::new(topic, message.payload.to_vec(), message.retain, &waiting) else { continue };
                    if lane.try_send(message).is_err() {
                        tracing::warn!("devices say more than is taken in");
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    self.way.connected.store(false, Ordering::Relaxed);
                    wants_kept = !is_no_packet(&error);
                    if outage.is_new(clock.now()) {
                        tracing::warn!(%error, "the broker is away");
                    }
                    if let Some(since) = outage.take_news(clock.now()) {
                        let (ear, why) = (Arc::clone(&ear), error.to_string());
                        tokio::spawn(async move {
                            if let Err(fault) = ear.is_away(since, &why).await {
                                tracing::warn!(%fault, "nobody could be told that the broker is away");
                            }
                        });
                    }
                    clock.sleep(PAUSE).await;
                }
            }
        }
    }

    /// To what devices say, and to what the broker has kept of it, if that is wanted.
    fn subscribe(&self, wants_kept: bool) {
        let rule = if wants_kept { RetainForwardRule::OnEverySubscribe } else { RetainForwardRule::Never };
        for filter in devices::heard_topics() {
            let asked = SubscribeFilterInput::new(filter, QoS::AtLeastOnce).retain_forward_rule(rule.clone());
            if let Err(error) = self.way.client.try_subscribe_many([asked]) {
                tracing::warn!(%error, filter, "cannot listen to devices");
            }
        }
    }
}

/// Whether something came that cannot be read, and not that nothing comes any more.
fn is_no_packet(error: &ConnectionError) -> bool {
    use rumqttc::mqttbytes::Error;
    matches!(error, ConnectionError::MqttState(StateError::Deserialization(unread)) if !matches!(unread, Error::Io(_)))
}

/// A device's name is the first or the second part of its topics.
fn device_of(topic: &str) -> &str {
    topic.split('/').find(|part| !matches!(*part, "tele" | "stat" | "cmnd")).unwrap_or_default()
}

fn lane_of(topic: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    device_of(topic).hash(&mut hasher);
    usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0)
}
