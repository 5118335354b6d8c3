//! The relay in a lamp: what it does when it is told something, when its timer ends, and when its power or its network goes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use kernel::{Clock, Timestamp};
use rumqttc::{AsyncClient, LastWill, MqttOptions, NetworkOptions, PublishOptions, QoS};
use tokio::sync::{mpsc, oneshot, watch};

use super::network::{Heard, listen};
use super::words::{Channel, Order, Saying};
use super::{Firmware, Seen, Trouble, shelly, tasmota};
use crate::Task;

/// What is done to it at the table. Channels are counted from 0.
pub(super) enum Hand {
    Press(usize),
    Weld,
}

/// What a channel keeps in mind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kept {
    pulse: Option<i64>,
    off_at: Option<Timestamp>,
    /// Its button does nothing.
    locked: bool,
}

/// The relay itself, with its power and its network.
pub(super) struct Relay {
    pub(super) broker: SocketAddr,
    pub(super) firmware: Firmware,
    pub(super) topic: String,
    pub(super) password: String,
    pub(super) clock: Clock,
    pub(super) seen: watch::Sender<Vec<Seen>>,
    pub(super) trouble: Arc<watch::Sender<Trouble>>,
    pub(super) keeps: Arc<AtomicBool>,
    pub(super) restores: Arc<AtomicBool>,
    /// Of whose channels the bulb is burnt: a bit each.
    pub(super) burnt: Arc<AtomicU64>,
    pub(super) handled: mpsc::UnboundedReceiver<Hand>,
    /// One for each of its channels.
    pub(super) kept: Vec<Kept>,
    /// It has been on the broker since it has power.
    pub(super) has_booted: bool,
    /// The connection that it had when its power went: nobody closes it.
    pub(super) unclosed: Option<Task>,
}

impl Relay {
    pub(super) async fn live(mut self) {
        while self.has_power().await {
            self.powered().await;
            // Its relay falls back when the power goes, unless it is set up otherwise; and it forgets its timer.
            for kept in &mut self.kept {
                (kept.pulse, kept.off_at) = (None, None);
            }
            self.has_booted = false;
            let restores = self.restores.load(Ordering::Relaxed);
            self.each(|seen| (seen.on, seen.connected) = (seen.on && restores, false));
        }
    }

    fn each(&self, change: impl Fn(&mut Seen)) {
        self.seen.send_modify(|seen| seen.iter_mut().for_each(&change));
    }

    /// The next channel to go off by itself, and when.
    fn next_off(&self) -> (usize, Option<Timestamp>) {
        let timers = self.kept.iter().enumerate().filter_map(|(channel, kept)| Some((kept.off_at?, channel)));
        timers.min().map_or((0, None), |(at, channel)| (channel, Some(at)))
    }

    /// Waits until it has power; false when nobody will give it any.
    async fn has_power(&mut self) -> bool {
        let mut trouble = self.trouble.subscribe();
        loop {
            let now = *trouble.borrow_and_update();
            match now {
                Trouble::Unplugged => {}
                Trouble::Missed => self.unclosed = None,
                Trouble::None | Trouble::Offline | Trouble::Deaf | Trouble::Mute | Trouble::Stuck | Trouble::Dark | Trouble::Welded => {
                    return true;
                }
            }
            if trouble.changed().await.is_err() {
                return false;
            }
        }
    }

    /// Until somebody pulls the plug.
    async fn powered(&mut self) {
        loop {
            let trouble = *self.trouble.borrow();
            if matches!(trouble, Trouble::Unplugged | Trouble::Missed) {
                return;
            }
            if trouble == Trouble::Offline { self.offline().await } else { self.online().await }
        }
    }

    /// Until its network is back, or its power is gone.
    async fn offline(&mut self) {
        self.each(|seen| seen.connected = false);
        let mut trouble = self.trouble.subscribe();
        loop {
            let ((channel, timer), clock) = (self.next_off(), self.clock.clone());
            tokio::select! {
                () = async { drop(trouble.wait_for(|trouble| *trouble != Trouble::Offline).await) } => return,
                () = async { wait(&clock, timer).await } => {
                    self.kept[channel].off_at = None;
                    self.seen.send_modify(|seen| (seen[channel].on, seen[channel].switched) = (false, seen[channel].switched + 1));
                }
            }
        }
    }

    /// Until its network or its power is gone.
    async fn online(&mut self) {
        let (client, network) = AsyncClient::builder(self.options()).capacity(64).build();
        let (tell, mut heard) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let network = Task(tokio::spawn(listen(network, tell, stopped)));
        let mut trouble = self.trouble.subscribe();
        loop {
            let ((channel, timer), clock) = (self.next_off(), self.clock.clone());
            tokio::select! {
                () = async { drop(trouble.wait_for(|trouble| is_gone(*trouble)).await) } => break,
                Some(hand) = self.handled.recv() => match hand {
                    Hand::Press(channel) if self.kept[channel].locked => {}
                    Hand::Press(channel) => self.switch(&client, channel, None, self.kept[channel].pulse).await,
                    Hand::Weld => {
                        self.switch(&client, 0, Some(true), None).await;
                        self.trouble.send_replace(Trouble::Stuck);
                    }
                },
                Some(heard) = heard.recv() => self.hear(&client, heard).await,
                () = async { wait(&clock, timer).await } => self.switch(&client, channel, Some(false), None).await,
            }
        }
        if *self.trouble.borrow() == Trouble::Unplugged {
            let _ = stop.send(());
            self.unclosed = Some(network);
        }
    }

