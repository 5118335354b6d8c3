//! A hall for a test: a real broker, lamps that speak its protocol, and customers.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use broker::{Doorkeeper, Rights};
use gateway::{Ear, Mqtt, MqttConfig};
use kernel::Clock;
use platform::Cx;
use platform::identity::Role;
use sandbox::{Firmware, Lamp, Trouble};
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use venue::Venue;
use venue::devices::{self, Heard, Wire};

use crate::{Client, TestServer};

/// The way to devices: none until there is a broker.
#[derive(Default)]
pub(crate) struct Switch {
    way: RwLock<Option<Mqtt>>,
    /// Of the broker inside.
    expel: RwLock<Option<broker::Expel>>,
    cut: AtomicBool,
    /// The next message that is sent waits for this.
    held_up: Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
    /// Messages that were sent to devices.
    sent: AtomicU64,
    /// The last echo that has come back, and was taken in.
    echo: watch::Sender<u64>,
    /// The connection to the broker.
    listening: Mutex<Option<JoinHandle<()>>>,
    /// How often the program has come to the broker, and has asked its devices how they stand.
    back: watch::Sender<u64>,
}

impl Switch {
    /// Asks a lamp to say something again, and waits until it has, and that has been taken in.
    async fn echo(&self, lamp: &Lamp) {
        let mut echo = self.echo.subscribe();
        let number = *echo.borrow_and_update() + 1;
        let (topic, payload) = lamp.echo(&format!("echo-{number}"));
        self.send(&topic, &payload).await.expect("the broker takes it");
        let back = tokio::time::timeout(Duration::from_secs(30), echo.wait_for(|back| *back == number)).await;
        assert!(back.is_ok(), "a lamp does not say again what it was asked to: {topic}");
    }
}

/// What lamps are asked to say again has this before its number.
const ECHO: &[u8] = b"\"echo-";

/// The program's ear, which tells when an echo has come through it: whatever its device said before has been taken in by then.
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
        if let Some(expel) = &*self.expel.read().unwrap_or_else(PoisonError::into_inner) {
            expel.user(topic);
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

/// The broker inside, or somebody else's.
pub(crate) enum Broker {
    Inside(broker::Broker),
    Outside(SocketAddr),
}

const OURSELVES: &str = "cuekey";

struct Door(Arc<Venue>);

#[async_trait]
impl Doorkeeper for Door {
    async fn admit(&self, _: &str, user: Option<&str>, password: Option<&[u8]>) -> Option<Rights> {
        let (user, password) = (user?, password?);
        if user == OURSELVES {
            return (password == b"ours").then_some(Rights::All);
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
        *wire.expel.write().unwrap_or_else(PoisonError::into_inner) = Some(broker.expel());
        connect(venue, wire, broker.address());
        Self::Inside(broker)
    }

    /// Mosquitto, as `cargo xtask services` starts it.
    ///
    /// # Panics
    /// When it was not started.
    pub fn outside(venue: Arc<Venue>, wire: Arc<Switch>) -> Self {
        let address = std::env::var("CUEKEY_TEST_MQTT").expect("CUEKEY_TEST_MQTT: start `cargo xtask services`");
        let address = address.parse().expect("an address");
        connect(venue, wire, address);
        Self::Outside(address)
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::Inside(broker) => broker.address(),
            Self::Outside(address) => *address,
        }
    }
}

fn connect(venue: Arc<Venue>, wire: Arc<Switch>, broker: SocketAddr) {
    let config = MqttConfig {
        host: broker.ip().to_string(),
        port: broker.port(),
        user: OURSELVES.into(),
        password: "ours".into(),
        // Tests share a broker that is outside.
        client_id: format!("cuekey-test-{:016x}", venue.platform.random.u64()),
    };
    let (mqtt, listening) = Mqtt::new(&config);
    *wire.way.write().unwrap_or_else(PoisonError::into_inner) = Some(mqtt);
    // The network's pauses are real ones.
    let task = tokio::spawn(listening.run(Arc::new(Listener { venue, wire: Arc::clone(&wire) }), Clock::System));
    *wire.listening.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
}

/// A table of the hall with its lamp.
pub struct PlayTable {
    pub id: String,
    pub code: String,
    pub lamp: Arc<Lamp>,
    pub device: String,
}

/// A hall, its manager, and its tables.
pub struct Hall<'a> {
    pub(crate) server: &'a TestServer,
    pub manager: Client,
    pub id: String,
    pub tables: Vec<PlayTable>,
}

/// 36 yuan an hour, by the minute, three minutes free.
pub fn tariff() -> Value {
    json!({"per_hour": 3_600, "unit_minutes": 1, "grace_minutes": 3})
}

impl<'a> Hall<'a> {
    /// With so many tables, all in service.
    pub async fn open(server: &'a TestServer, tables: usize) -> Self {
        Self::with(server, tables, Firmware::Tasmota).await
    }

