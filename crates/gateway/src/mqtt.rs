//! Devices, by way of a broker: the one inside, or another.
//!
//! What devices say is taken in by a few lanes, each device always by the same one: what it says first is taken in first. A message that
//! cannot be taken in for the moment (the database is away) is tried again, and holds up its lane meanwhile.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{Clock, Kind};
use platform::Cx;
use rumqttc::mqttbytes::v5::PublishProperties;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, PublishOptions, QoS};
use tokio::sync::mpsc;
use venue::Venue;
use venue::devices::{self, Wire};

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
/// Commands that wait for the connection. With more, the job that sends them waits too.
const WAITING: usize = 1_000;
const LANES: usize = 4;
const LANE_HOLDS: usize = 1_000;
/// Before the broker is called again, and before a message is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a message is tried: after that somebody else has to find out how the device stands.
const TRIES: usize = 30;

/// Sends commands.
#[derive(Clone)]
pub struct Mqtt(AsyncClient);

/// The connection itself; nothing moves until it is [`run`](Self::run).
pub struct Listening(EventLoop, AsyncClient);

impl Mqtt {
    pub fn new(config: &MqttConfig) -> (Self, Listening) {
        let mut options = MqttOptions::new(config.client_id.as_str(), (config.host.clone(), config.port));
        options.set_keep_alive(KEEP_ALIVE_SECONDS);
        options.set_credentials(config.user.as_str(), config.password.clone());
        let (client, events) = AsyncClient::builder(options).capacity(WAITING).build();
        (Self(client.clone()), Listening(events, client))
    }
}

#[async_trait]
impl Wire for Mqtt {
    async fn send(&self, topic: &str, payload: &str) -> Result<(), String> {
        let properties = PublishProperties { message_expiry_interval: Some(EXPIRES_SECONDS), ..PublishProperties::default() };
        let options = PublishOptions::at_least_once().properties(properties);
        self.0.try_publish(topic, payload.to_owned(), options).map_err(|error| error.to_string())
    }
}

struct Message {
    topic: String,
    payload: Vec<u8>,
}

impl Listening {
    /// Takes in what devices say. Never returns.
    pub async fn run(mut self, venue: Arc<Venue>, clock: Clock) {
        let cx = Cx::system(Arc::clone(&venue.platform));
        let lanes: Vec<mpsc::Sender<Message>> = (0..LANES)
            .map(|_| {
                let (lane, messages) = mpsc::channel(LANE_HOLDS);
                tokio::spawn(take_in(Arc::clone(&venue), cx.clone(), clock.clone(), messages));
                lane
            })
            .collect();
        let mut was_away = false;
        loop {
            match self.0.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    tracing::info!("connected to the broker");
                    was_away = false;
                    for filter in devices::heard_topics() {
                        if let Err(error) = self.1.try_subscribe(filter, QoS::AtLeastOnce) {
                            tracing::warn!(%error, filter, "cannot listen to devices");
                        }
                    }
                    // Nobody knows what was missed.
                    let (venue, cx) = (Arc::clone(&venue), cx.clone());
                    tokio::spawn(async move {
                        if let Err(fault) = devices::roll_call(&venue, &cx).await {
                            tracing::warn!(%fault, "devices could not be asked how they stand");
                        }
                    });
                }
                Ok(Event::Incoming(Packet::Publish(message))) => {
                    let topic = String::from_utf8_lossy(&message.topic).into_owned();
                    let lane = &lanes[lane_of(&topic)];
                    if lane.send(Message { topic, payload: message.payload.to_vec() }).await.is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    if !was_away {
                        tracing::warn!(%error, "the broker is away");
                    }
                    was_away = true;
                    clock.sleep(PAUSE).await;
                }
            }
        }
    }
}

/// By the device's name, which is the first or the second part of its topics.
fn lane_of(topic: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    let name = topic.split('/').find(|part| !matches!(*part, "tele" | "stat" | "cmnd"));
    name.hash(&mut hasher);
    usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0)
}

async fn take_in(venue: Arc<Venue>, cx: Cx, clock: Clock, mut messages: mpsc::Receiver<Message>) {
    while let Some(Message { topic, payload }) = messages.recv().await {
        for attempt in 1..=TRIES {
            match devices::heard(&venue, &cx, &topic, &payload).await {
                Ok(()) => break,
                Err(fault) if fault.kind == Kind::Unavailable && attempt < TRIES => clock.sleep(PAUSE).await,
                Err(fault) => {
                    tracing::warn!(%fault, topic, "what a device said could not be taken in");
                    break;
                }
            }
        }
    }
}
