//! A hall for a test: lamps that speak a real protocol by a real broker, and customers.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use kernel::MINUTE;
use platform::identity::Role;
use sandbox::{Firmware, Lamp, Trouble};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::relay::driver;
use crate::wire::{self, OURSELVES};
use crate::{Client, TestServer};

/// A table of the hall with its lamp.
pub struct PlayTable {
    pub id: String,
    pub code: String,
    pub lamp: Arc<Lamp>,
    pub device: String,
    /// What was entered into the lamp: its topic, and its password.
    pub user: String,
    pub password: String,
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
        // Whoever counts from here what lamps were told counts nothing of their beginning.
        server.settles().await;
        hall
    }

    /// Another relay on the hall's broker.
    pub async fn plug_in(&self, firmware: Firmware, user: &str, password: &str) -> Arc<Lamp> {
        self.plug_in_relay(firmware, user, password, 1).await
    }

    async fn add_table(&mut self, n: usize, firmware: Firmware) {
        let (path, form) = (format!("/api/v1/venues/{}/tables", self.id), json!({"name": format!("{n} 号台")}));
        let table = self.manager.post_once(&format!("table-{n:04}"), &path, form).await.ok(201);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let id = text(&table["id"]);
        let device = json!({"table_id": id, "driver": driver(firmware), "name": format!("灯 {n}")});
        let device = self.manager.post("/api/v1/devices", device).await.ok(201);
        let (user, password) = (text(&device["user"]), text(&device["password"]));
        let lamp = self.plug_in(firmware, &user, &password).await;
        let (code, device) = (text(&table["code"]), text(&device["device"]["id"]));
        self.tables.push(PlayTable { id: id.clone(), code, lamp, device, user, password });
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
            let cash = json!({"venue_id": self.id, "number": welcome["customer"]["number"], "amount_fen": fen});
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
                let answers =
                    matches!(lamp.trouble(), Trouble::None | Trouble::Dark | Trouble::Stuck | Trouble::Welded) && lamp.seen().connected;
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

    /// So much time passes under a server that is there, which winds the lamps' own timers meanwhile.
    pub async fn passes(&self, micros: i64) {
        let half_hours = micros / (30 * MINUTE);
        for _ in 0..half_hours {
            self.later(30 * MINUTE).await;
            self.tick().await;
        }
        self.later(micros - half_hours * 30 * MINUTE).await;
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
        wire::connect(Arc::clone(&self.venue), Arc::clone(&self.wire), broker);
        let came = tokio::time::timeout(Duration::from_secs(30), back.changed()).await;
        assert!(matches!(came, Ok(Ok(()))), "the broker does not let the program in");
    }

    /// What the broker keeps under a topic.
    ///
    /// # Panics
    /// When that is nothing for half a minute.
    pub async fn kept_by_the_broker(&self, topic: &str) -> String {
        let kept = sandbox::kept(self.broker().await.address(), OURSELVES.0, OURSELVES.1, topic);
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