    fn options(&self) -> MqttOptions {
        let mut options = MqttOptions::new(self.topic.as_str(), (self.broker.ip().to_string(), self.broker.port()));
        options.set_keep_alive(30);
        // The library has a place for each message on its way, and 65,535 of them unless told otherwise: 15 MB for each lamp.
        options.set_outgoing_inflight_upper_limit(16);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        options.set_credentials(self.topic.as_str(), self.password.clone());
        let Saying { topic, payload, .. } = match self.firmware {
            Firmware::Tasmota => tasmota::presence(&self.topic, false),
            Firmware::Shelly => shelly::presence(&self.topic, false),
        };
        options.set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, true, None));
        options
    }

    async fn hear(&mut self, client: &AsyncClient, heard: Heard) {
        match heard {
            Heard::Lost => self.each(|seen| seen.connected = false),
            Heard::Connected => {
                let (filter, sayings) = match self.firmware {
                    Firmware::Tasmota => tasmota::hello(&self.topic, &self.channels(), !self.has_booted),
                    Firmware::Shelly => shelly::hello(&self.topic),
                };
                self.has_booted = true;
                let _ = client.subscribe(filter, QoS::AtLeastOnce).await;
                self.say(client, sayings).await;
                self.each(|seen| seen.connected = true);
            }
            Heard::Told { topic, payload } => self.told(client, &topic, &payload).await,
        }
    }

    async fn told(&mut self, client: &AsyncClient, topic: &str, payload: &str) {
        if *self.trouble.borrow() == Trouble::Deaf {
            return;
        }
        let channels = self.channels();
        let order = match self.firmware {
            Firmware::Tasmota => tasmota::order(&self.topic, topic, payload, &channels),
            Firmware::Shelly => shelly::order(&self.topic, topic, payload, &channels),
        };
        match order {
            Order::Switch { channel, on, off_after, answer } => {
                self.seen.send_modify(|seen| {
                    seen[channel].told_on += u64::from(on == Some(true));
                    seen[channel].told_off += u64::from(on == Some(false));
                });
                self.say(client, answer).await;
                let off_after = off_after.or(self.kept[channel].pulse);
                self.switch(client, channel, on, off_after).await;
            }
            Order::Pulse { channel, after, answer } => {
                self.kept[channel].pulse = after;
                self.say(client, answer).await;
            }
            Order::Lock { channel, locked, answer } => {
                for (n, kept) in self.kept.iter_mut().enumerate() {
                    if channel.is_none_or(|channel| channel == n) {
                        kept.locked = locked;
                        self.seen.send_modify(|seen| seen[n].told_locked += u64::from(locked));
                    }
                }
                self.say(client, answer).await;
            }
            Order::Say(sayings) => self.say(client, sayings).await,
            Order::Nothing => {}
        }
    }

    async fn switch(&mut self, client: &AsyncClient, channel: usize, on: Option<bool>, off_after: Option<i64>) {
        let was = self.seen.borrow()[channel].on;
        let on = on.unwrap_or(!was);
        let moves = was != on && *self.trouble.borrow() != Trouble::Stuck;
        if *self.trouble.borrow() != Trouble::Stuck {
            self.kept[channel].off_at = off_after.filter(|_| on).map(|after| self.clock.now().plus_micros(after));
            self.seen.send_modify(|seen| {
                seen[channel].on = on;
                seen[channel].switched += u64::from(moves);
            });
        }
        let channels = self.channels();
        let mut sayings = match self.firmware {
            Firmware::Tasmota => tasmota::state(&self.topic, channel, &channels, self.keeps.load(Ordering::Relaxed)),
            // It tells of changes alone.
            Firmware::Shelly if moves => shelly::change(&self.topic, channel, channels[channel]),
            Firmware::Shelly => Vec::new(),
        };
        if moves {
            sayings.push(match self.firmware {
                Firmware::Tasmota => tasmota::power(&self.topic, &channels),
                Firmware::Shelly => shelly::power(&self.topic, channel, channels[channel]),
            });
        }
        self.say(client, sayings).await;
    }

    fn channels(&self) -> Vec<Channel> {
        let (trouble, burnt) = (*self.trouble.borrow(), self.burnt.load(Ordering::Relaxed));
        let channel = |(n, seen): (usize, &Seen)| {
            let flows = trouble == Trouble::Welded || (seen.on && trouble != Trouble::Dark);
            let burns = flows && burnt & (1 << n) == 0;
            Channel { on: seen.on, watts: if burns { 118.4 } else { 0.0 } }
        };
        self.seen.borrow().iter().enumerate().map(channel).collect()
    }

    async fn say(&self, client: &AsyncClient, sayings: Vec<Saying>) {
        for Saying { topic, payload, retained, of_presence } in sayings {
            if of_presence || *self.trouble.borrow() != Trouble::Mute {
                let _ = client.publish(topic, payload, PublishOptions::at_least_once().retain(retained)).await;
            }
        }
    }
}

/// Without power, or without its network.
const fn is_gone(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::Unplugged | Trouble::Missed | Trouble::Offline)
}

/// Forever, where there is nothing to wait for.
async fn wait(clock: &Clock, until: Option<Timestamp>) {
    let Some(until) = until else { return std::future::pending().await };
    loop {
        let left = until.micros() - clock.now().micros();
        let Ok(left @ 1..) = u64::try_from(left) else { return };
        clock.sleep(Duration::from_micros(left)).await;
    }
}
