//! The broker inside against Mosquitto: messages at QoS 1, from publishers to subscribers, by the same client.
//!
//! The broker inside is the program's, with users of our own: devices of the program's say nothing to each other, and are slowed down. Who publishes
//! may everything, as the program itself does; who hears has a right for each topic, for which each broker asks. A publisher runs no further ahead
//! of its slowest subscriber than [`AHEAD`] messages, so that what is measured is what passes through, and not what is piled up. So nothing here
//! overflows: that nothing is lost says nothing of a subscriber that is slower than its queue is long. MQTT leaves to a broker what it does then, and
//! each is set to another length: there is nothing to compare.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use async_trait::async_trait;
use broker::{Broker, Doorkeeper, Rights};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, PublishOptions, QoS};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;

use super::mosquitto::Mosquitto;
use crate::clock::Stopwatch;
use crate::figure::{Bound, Figure};
use crate::run::Options;
use crate::say;

const AHEAD: u64 = 400;
/// So many wait for a device in the broker inside (`broker/src/settings.rs`).
const QUEUE: u64 = 500;
const _: () = assert!(AHEAD < QUEUE);
/// As long as a relay's report.
const LENGTH: usize = 64;
/// What has not come so long after the last was sent is lost.
const LOST_AFTER: Duration = Duration::from_secs(20);

/// How many of each.
struct Shape {
    publishers: usize,
    /// To each publisher.
    subscribers: usize,
}

const SHAPES: [Shape; 2] = [Shape { publishers: 8, subscribers: 1 }, Shape { publishers: 4, subscribers: 4 }];

struct Passed {
    received: u64,
    lost: u64,
    seconds: f64,
}

impl Passed {
    fn rate(&self) -> f64 {
        self.received as f64 / self.seconds
    }
}

pub async fn figures(options: &Options) -> Result<Vec<Figure>> {
    let broker = Broker::start(([127, 0, 0, 1], 0).into(), Arc::new(Door)).await?;
    let mosquitto = Mosquitto::start(&options.mosquitto, &options.folder.join("mosquitto"), &rights()).await?;
    let mut figures = Vec::new();
    let mut lost = Figure::new("MQTT messages lost at QoS 1, the broker inside", "").bound(Bound::AtMost(0.0));
    let mut their_lost = 0;
    for shape in &SHAPES {
        let Shape { publishers, subscribers } = shape;
        let name = format!("MQTT messages at QoS 1, {publishers} publishers with {subscribers} subscribers each, against Mosquitto");
        let mut rate = Figure::new(name, "/s").bound(Bound::AtLeast(0.8));
        for round in 1..=options.rounds {
            let theirs = pass(mosquitto.address, shape, options.seconds).await.context("Mosquitto")?;
            let ours = pass(broker.address(), shape, options.seconds).await.context("the broker inside")?;
            rate.values.push(ours.rate());
            rate.baseline.push(theirs.rate());
            rate.lasted(ours.seconds);
            lost.values.push(ours.lost as f64);
            their_lost += theirs.lost;
            let ratio = ours.rate() / theirs.rate();
            say(&format!(
                "{publishers}×{subscribers}, round {round}: Mosquitto {:.0}/s, inside {:.0}/s = {ratio:.2}",
                theirs.rate(),
                ours.rate()
            ));
        }
        figures.push(rate);
    }
    // What "none lost" does not say.
    let which = format!("no publisher is more than {AHEAD} ahead, and {QUEUE} wait for a device: no queue was to overflow");
    lost.note = format!("Mosquitto: {their_lost}; on the way alone: {which}");
    figures.push(lost);
    broker.stop().await;
    Ok(figures)
}

/// Each has a user of its own, since a device's has few connections: who hears may use what stands before the dot of its name.
struct Door;

#[async_trait]
impl Doorkeeper for Door {
    async fn admit(&self, _: &str, user: Option<&str>, _: Option<&[u8]>) -> Option<Rights> {
        let (lamp, which) = user?.split_once('.')?;
        if which == PUBLISHER {
            return Some(Rights::All);
        }
        let own = [format!("cmnd/{lamp}/#")];
        Some(Rights::Topics { may_publish: own.to_vec(), may_subscribe: own.to_vec() })
    }
}

/// The same, for Mosquitto.
fn rights() -> String {
    let users = SHAPES.iter().flat_map(|shape| {
        (0..shape.publishers)
            .flat_map(move |lamp| (0..shape.subscribers).map(move |n| (lamp, subscriber(n))).chain([(lamp, PUBLISHER.to_owned())]))
    });
    users.map(|(lamp, which)| format!("user {}.{which}\ntopic readwrite cmnd/{}/#\n", name(lamp), name(lamp))).collect()
}

const PUBLISHER: &str = "p";

fn subscriber(n: usize) -> String {
    format!("s{n}")
}

fn name(lamp: usize) -> String {
    format!("lamp{lamp}")
}

