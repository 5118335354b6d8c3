//! A lamp over a table: a relay with Tasmota's firmware, as far as a hall needs it. It speaks the real topics to a real broker, and
//! fails as the real ones do.

use std::net::SocketAddr;
use std::time::Duration;

use kernel::{Clock, Timestamp};
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Packet, PublishOptions, QoS};
use tokio::sync::{mpsc, watch};

use crate::Task;

/// What is to be seen of it, from the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    pub on: bool,
    /// The broker has taken it in.
    pub connected: bool,
    /// How often its relay has switched.
    pub switched: u64,
    /// How many "on" it was told.
    pub told_on: u64,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// Without power: dark, and gone from the broker without a word.
    Unplugged,
    /// It hears, and does nothing, and says nothing.
    Deaf,
    /// It does as it is told, and its answers are lost.
    Mute,
    /// Its relay does not move: it answers how it stands.
    Stuck,
}

pub struct Lamp {
    seen: watch::Receiver<Seen>,
    trouble: watch::Sender<Trouble>,
    pressed: mpsc::UnboundedSender<()>,
    _task: Task,
}

impl Lamp {
    /// Connects to the broker, again and again until it is let in. `topic` is its user name too.
    pub fn start(broker: SocketAddr, topic: &str, password: &str, clock: Clock) -> Self {
        let (seen, seeing) = watch::channel(Seen::default());
        let (trouble, troubled) = watch::channel(Trouble::None);
        let (pressed, presses) = mpsc::unbounded_channel();
        let relay = Relay {
            broker,
            topic: topic.into(),
            password: password.into(),
            clock,
            seen,
            trouble: troubled,
            presses,
            pulse: 0,
            off_at: None,
        };
        Self { seen: seeing, trouble, pressed, _task: Task(tokio::spawn(relay.live())) }
    }

    pub fn seen(&self) -> Seen {
        *self.seen.borrow()
    }

    /// Waits until it looks like this.
    pub async fn until(&self, looks: impl Fn(&Seen) -> bool) {
        let mut seen = self.seen.clone();
        // Its task lives as long as `self`.
        let _ = seen.wait_for(|seen| looks(seen)).await;
    }

    pub fn set(&self, trouble: Trouble) {
        self.trouble.send_replace(trouble);
    }

    /// Somebody presses the button on its case.
    pub fn press(&self) {
        let _ = self.pressed.send(());
    }
}

struct Relay {
    broker: SocketAddr,
    topic: String,
    password: String,
    clock: Clock,
    seen: watch::Sender<Seen>,
    trouble: watch::Receiver<Trouble>,
    presses: mpsc::UnboundedReceiver<()>,
    /// PulseTime as it was set: 0 for none.
    pulse: i64,
    off_at: Option<Timestamp>,
}

/// From the network to the relay.
enum Heard {
    Connected,
    Lost,
    Told { command: String, payload: String },
}

impl Relay {
    async fn live(mut self) {
        loop {
            if self.trouble.wait_for(|trouble| *trouble != Trouble::Unplugged).await.is_err() {
                return;
            }
            self.powered().await;
            // Its relay falls back when the power goes, and it forgets its timer.
            (self.pulse, self.off_at) = (0, None);
            self.seen.send_modify(|seen| (seen.on, seen.connected) = (false, false));
        }
    }

    /// Until somebody pulls the plug.
    async fn powered(&mut self) {
        let (client, network) = AsyncClient::builder(self.options()).capacity(64).build();
        let (tell, mut heard) = mpsc::unbounded_channel();
        let _network = Task(tokio::spawn(listen(network, tell)));
        let mut trouble = self.trouble.clone();
        loop {
            let timer = self.off_at;
            let clock = self.clock.clone();
            tokio::select! {
                () = async { drop(trouble.wait_for(|trouble| *trouble == Trouble::Unplugged).await) } => return,
                Some(()) = self.presses.recv() => {
                    let on = !self.seen.borrow().on;
                    self.switch(&client, on).await;
                }
                Some(heard) = heard.recv() => self.hear(&client, heard).await,
                () = async { wait(&clock, timer).await } => self.switch(&client, false).await,
            }
        }
    }

    fn options(&self) -> MqttOptions {
        let mut options = MqttOptions::new(self.topic.as_str(), (self.broker.ip().to_string(), self.broker.port()));
        options.set_keep_alive(30);
        options.set_credentials(self.topic.as_str(), self.password.clone());
        options.set_last_will(LastWill::new(self.of("tele", "LWT"), "Offline", QoS::AtLeastOnce, true, None));
        options
    }

