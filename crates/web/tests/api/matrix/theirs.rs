//! How the things of customers come about: as on a day in a hall, with its real lights and the networks' stand-ins.

use kernel::{MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Client, floor_table};

use super::people::Owner;
use super::thing::Theirs;
use super::things::World;
use crate::support::pay::{id, recharge};
use crate::support::play::offer;
use crate::support::split::{code, confirmed, join, people};

/// A little less than ten minutes: six yuan.
const PLAYED: i64 = 9 * MINUTE + 30 * SECOND;
/// What an hour costs.
const HOUR_FEN: i64 = 3_600;

impl World<'_> {
    /// A thing of the owner's customer: its id, or what stands for it.
    pub(super) async fn make_theirs(&self, theirs: Theirs, owner: Owner) -> String {
        let crowd = self.crowd();
        let (customer, hall) = (crowd.customer(owner), crowd.hall(owner));
        match theirs {
            Theirs::FreeTable => self.free_table(owner).await,
            Theirs::HeldTable => {
                let table = self.free_table(owner).await;
                customer.post(&format!("/customer/v1/tables/{table}/hold"), json!({})).await.ok(200);
                table
            }
            Theirs::PlayedTable => {
                self.session(owner).await;
                hall.tables[0].id.clone()
            }
            Theirs::CleanedTable => self.cleaned_table(owner).await,
            Theirs::DeskPlay => self.desk_play(owner).await,
            Theirs::TableOutOfService => {
                let table = self.free_table(owner).await;
                self.people.root.post(&format!("/api/v1/tables/{table}/out-of-service"), json!({"note": "x"})).await.ok(200);
                table
            }
            Theirs::Session => self.session(owner).await,
            Theirs::Split => id(&self.split(owner).await).to_owned(),
            Theirs::EndedSplit => self.ended_split(owner).await,
            Theirs::Link => code(crowd.split(owner)),
            Theirs::Share => self.share(owner).await,
            Theirs::Order => id(&recharge(customer, &self.once(), "native", 1_000).await.ok(201)).to_owned(),
            Theirs::StuckRefund => crowd.stuck(owner),
            Theirs::Difference => crowd.difference(),
            // Of Alipay, whose parameters it has: none have to be told.
            Theirs::Channel => "alipay_freeze".into(),
            Theirs::Message => newest(customer, "/customer/v1/messages?limit=1").await,
            Theirs::WalletLine => newest(customer, "/customer/v1/wallet?limit=1").await,
            Theirs::PointLine => {
                let session = self.session(owner).await;
                self.play_out(customer, owner, &session).await;
                newest(customer, "/customer/v1/points?limit=1").await
            }
            Theirs::OwnComplaint => self.own_complaint(owner).await,
            Theirs::OwnAnswered => {
                let complaint = self.own_complaint(owner).await;
                self.answered(complaint).await
            }
            Theirs::Answered => {
                let complaint = self.complaint(owner).await;
                self.answered(complaint).await
            }
            Theirs::Billed => self.billed(owner).await,
        }
    }

    /// Nobody plays on the tables where rules are tried, or holds them, in either hall: who has opened one there may open and hold another.
    async fn clear(&self) {
        for hall in &self.crowd().halls {
            let table = &hall.tables[0].id;
            let floor = hall
                .until(|floor| {
                    let state = &floor_table(floor, table)["state"];
                    state != "opening" && state != "closing"
                })
                .await;
            let (verb, body) = match floor_table(&floor, table)["state"].as_str().unwrap() {
                "reserved" => ("release", json!({})),
                "playing" | "paused" => ("close", json!({"why": "x"})),
                "maintenance" => ("in-service", json!({"note": ""})),
                "cleaning" => ("cleaned", json!({})),
                _ => continue,
            };
            self.people.root.post(&format!("/api/v1/tables/{table}/{verb}"), body).await.ok(200);
            hall.is(table, "idle").await;
        }
    }

    async fn free_table(&self, owner: Owner) -> String {
        self.clear().await;
        self.crowd().hall(owner).tables[0].id.clone()
    }

    async fn desk_play(&self, owner: Owner) -> String {
        let table = self.free_table(owner).await;
        let ask = json!({"minutes": 60, "expected_fen": HOUR_FEN, "cash_fen": HOUR_FEN});
        let opened = self.people.root.post_once(&self.once(), &format!("/api/v1/tables/{table}/desk-open"), ask).await.ok(202);
        self.crowd().hall(owner).is(&table, "playing").await;
        id(&opened["session"]).to_owned()
    }

    /// The one that the customer plays, where it is as it was begun, and not shared; or a new one.
    async fn session(&self, owner: Owner) -> String {
        let (customer, hall) = (self.crowd().customer(owner), self.crowd().hall(owner));
        let now = customer.get("/customer/v1/session").await.ok(200)["session"].clone();
        let untouched = now["state"] == "playing"
            && now["table_id"] == hall.tables[0].id.as_str()
            && now["held_fen"] == HOUR_FEN
            && now["pause"]["since"].is_null();
        if !untouched {
            self.clear().await;
            return id(&hall.play(customer, 0, 60).await).to_owned();
        }
        let shared = customer.get(&format!("/customer/v1/sessions/{}/split", id(&now))).await.ok(200)["split"].clone();
        if shared["state"] == "open" {
            customer.post(&format!("/customer/v1/splits/{}/cancel", id(&shared)), json!({})).await.ok(200);
        }
        id(&now).to_owned()
    }

    /// Among the customer and two others.
    async fn split(&self, owner: Owner) -> Value {
        let path = format!("/customer/v1/sessions/{}/split", self.session(owner).await);
        self.crowd().customer(owner).post_once(&self.once(), &path, people(3, HOUR_FEN)).await.ok(201)
    }

    async fn ended_split(&self, owner: Owner) -> String {
        let (customer, friend) = (self.crowd().customer(owner), self.crowd().friend(owner));
        let split = self.split(owner).await;
        join(friend, &split, None).await.ok(200);
        confirmed(friend, &split, &self.once(), HOUR_FEN).await;
        self.play_out(customer, owner, split["session_id"].as_str().unwrap()).await;
        id(&split).to_owned()
    }

    /// The hall cleans for as long as this table takes to get there: what other rules play on is free at once.
    async fn cleaned_table(&self, owner: Owner) -> String {
        let (customer, hall) = (self.crowd().customer(owner), self.crowd().hall(owner));
        let session = self.session(owner).await;
        offer(hall, 60, false, 10).await;
        self.server.later(5 * MINUTE).await;
        customer.post(&format!("/customer/v1/sessions/{session}/close"), json!({})).await.ok(200);
        hall.table_is(0, "cleaning").await;
        offer(hall, 60, false, 0).await;
        hall.tables[0].id.clone()
    }

    /// Some minutes later it is closed.
    async fn play_out(&self, customer: &Client, owner: Owner, session: &str) {
        self.server.later(PLAYED).await;
        customer.post(&format!("/customer/v1/sessions/{session}/close"), json!({})).await.ok(200);
        self.crowd().hall(owner).table_is(0, "idle").await;
    }

    /// Whoever else has taken a share there gives it back.
    async fn share(&self, owner: Owner) -> String {
        let split = self.crowd().split(owner);
        for customer in self.crowd().customers() {
            let left = customer.post(&format!("/customer/v1/split-codes/{}/leave", code(split)), json!({})).await;
            // What its owner has confirmed stays.
            assert!(matches!(left.status.as_u16(), 200 | 409), "{}", left.text());
        }
        join(self.crowd().customer(owner), split, None).await.ok(200);
        id(split).to_owned()
    }

    /// The newest, while it is open: how many one may make in an hour is bounded.
    async fn own_complaint(&self, owner: Owner) -> String {
        let customer = self.crowd().customer(owner);
        let newest = customer.get("/customer/v1/complaints?limit=1").await.ok(200)["items"][0].clone();
        if newest["state"] == "open" {
            return id(&newest).to_owned();
        }
        let form = json!({"matter": "complaint", "kind": "other", "text": "x", "venue_id": self.crowd().hall(owner).id});
        id(&customer.post_once(&self.once(), "/customer/v1/complaints", form).await.ok(201)).to_owned()
    }

    async fn answered(&self, complaint: String) -> String {
        self.people.root.post(&format!("/api/v1/complaints/{complaint}/answer"), json!({"text": "x"})).await.ok(200);
        complaint
    }

    async fn billed(&self, owner: Owner) -> String {
        self.clear().await;
        let hall = self.crowd().hall(owner);
        let customer = hall.customer(10_000).await;
        let session = hall.play(&customer, 0, 60).await;
        self.play_out(&customer, owner, id(&session)).await;
        let form = json!({"matter": "complaint", "kind": "price", "text": "x", "session_id": session["id"]});
        id(&customer.post_once(&self.once(), "/customer/v1/complaints", form).await.ok(201)).to_owned()
    }
}

async fn newest(customer: &Client, path: &str) -> String {
    id(&customer.get(path).await.ok(200)["items"][0]).to_owned()
}
