//! A lamp over a table: a relay on a real broker, with the words of one firmware or another, which fails as the real ones do. A relay with several
//! channels has a lamp over a table on each of them.

mod kept;
mod network;
mod page;
mod relay;
mod shelly;
mod tasmota;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use kernel::Clock;
use tokio::sync::{mpsc, watch};

use self::relay::{Hand, Kept, Relay};
use crate::Task;

pub use self::kept::kept;
pub use self::page::LampPage;

/// What is to be seen of it, from the table: of one of its channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    pub on: bool,
    /// The broker has taken it in.
    pub connected: bool,
    /// How often its relay has switched.
    pub switched: u64,
    /// How many "on" it was told.
    pub told_on: u64,
    /// And off.
    pub told_off: u64,
    /// How often its button was told to do nothing.
    pub told_locked: u64,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// Without power: dark, and gone without a word. Nothing closes its connection: the broker has yet to notice, after one and a half times
    /// the keep-alive.
    Unplugged,
    /// The same, for so long that the broker has noticed. That time is a real one, and nobody waits for it here.
    Missed,
    /// Gone from the broker, which has noticed, and otherwise as it was: its relay stays, and its timer runs.
    Offline,
    /// It hears, and does nothing, and says nothing.
    Deaf,
    /// It does as it is told, and its answers are lost.
    Mute,
    /// Its relay does not move: it answers how it stands.
    Stuck,
    /// Its bulb is burnt: the relay does as it is told, says so, and nothing passes through it.
    Dark,
    /// Its contacts are welded: the relay does as it is told, and says so, and its lamp burns on. Unlike [`Lamp::weld`], it knows nothing of it.
    Welded,
}

/// Whose words it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    Tasmota,
    /// Gen2 and later.
    Shelly,
}

pub struct Lamp {
    firmware: Firmware,
    topic: String,
    seen: watch::Receiver<Vec<Seen>>,
    trouble: Arc<watch::Sender<Trouble>>,
    keeps: Arc<AtomicBool>,
    restores: Arc<AtomicBool>,
    burnt: Arc<AtomicU64>,
    hands: mpsc::UnboundedSender<Hand>,
    _task: Task,
}

impl Lamp {
    /// Connects to the broker, again and again until it is let in. `topic` is its user name too.
    pub fn start(broker: SocketAddr, firmware: Firmware, topic: &str, password: &str, clock: Clock) -> Self {
        Self::with_channels(broker, firmware, topic, password, clock, 1)
    }

    /// The same, with so many channels: at least one, and as many as 64.
    pub fn with_channels(broker: SocketAddr, firmware: Firmware, topic: &str, password: &str, clock: Clock, channels: usize) -> Self {
        let (seen, seeing) = watch::channel(vec![Seen::default(); channels]);
        let trouble = Arc::new(watch::Sender::new(Trouble::None));
        let (keeps, restores) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let burnt = Arc::new(AtomicU64::new(0));
        let (hands, handled) = mpsc::unbounded_channel();
        let (topic, password) = (topic.to_owned(), password.to_owned());
        let relay = Relay {
            broker,
            firmware,
            topic: topic.clone(),
            password,
            clock,
            seen,
            trouble: Arc::clone(&trouble),
            keeps: Arc::clone(&keeps),
            restores: Arc::clone(&restores),
            burnt: Arc::clone(&burnt),
            handled,
            kept: vec![Kept::default(); channels],
            has_booted: false,
            unclosed: None,
        };
        Self { firmware, topic, seen: seeing, trouble, keeps, restores, burnt, hands, _task: Task(tokio::spawn(relay.live())) }
    }

    /// What is sent to it so that it says this again, once it has answered whatever it was told before: topic and payload.
    pub fn echo(&self, word: &str) -> (String, String) {
        match self.firmware {
            Firmware::Tasmota => tasmota::echo(&self.topic, word),
            Firmware::Shelly => shelly::echo(&self.topic, word),
        }
    }

    /// How many it has.
    pub fn channels(&self) -> usize {
        self.seen.borrow().len()
    }

    pub fn trouble(&self) -> Trouble {
        *self.trouble.borrow()
    }

    pub fn seen(&self) -> Seen {
        self.seen_of(1)
    }

    /// The same of this channel, counted from 1.
    pub fn seen_of(&self, channel: usize) -> Seen {
        self.seen.borrow()[channel - 1]
    }

    /// Waits until it looks like this.
    pub async fn until(&self, looks: impl Fn(&Seen) -> bool) {
        self.until_of(1, looks).await;
    }

    /// The same of this channel.
    pub async fn until_of(&self, channel: usize, looks: impl Fn(&Seen) -> bool) {
        let mut seen = self.seen.clone();
        // Its task lives as long as `self`.
        let _ = seen.wait_for(|seen| looks(&seen[channel - 1])).await;
    }

    pub fn set(&self, trouble: Trouble) {
        self.trouble.send_replace(trouble);
    }

    /// Whether the broker is to keep what it says of its relay from now on, as Tasmota's `PowerRetain` has it. What is kept by then stays.
    pub fn keep_states(&self, keep: bool) {
        self.keeps.store(keep, Ordering::Relaxed);
    }

    /// Its power is gone for a moment: shorter than the broker takes to notice.
    pub async fn blinks(&self) {
        self.set(Trouble::Unplugged);
        self.until(|seen| !seen.connected).await;
        self.set(Trouble::None);
        self.until(|seen| seen.connected).await;
    }

    /// When its power comes back its relay is as it was, and not off: `restore_last`, as some leave it. Its timer is forgotten all the same.
    pub fn restores_its_relay(&self) {
        self.restores.store(true, Ordering::Relaxed);
    }

    /// Somebody presses the button on its case.
    pub fn press(&self) {
        self.press_of(1);
    }

    /// The same of this channel.
    pub fn press_of(&self, channel: usize) {
        let _ = self.hands.send(Hand::Press(channel - 1));
    }

    /// The bulb on this channel burns, and stays so: as [`Trouble::Dark`], and the others are well.
    pub fn burns_out(&self, channel: usize) {
        self.burnt.fetch_or(1 << (channel - 1), Ordering::Relaxed);
    }

    /// Its relay's contacts weld together: it is on, and [`Trouble::Stuck`] there.
    pub fn weld(&self) {
        let _ = self.hands.send(Hand::Weld);
    }
}
