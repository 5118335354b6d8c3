//! The relay in a lamp: what it does when it is told something, when its timer ends, and when its power or its network goes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kernel::{Clock, Timestamp};
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, NetworkOptions, Packet, PublishOptions, QoS};
use tokio::sync::{mpsc, oneshot, watch};

use super::words::{Order, Saying};
use super::{Firmware, Seen, Trouble, shelly, tasmota};
use crate::Task;

/// What is done to it at the table.
pub(super) enum Hand {
    Press,
    Weld,
}

/// The relay itself, with its power and its network.
pub(super) struct Relay {
    pub(super) broker: SocketAddr,
    pub(super) firmware: Firmware,
    pub(super) topic: String,
    pub(super) password: String,
    pub(super) clock: Clock,
    pub(super) seen: watch::Sender<Seen>,
    pub(super) trouble: Arc<watch::Sender<Trouble>>,
    pub(super) keeps: Arc<AtomicBool>,
    pub(super) restores: Arc<AtomicBool>,
    pub(super) handled: mpsc::UnboundedReceiver<Hand>,
    pub(super) pulse: Option<i64>,
    pub(super) off_at: Option<Timestamp>,
    /// It has been on the broker since it has power.
    pub(super) has_booted: bool,
    /// The connection that it had when its power went: nobody closes it.
    pub(super) unclosed: Option<Task>,
}

/// From the network to the relay.
enum Heard {
    Connected,
    Lost,
    Told { topic: String, payload: String },
}

impl Relay {
    pub(super) async fn live(mut self) {
        while self.has_power().await {
            self.powered().await;
            // Its relay falls back when the power goes, unless it is set up otherwise; and it forgets its timer.
            (self.pulse, self.off_at, self.has_booted) = (None, None, false);
            let restores = self.restores.load(Ordering::Relaxed);
            self.seen.send_modify(|seen| (seen.on, seen.connected) = (seen.on && restores, false));
        }
    }

    /// Waits until it has power; false when nobody will give it any.
    async fn has_power(&mut self) -> bool {
        let mut trouble = self.trouble.subscribe();
        loop {
            let now = *trouble.borrow_and_update();
            match now {
                Trouble::Unplugged => {}
                Trouble::Missed => self.unclosed = None,
                Trouble::None | Trouble::Offline | Trouble::Deaf | Trouble::Mute | Trouble::Stuck | Trouble::Dark => return true,
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
        self.seen.send_modify(|seen| seen.connected = false);
        let mut trouble = self.trouble.subscribe();
        loop {
            let (timer, clock) = (self.off_at, self.clock.clone());
            tokio::select! {
                () = async { drop(trouble.wait_for(|trouble| *trouble != Trouble::Offline).await) } => return,
                () = async { wait(&clock, timer).await } => {
                    self.off_at = None;
                    self.seen.send_modify(|seen| (seen.on, seen.switched) = (false, seen.switched + 1));
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
            let timer = self.off_at;
            let clock = self.clock.clone();
            tokio::select! {
                () = async { drop(trouble.wait_for(|trouble| is_gone(*trouble)).await) } => break,
                Some(hand) = self.handled.recv() => match hand {
                    Hand::Press => self.switch(&client, None, self.pulse).await,
                    Hand::Weld => {
                        self.switch(&client, Some(true), None).await;
                        self.trouble.send_replace(Trouble::Stuck);
                    }
                },
                Some(heard) = heard.recv() => self.hear(&client, heard).await,
                () = async { wait(&clock, timer).await } => self.switch(&client, Some(false), None).await,
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
            Heard::Lost => self.seen.send_modify(|seen| seen.connected = false),
            Heard::Connected => {
                let (filter, sayings) = match self.firmware {
                    Firmware::Tasmota => tasmota::hello(&self.topic, (!self.has_booted).then_some(self.seen.borrow().on)),
                    Firmware::Shelly => shelly::hello(&self.topic),
                };
                self.has_booted = true;
                let _ = client.subscribe(filter, QoS::AtLeastOnce).await;
                self.say(client, sayings).await;
                self.seen.send_modify(|seen| seen.connected = true);
            }
            Heard::Told { topic, payload } => self.told(client, &topic, &payload).await,
        }
    }

    async fn told(&mut self, client: &AsyncClient, topic: &str, payload: &str) {
        if *self.trouble.borrow() == Trouble::Deaf {
            return;
        }
        let on = self.seen.borrow().on;
        let order = match self.firmware {
            Firmware::Tasmota => tasmota::order(&self.topic, topic, payload, on, self.draws()),
            Firmware::Shelly => shelly::order(&self.topic, topic, payload, on, self.draws()),
        };
        match order {
            Order::Switch { on, off_after, answer } => {
                self.seen.send_modify(|seen| {
                    seen.told_on += u64::from(on == Some(true));
                    seen.told_off += u64::from(on == Some(false));
                });
                self.say(client, answer).await;
                self.switch(client, on, off_after.or(self.pulse)).await;
            }
            Order::Pulse(pulse, answer) => {
                self.pulse = pulse;
                self.say(client, answer).await;
            }
            Order::Say(sayings) => self.say(client, sayings).await,
            Order::Nothing => {}
        }
    }

    async fn switch(&mut self, client: &AsyncClient, on: Option<bool>, off_after: Option<i64>) {
        let was = self.seen.borrow().on;
        let on = on.unwrap_or(!was);
        let moves = was != on && *self.trouble.borrow() != Trouble::Stuck;
        if *self.trouble.borrow() != Trouble::Stuck {
            self.off_at = off_after.filter(|_| on).map(|after| self.clock.now().plus_micros(after));
            self.seen.send_modify(|seen| {
                seen.on = on;
                seen.switched += u64::from(moves);
            });
        }
        let is = self.seen.borrow().on;
        let mut sayings = match self.firmware {
            Firmware::Tasmota => tasmota::state(&self.topic, is, self.keeps.load(Ordering::Relaxed)),
            // It tells of changes alone.
            Firmware::Shelly if moves => shelly::change(&self.topic, is),
            Firmware::Shelly => Vec::new(),
        };
        if moves {
            sayings.push(match self.firmware {
                Firmware::Tasmota => tasmota::power(&self.topic, self.draws()),
                Firmware::Shelly => shelly::power(&self.topic, self.draws()),
            });
        }
        self.say(client, sayings).await;
    }

    /// What passes through it, in watts.
    fn draws(&self) -> f64 {
        if self.seen.borrow().on && *self.trouble.borrow() != Trouble::Dark { 118.4 } else { 0.0 }
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

/// Keeps the connection, and passes on what comes. Once it is stopped it says nothing, and does not close the connection either.
async fn listen(mut network: EventLoop, tell: mpsc::UnboundedSender<Heard>, mut stopped: oneshot::Receiver<()>) {
    loop {
        let polled = tokio::select! {
            // First: whoever stops this drops the way in a moment later, by which the connection would be closed.
            biased;
            _ = &mut stopped => return std::future::pending().await,
            polled = network.poll() => polled,
        };
        let heard = match polled {
            Ok(Event::Incoming(Packet::ConnAck(_))) => Heard::Connected,
            Ok(Event::Incoming(Packet::Publish(message))) => Heard::Told {
                topic: String::from_utf8_lossy(&message.topic).into_owned(),
                payload: String::from_utf8_lossy(&message.payload).into_owned(),
            },
            Ok(_) => continue,
            Err(_) => {
                let _ = tell.send(Heard::Lost);
                // The network's time is the real one, whatever the relay counts by.
                Clock::System.sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        if tell.send(heard).is_err() {
            return;
        }
    }
}
