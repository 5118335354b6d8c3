//! The way to devices: a real broker, ours or Mosquitto, and the program's connection to it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use broker::{Doorkeeper, Rights};
use gateway::{Ear, Mqtt, MqttConfig};
use kernel::{Clock, Timestamp};
use platform::Cx;
use sandbox::Lamp;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use venue::Venue;
use venue::devices::{self, Heard, Wire};

use crate::mosquitto::Mosquitto;

/// Sends away whoever is on the broker by this name.
type SendAway = Box<dyn Fn(&str) + Send + Sync>;

/// The way to devices: none until there is a broker.
#[derive(Default)]
pub(crate) struct Switch {
    way: RwLock<Option<Mqtt>>,
    sends_away: RwLock<Option<SendAway>>,
    pub cut: AtomicBool,
    /// The next message that is sent waits for this.
    pub held_up: Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
    /// Messages that were sent to devices.
    pub sent: AtomicU64,
    /// The last echo that has come back, and was taken in.
    echo: watch::Sender<u64>,
    /// The connection to the broker.
    pub listening: Mutex<Option<JoinHandle<()>>>,
    /// How often the program has come to the broker, and has asked its devices how they stand.
    pub back: watch::Sender<u64>,
}

impl Switch {
    /// Asks a lamp to say something again, and waits until it has, and that has been taken in.
    pub async fn echo(&self, lamp: &Lamp) {
        let mut echo = self.echo.subscribe();
        let number = *echo.borrow_and_update() + 1;
        let (topic, payload) = lamp.echo(&format!("echo-{number}"));
        self.send(&topic, &payload).await.expect("the broker takes it");
        let back = tokio::time::timeout(Duration::from_secs(30), echo.wait_for(|back| *back == number)).await;
        assert!(back.is_ok(), "a lamp does not say again what it was asked to: {topic}");
    }

    fn sends_away_by(&self, send_away: SendAway) {
        *self.sends_away.write().unwrap_or_else(PoisonError::into_inner) = Some(send_away);
    }
}

/// What lamps are asked to say again has this before its number.
const ECHO: &[u8] = b"\"echo-";

/// The program's ear, which tells when an echo has come through it: whatever its device said before has been taken in by then. Numbers say nothing
/// of whose echo it is: on a broker that other tests use, theirs would come through it too.
struct Listener {
    venue: Arc<Venue>,
    wire: Arc<Switch>,
}

#[async_trait]
impl Ear for Listener {
    async fn heard(&self, topic: &str, payload: &[u8], kept: bool) -> platform::Result<Heard> {
        let heard = self.venue.heard(topic, payload, kept).await?;
        if let Some(at) = payload.windows(ECHO.len()).position(|window| window == ECHO) {
            let digits: String = payload[at + ECHO.len()..].iter().map(|byte| char::from(*byte)).take_while(char::is_ascii_digit).collect();
            self.wire.echo.send_replace(digits.parse().expect("a number"));
        }
        Ok(heard)
    }

    async fn is_back(&self) -> platform::Result<()> {
        let asked = self.venue.is_back().await;
        self.wire.back.send_modify(|back| *back += 1);
        asked
    }

    async fn is_away(&self, since: Timestamp, why: &str) -> platform::Result<()> {
        self.venue.is_away(since, why).await
    }
}

#[async_trait]
impl Wire for Switch {
    async fn send(&self, topic: &str, payload: &str) -> Result<(), String> {
        if self.cut.load(Ordering::Relaxed) {
            return Err("the broker is away".into());
        }
        let held_up = self.held_up.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((reached, go)) = held_up {
            let _ = reached.send(());
            // Whoever holds it up lets it go, or is gone.
            let _ = go.await;
        }
        let way = self.way.read().unwrap_or_else(PoisonError::into_inner).clone();
        self.sent.fetch_add(1, Ordering::Relaxed);
        match way {
            Some(way) => way.send(topic, payload).await,
            None => Err("there is no broker".into()),
        }
    }