/// A publisher and its subscribers.
#[derive(Default)]
struct Pair {
    sent: AtomicU64,
    /// All that are published.
    is_complete: AtomicBool,
    received: Vec<AtomicU64>,
    moved: Notify,
}

impl Pair {
    fn slowest(&self) -> u64 {
        self.received.iter().map(|one| one.load(Ordering::Relaxed)).min().unwrap_or(0)
    }
}

async fn pass(address: SocketAddr, shape: &Shape, seconds: f64) -> Result<Passed> {
    let mut tasks = JoinSet::new();
    let mut pairs = Vec::new();
    let mut ready = Vec::new();
    let lamps: Vec<String> = (0..shape.publishers).map(name).collect();
    for lamp in &lamps {
        let received = (0..shape.subscribers).map(|_| AtomicU64::new(0)).collect();
        let pair = Arc::new(Pair { received, ..Pair::default() });
        for n in 0..shape.subscribers {
            let (tell, told) = oneshot::channel();
            ready.push(told);
            tasks.spawn(subscribe(client(address, lamp, &subscriber(n)), lamp.clone(), Arc::clone(&pair), n, tell));
        }
        pairs.push(pair);
    }
    for told in ready {
        told.await.context("a subscriber was not taken in")?;
    }
    let (watch, stop) = (Stopwatch::start(), Arc::new(AtomicBool::new(false)));
    for (lamp, pair) in lamps.iter().zip(&pairs) {
        let (client, events) = client(address, lamp, PUBLISHER);
        tasks.spawn(keep(events));
        tasks.spawn(publish(client, lamp.clone(), Arc::clone(pair), Arc::clone(&stop)));
    }
    crate::clock::pause(Duration::from_secs_f64(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    let patience = Stopwatch::start();
    let is_complete = |pair: &Arc<Pair>| pair.is_complete.load(Ordering::Relaxed) && pair.slowest() == pair.sent.load(Ordering::Relaxed);
    while !pairs.iter().all(is_complete) && patience.elapsed() < LOST_AFTER {
        if let Some(Ok(Err(error))) = tasks.try_join_next() {
            bail!(error);
        }
        crate::clock::pause(Duration::from_millis(1)).await;
    }
    let seconds = watch.seconds();
    tasks.shutdown().await;
    let sum = |of: fn(&Pair) -> u64| pairs.iter().map(|pair| of(pair)).sum::<u64>();
    let received = sum(|pair| pair.received.iter().map(|one| one.load(Ordering::Relaxed)).sum());
    let due = sum(|pair| pair.sent.load(Ordering::Relaxed)) * shape.subscribers as u64;
    ensure!(received > 0, "nothing passed");
    Ok(Passed { received, lost: due - received, seconds })
}

fn client(address: SocketAddr, lamp: &str, which: &str) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(format!("{lamp}-{which}"), (address.ip().to_string(), address.port()));
    options.set_credentials(format!("{lamp}.{which}"), "bench");
    AsyncClient::builder(options).capacity(256).build()
}

async fn keep(mut events: EventLoop) -> Result<()> {
    loop {
        events.poll().await?;
    }
}

async fn publish(client: AsyncClient, topic: String, pair: Arc<Pair>, stop: Arc<AtomicBool>) -> Result<()> {
    let topic = format!("cmnd/{topic}/bench");
    let mut n: u64 = 0;
    while !stop.load(Ordering::Relaxed) {
        let moved = pair.moved.notified();
        if n - pair.slowest() >= AHEAD {
            moved.await;
            continue;
        }
        n += 1;
        let mut payload = vec![b'.'; LENGTH];
        payload[..8].copy_from_slice(&n.to_be_bytes());
        pair.sent.store(n, Ordering::Relaxed);
        client.publish(topic.as_str(), payload, PublishOptions::at_least_once()).await?;
    }
    pair.is_complete.store(true, Ordering::Relaxed);
    std::future::pending().await
}

/// Counts those that come in their order. One that is missing is not counted, nor are those after it.
async fn subscribe(
    (client, mut events): (AsyncClient, EventLoop),
    topic: String,
    pair: Arc<Pair>,
    n: usize,
    tell: oneshot::Sender<()>,
) -> Result<()> {
    client.subscribe(format!("cmnd/{topic}/#"), QoS::AtLeastOnce).await?;
    let mut tell = Some(tell);
    loop {
        match events.poll().await? {
            Event::Incoming(Packet::SubAck(_)) => {
                if let Some(tell) = tell.take() {
                    let _ = tell.send(());
                }
            }
            Event::Incoming(Packet::Publish(message)) => {
                let number = message.payload.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes)).unwrap_or(0);
                let next = pair.received[n].load(Ordering::Relaxed) + 1;
                if number == next {
                    pair.received[n].store(next, Ordering::Relaxed);
                    pair.moved.notify_one();
                }
            }
            _ => {}
        }
    }
}