    fn of(&self, prefix: &str, what: &str) -> String {
        format!("{prefix}/{}/{what}", self.topic)
    }

    async fn hear(&mut self, client: &AsyncClient, heard: Heard) {
        match heard {
            Heard::Lost => {
                self.seen.send_modify(|seen| seen.connected = false);
            }
            Heard::Connected => {
                let _ = client.subscribe(self.of("cmnd", "#"), QoS::AtLeastOnce).await;
                let online = PublishOptions::at_least_once().retained();
                let _ = client.publish(self.of("tele", "LWT"), "Online", online).await;
                // The firmware does so, and whoever listens there must not take it for a command.
                self.say("cmnd", "POWER", String::new(), client).await;
                self.state(client).await;
                self.seen.send_modify(|seen| seen.connected = true);
            }
            Heard::Told { command, payload } => self.told(client, &command, &payload).await,
        }
    }

    async fn told(&mut self, client: &AsyncClient, command: &str, payload: &str) {
        if *self.trouble.borrow() == Trouble::Deaf {
            return;
        }
        match command.to_ascii_uppercase().as_str() {
            "PULSETIME" | "PULSETIME1" => {
                if let Ok(pulse) = payload.parse() {
                    self.pulse = pulse;
                }
                let set = self.pulse;
                self.say("stat", "RESULT", format!(r#"{{"PulseTime1":{{"Set":{set},"Remaining":{set}}}}}"#), client).await;
            }
            "POWER" | "POWER1" => {
                let on = match payload.to_ascii_uppercase().as_str() {
                    "ON" | "1" | "TRUE" => true,
                    "OFF" | "0" | "FALSE" => false,
                    "TOGGLE" | "2" => !self.seen.borrow().on,
                    _ => return self.answer(client).await,
                };
                self.seen.send_modify(|seen| seen.told_on += u64::from(on));
                self.switch(client, on).await;
            }
            _ => self.say("stat", "RESULT", r#"{"Command":"Unknown"}"#.into(), client).await,
        }
    }

    async fn switch(&mut self, client: &AsyncClient, on: bool) {
        if *self.trouble.borrow() != Trouble::Stuck {
            self.off_at = match (on, self.pulse) {
                (false, _) | (true, 0) => None,
                (true, tenths @ 1..=111) => Some(self.clock.now().plus_micros(tenths * 100_000)),
                (true, seconds) => Some(self.clock.now().plus_seconds(seconds - 100)),
            };
            self.seen.send_if_modified(|seen| {
                let moves = seen.on != on;
                seen.on = on;
                seen.switched += u64::from(moves);
                moves
            });
        }
        self.answer(client).await;
    }

    async fn answer(&self, client: &AsyncClient) {
        let word = self.word();
        self.say("stat", "RESULT", format!(r#"{{"POWER":"{word}"}}"#), client).await;
        self.say("stat", "POWER", word.into(), client).await;
    }

    async fn state(&self, client: &AsyncClient) {
        let word = self.word();
        let state = format!(
            r#"{{"Time":"2026-11-21T08:00:00","Uptime":"0T00:00:10","UptimeSec":10,"Heap":24,"MqttCount":1,"POWER":"{word}","Wifi":{{"RSSI":44,"Signal":-78}}}}"#
        );
        self.say("tele", "STATE", state, client).await;
    }

    fn word(&self) -> &'static str {
        if self.seen.borrow().on { "ON" } else { "OFF" }
    }

    async fn say(&self, prefix: &str, what: &str, payload: String, client: &AsyncClient) {
        if *self.trouble.borrow() != Trouble::Mute {
            let _ = client.publish(self.of(prefix, what), payload, PublishOptions::at_least_once()).await;
        }
    }
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

/// Keeps the connection, and passes on what comes.
async fn listen(mut network: EventLoop, tell: mpsc::UnboundedSender<Heard>) {
    loop {
        let heard = match network.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => Heard::Connected,
            Ok(Event::Incoming(Packet::Publish(message))) => {
                let topic = String::from_utf8_lossy(&message.topic).into_owned();
                let command = topic.rsplit('/').next().unwrap_or_default().to_owned();
                Heard::Told { command, payload: String::from_utf8_lossy(&message.payload).into_owned() }
            }
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