    fn expel(&self, topic: &str) {
        if let Some(send_away) = &*self.sends_away.read().unwrap_or_else(PoisonError::into_inner) {
            send_away(topic);
        }
    }
}

/// As a process has it that does not reach the broker.
pub(crate) struct CutOff;

#[async_trait]
impl Wire for CutOff {
    async fn send(&self, _: &str, _: &str) -> Result<(), String> {
        Err("the broker is away".into())
    }

    fn expel(&self, _: &str) {}
}

/// The broker inside, or somebody else's. A test is the same by either; what each is told of devices is here.
pub(crate) enum Broker {
    Inside(broker::Broker),
    Outside(Box<Mosquitto>),
}

/// As whom the program comes to the broker, and by which password.
pub(crate) const OURSELVES: (&str, &str) = ("cuekey", "ours");

struct Door(Arc<Venue>);

#[async_trait]
impl Doorkeeper for Door {
    async fn admit(&self, _: &str, user: Option<&str>, password: Option<&[u8]>) -> Option<Rights> {
        let (user, password) = (user?, password?);
        if user == OURSELVES.0 {
            return (password == OURSELVES.1.as_bytes()).then_some(Rights::All);
        }
        let cx = Cx::system(Arc::clone(&self.0.platform));
        let rights = devices::admit(&cx, user, password).await.ok()??;
        Some(Rights::Topics { may_publish: rights.says, may_subscribe: rights.hears })
    }
}

impl Broker {
    pub async fn start(venue: Arc<Venue>, wire: Arc<Switch>) -> Self {
        let door = Arc::new(Door(Arc::clone(&venue)));
        let broker = broker::Broker::start(([127, 0, 0, 1], 0).into(), door).await.expect("a broker starts");
        let expel = broker.expel();
        wire.sends_away_by(Box::new(move |user| expel.user(user)));
        connect(venue, wire, broker.address());
        Self::Inside(broker)
    }

    /// Mosquitto, and an operator beside it, who does what the program's log asks for.
    pub async fn outside(venue: Arc<Venue>, wire: Arc<Switch>) -> Self {
        let mosquitto = Mosquitto::start(&venue.platform.random, OURSELVES).await;
        let users = mosquitto.users();
        wire.sends_away_by(Box::new(move |user| users.leaves(user)));
        connect(venue, wire, mosquitto.address());
        Self::Outside(Box::new(mosquitto))
    }

    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Inside(broker) => broker.address(),
            Self::Outside(mosquitto) => mosquitto.address(),
        }
    }

    /// A device comes by this user and password from now on. The broker inside asks the program; any other has to be told.
    pub async fn knows(&self, user: &str, password: &str) {
        match self {
            Self::Inside(_) => {}
            Self::Outside(mosquitto) => mosquitto.users().enters(user, password).await,
        }
    }

    /// Whether it publishes the wills of those whom it sends away. Mosquitto 2.0 does not.
    pub fn tells_of_whom_it_sends_away(&self) -> bool {
        matches!(self, Self::Inside(_))
    }
}

/// The program's own connection. What it was before has to have ended.
pub(crate) fn connect(venue: Arc<Venue>, wire: Arc<Switch>, broker: SocketAddr) {
    let config = MqttConfig {
        host: broker.ip().to_string(),
        port: broker.port(),
        user: OURSELVES.0.into(),
        password: OURSELVES.1.into(),
        client_id: format!("cuekey-test-{:016x}", venue.platform.random.u64()),
    };
    let (mqtt, listening) = Mqtt::new(&config);
    *wire.way.write().unwrap_or_else(PoisonError::into_inner) = Some(mqtt);
    // The network's pauses are real ones.
    let task = tokio::spawn(listening.run(Arc::new(Listener { venue, wire: Arc::clone(&wire) }), Clock::System));
    *wire.listening.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
}