    /// The same, with lamps of this kind.
    pub async fn with(server: &'a TestServer, tables: usize, firmware: Firmware) -> Self {
        let manager = server.user(Role::VenueManager, "manager").await;
        // In a box, as what lies deep in tests is.
        Box::pin(Self::of(server, manager, tables, firmware)).await
    }

    /// The same, of somebody who is there: no two halls of a test have one manager.
    pub async fn of(server: &'a TestServer, manager: Client, tables: usize, firmware: Firmware) -> Self {
        let hall = json!({"name": "旗舰店", "time_zone": "Asia/Shanghai", "tariff": tariff()});
        let hall = manager.post_once("hall-0001", "/api/v1/venues", hall).await.ok(201);
        let mut hall = Self { server, manager, id: hall["id"].as_str().expect("an id").into(), tables: Vec::new() };
        for n in 1..=tables {
            hall.add_table(n, firmware).await;
        }
        hall
    }

    /// Another relay on the hall's broker.
    pub async fn plug_in(&self, firmware: Firmware, user: &str, password: &str) -> Arc<Lamp> {
        let broker = self.server.broker().await.address();
        let lamp = Arc::new(Lamp::start(broker, firmware, user, password, self.server.clock.clone()));
        self.server.lamps.lock().await.push(Arc::downgrade(&lamp));
        lamp
    }

    async fn add_table(&mut self, n: usize, firmware: Firmware) {
        let (path, form) = (format!("/api/v1/venues/{}/tables", self.id), json!({"name": format!("{n} 号台")}));
        let table = self.manager.post_once(&format!("table-{n:04}"), &path, form).await.ok(201);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let id = text(&table["id"]);
        let device =
            json!({"table_id": id, "driver": if firmware == Firmware::Tasmota { "tasmota" } else { "shelly" }, "name": format!("灯 {n}")});
        let device = self.manager.post("/api/v1/devices", device).await.ok(201);
        let (user, password) = (text(&device["user"]), text(&device["password"]));
        let lamp = self.plug_in(firmware, &user, &password).await;
        self.tables.push(PlayTable { code: text(&table["code"]), lamp, device: text(&device["device"]["id"]), id: id.clone() });
        self.until(|floor| floor_table(floor, &id)["device"]["reported"] == json!(false)).await;
        self.manager.post(&format!("/api/v1/tables/{id}/in-service"), json!({"note": ""})).await.ok(200);
    }

    pub async fn floor(&self) -> Value {
        self.manager.get(&format!("/api/v1/venues/{}/floor", self.id)).await.ok(200)
    }

    /// The floor, as soon as it looks like this; jobs are carried out meanwhile.
    ///
    /// # Panics
    /// When it does not look like it for half a minute.
    pub async fn until(&self, looks: impl Fn(&Value) -> bool) -> Value {
        let mut news = self.server.venue.news.subscribe();
        let look = async {
            loop {
                self.server.run_jobs().await;
                let floor = self.floor().await;
                if looks(&floor) {
                    return floor;
                }
                // What a lamp answers comes by the network, and wakes us; a job that is due later waits for the clock.
                let _ = tokio::time::timeout(Duration::from_millis(200), news.changed()).await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(30), look).await {
            Ok(floor) => floor,
            Err(_) => panic!("the floor does not come to look so: {}", self.floor().await),
        }
    }

    /// Somebody has mended a table's light, sees it on, and returns the table to service.
    pub async fn is_mended(&self, id: &str) {
        let path = format!("/api/v1/tables/{id}");
        self.manager.post(&format!("{path}/light-test"), json!({})).await.ok(200);
        self.until(|floor| floor_table(floor, id)["device"]["reported"] == true).await;
        self.manager.delete(&format!("{path}/light")).await.ok(200);
        self.until(|floor| floor_table(floor, id)["device"]["reported"] == false).await;
        self.manager.post(&format!("{path}/in-service"), json!({"note": "修好了"})).await.ok(200);
    }

    /// A table, as soon as it is in this state.
    pub async fn table_is(&self, n: usize, state: &str) -> Value {
        self.is(&self.tables[n].id, state).await
    }

    /// The same, by the table's id.
    pub async fn is(&self, id: &str, state: &str) -> Value {
        floor_table(&self.until(|floor| floor_table(floor, id)["state"] == state).await, id).clone()
    }

    /// Somebody who has signed in with a phone, with so much in the wallet.
    pub async fn customer(&self, fen: i64) -> Client {
        let phone = format!("138{:08}", self.server.platform.random.below(100_000_000));
        let welcome = self.server.sign_in_by_phone(&self.server.visitor(), &phone).await;
        let customer = self.server.visitor().with_token(welcome["token"].as_str().expect("a token"));
        if fen > 0 {
            let key = format!("cash-{}", welcome["customer"]["number"].as_str().expect("a number"));
            let cash = json!({"number": welcome["customer"]["number"], "amount_fen": fen});
            self.manager.post_once(&key, "/api/v1/customers/recharge", cash).await.ok(200);
        }
        customer
    }

    /// Opens a table for an hour, and answers the session once its light is on.
    pub async fn play(&self, customer: &Client, n: usize, minutes: i64) -> Value {
        self.play_at(customer, &self.tables[n].id, minutes).await
    }

    /// The same, by the table's id.
    pub async fn play_at(&self, customer: &Client, id: &str, minutes: i64) -> Value {
        let view = customer.get(&format!("/customer/v1/tables/{id}")).await.ok(200);
        let quote = view["quotes"].as_array().expect("quotes").iter().find(|quote| quote["minutes"] == minutes).expect("a quote").clone();
        let ask = json!({"minutes": minutes, "expected_fen": quote["price_fen"]});
        let session = customer
            .post_once(&format!("open-{:016x}", self.server.platform.random.u64()), &format!("/customer/v1/tables/{id}/open"), ask)
            .await
            .ok(202);
        self.is(id, "playing").await;
        customer.get(&format!("/customer/v1/sessions/{}", session["id"].as_str().expect("an id"))).await.ok(200)
    }
}

impl TestServer {
    /// Asks for a code and signs in with it.
    pub async fn sign_in_by_phone(&self, who: &Client, phone: &str) -> Value {
        // Each from an address of its own: how often one may ask is another question.
        let [a, b, c, _] = self.platform.random.bytes();
        let who = who.from([10, a, b, c]);
        let sent = who.post("/customer/v1/phone-codes", json!({"phone": phone})).await.ok(202);
        let code = self.code_of(phone).await;
        who.post("/customer/v1/sign-in", json!({"ticket": sent["ticket"], "phone": phone, "code": code})).await.ok(200)
    }

    /// Once every lamp has heard what it was told and what it said has been taken in: nothing is on its way. Of those that hear and answer.
    ///
    /// # Panics
    /// When one does not say again what it is asked to.
    pub async fn settles(&self) {
        loop {
            self.run_jobs().await;
            let sent = self.wire.sent.load(Ordering::Relaxed);
            let mut asked = 0;
            for lamp in self.lamps.lock().await.iter().filter_map(Weak::upgrade) {
                let answers = matches!(lamp.trouble(), Trouble::None | Trouble::Dark | Trouble::Stuck) && lamp.seen().connected;
                if answers && !self.wire.cut.load(Ordering::Relaxed) {
                    self.wire.echo(&lamp).await;
                    asked += 1;
                }
            }
            self.run_jobs().await;
            // What was taken in may have led to something else.
            if self.wire.sent.load(Ordering::Relaxed) == sent + asked {
                return;
            }
        }
    }

    /// So much time passes, and nothing that was said before it is heard after it.
    pub async fn later(&self, micros: i64) {
        self.settles().await;
        self.clock.step(micros);
    }

    /// From now on nothing is taken that is sent to devices, or again; what they say is heard.
    pub fn cut_the_wire(&self, cut: bool) {
        self.wire.cut.store(cut, Ordering::Relaxed);
    }

    /// The next message to a device is held up, as where whoever sends it has looked what to say, and stalls. The first of what this answers says
    /// when it is; the second lets it go.
    pub fn holds_up_the_next_message(&self) -> (oneshot::Receiver<()>, oneshot::Sender<()>) {
        let ((reached, is_reached), (go, is_let_go)) = (oneshot::channel(), oneshot::channel());
        *self.wire.held_up.lock().unwrap_or_else(PoisonError::into_inner) = Some((reached, is_let_go));
        (is_reached, go)
    }

    /// As after a connection that broke: the program comes to the broker anew, and is told what that keeps.
    ///
    /// # Panics
    /// When it does not come there for half a minute.
    pub async fn comes_back_to_the_broker(&self) {
        let broker = self.broker().await.address();
        let before = self.wire.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(before) = before {
            before.abort();
            // It says that it was aborted, once nothing of it hears any more.
            let _ = before.await;
        }
        let mut back = self.wire.back.subscribe();
        connect(Arc::clone(&self.venue), Arc::clone(&self.wire), broker);
        let came = tokio::time::timeout(Duration::from_secs(30), back.changed()).await;
        assert!(matches!(came, Ok(Ok(()))), "the broker does not let the program in");
    }

    /// What the broker keeps under a topic.
    ///
    /// # Panics
    /// When that is nothing for half a minute.
    pub async fn kept_by_the_broker(&self, topic: &str) -> String {
        let kept = sandbox::kept(self.broker().await.address(), OURSELVES, "ours", topic);
        tokio::time::timeout(Duration::from_secs(30), kept).await.expect("the broker keeps something")
    }

    /// The latest code that was sent to a phone.
    pub async fn code_of(&self, phone: &str) -> String {
        let mails = self.mails(phone).await;
        let (_, text) = mails.iter().rfind(|(subject, _)| subject.ends_with("code")).expect("a code was sent");
        text.split(' ').next_back().expect("a code").to_owned()
    }
}

/// A table on a floor.
pub fn floor_table<'a>(floor: &'a Value, id: &str) -> &'a Value {
    floor["tables"].as_array().expect("tables").iter().find(|table| table["id"] == id).expect("the table")
}
