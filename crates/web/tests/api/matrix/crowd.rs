//! Customers, friends of theirs, and halls with lights that answer; and what has happened at networks the day before.

use kernel::{HOUR, MINUTE};
use platform::identity::Role;
use sandbox::{Firmware, Returned, Troubles};
use serde_json::{Value, json};
use testkit::{Client, Hall, Program, TestServer};

use super::people::{Owner, People, Who};
use crate::support::pay::{Till, id};
use crate::support::project;
use crate::support::split::people as among;

/// What takes a day: sessions of the console are shorter, and so begin after it.
pub struct Past<'a> {
    till: Till<'a>,
    stuck: [String; 2],
    difference: String,
}

impl<'a> Past<'a> {
    pub async fn new(server: &'a TestServer) -> Self {
        let till = Till::open(server).await;
        let (one, two) = (till.customer("13700000000").await, till.customer("13700000001").await);
        let order = till.recharged(&one, "past-0001", "native", 3_000).await;
        till.recharged(&two, "past-0001", "native", 3_000).await;
        // Past the program: no line of ours answers to it.
        till.networks.refund_elsewhere(&till.number(&order).await, 100).await;
        till.networks.trouble(Troubles { refunds: Returned::Refused, ..Troubles::default() });
        for payer in [&one, &two] {
            payer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_000})).await.ok(202);
        }
        // The network says no three times.
        for _ in 0..4 {
            server.run_jobs().await;
            server.later(5 * MINUTE).await;
        }
        till.networks.trouble(Troubles::default());
        let page = till.root.get("/api/v1/payments/refunds?state=stuck").await.ok(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 2, "{page}");
        let stuck = [0_usize, 1].map(|n| id(&page["items"][n]).to_owned());
        server.later(20 * HOUR).await;
        server.tick().await;
        let days = till.root.get("/api/v1/payments/reconciliation").await.ok(200);
        let difference = id(&days["differences"][0]).to_owned();
        Self { till, stuck, difference }
    }
}

/// One of two, for alice and for the chief.
const fn place(owner: Owner) -> usize {
    match owner {
        Owner::Alice => 0,
        Owner::Chief => 1,
    }
}

pub struct Crowd<'a> {
    till: Till<'a>,
    /// Of another project than the shop.
    pub program: Program,
    customers: [Client; 2],
    guest: Client,
    friends: [Client; 2],
    /// On the first table of each the rules are tried; on the second a friend plays all the time.
    pub halls: [Hall<'a>; 2],
    /// Whose bills friends share with whoever has the link.
    splits: [Value; 2],
    stuck: [String; 2],
    difference: String,
}

impl<'a> Crowd<'a> {
    pub async fn new(past: Past<'a>, server: &'a TestServer, people: &People) -> Self {
        let Past { till, stuck, difference } = past;
        let program = project(server, &people.root, "another shop", json!({})).await;
        let elsewhere = server.user(Role::VenueManager, "elsewhere").await;
        let halls = [
            Hall::of(server, people.client(Who::Venue).clone(), 2, Firmware::Tasmota).await,
            Hall::of(server, elsewhere, 2, Firmware::Tasmota).await,
        ];
        let staff = format!("/api/v1/venues/{}/staff", halls[0].id);
        for name in ["maintainer", "counter"] {
            people.root.post(&staff, json!({"name": name})).await.ok(200);
        }
        for hall in &halls {
            let offers = json!({"pause_minutes": 60, "pause_lit": false, "cleaning_minutes": 0, "hold_minutes": 15, "version": 0});
            people.root.put(&format!("/api/v1/venues/{}/offers", hall.id), offers).await.ok(200);
        }
        let customers = [rich(&till, 0).await, rich(&till, 1).await];
        let friends = [rich(&till, 2).await, rich(&till, 3).await];
        let splits = [shared(&halls[0], &friends[0]).await, shared(&halls[1], &friends[1]).await];
        let guest = guest(server).await;
        Self { till, program, customers, guest, friends, halls, splits, stuck, difference }
    }

    pub const fn customer(&self, owner: Owner) -> &Client {
        &self.customers[place(owner)]
    }
    pub const fn friend(&self, owner: Owner) -> &Client {
        &self.friends[place(owner)]
    }
    pub const fn hall(&self, owner: Owner) -> &Hall<'a> {
        &self.halls[place(owner)]
    }
    /// A friend's split that stays open.
    pub const fn split(&self, owner: Owner) -> &Value {
        &self.splits[place(owner)]
    }
    pub fn stuck(&self, owner: Owner) -> String {
        self.stuck[place(owner)].clone()
    }
    /// Settled twice it is settled: one will do for both.
    pub fn difference(&self) -> String {
        self.difference.clone()
    }

    /// All customers whom rules are tried with.
    pub fn customers(&self) -> [&Client; 3] {
        [&self.customers[0], &self.customers[1], &self.guest]
    }

    pub const fn customer_of(&self, who: Who) -> Option<&Client> {
        match who {
            Who::Customer => Some(&self.customers[0]),
            Who::OtherCustomer => Some(&self.customers[1]),
            Who::Guest => Some(&self.guest),
            _ => None,
        }
    }

    /// Another customer, or guest, for what ends the asker.
    pub async fn spare(&self, server: &TestServer, who: Who, n: u32) -> Client {
        if who == Who::Guest { guest(server).await } else { self.till.customer(&format!("135{n:08}")).await }
    }
}

/// A customer whose money came by a network.
async fn rich(till: &Till<'_>, n: u32) -> Client {
    let customer = till.customer(&format!("136{n:08}")).await;
    till.recharged(&customer, "money-0001", "native", 100_000).await;
    customer
}

async fn guest(server: &TestServer) -> Client {
    let visitor = server.visitor();
    let welcome = visitor.post("/customer/v1/guests", json!({})).await.ok(201);
    visitor.with_token(welcome["token"].as_str().unwrap())
}

/// A bill that twenty can share, of three hours: longer than all rules together take.
async fn shared(hall: &Hall<'_>, friend: &Client) -> Value {
    let table = &hall.tables[1].id;
    let ask = json!({"minutes": 180, "expected_fen": 10_800});
    let session = friend.post_once("friend-open", &format!("/customer/v1/tables/{table}/open"), ask).await.ok(202);
    hall.is(table, "playing").await;
    let path = format!("/customer/v1/sessions/{}/split", id(&session));
    friend.post_once("friend-split", &path, among(20, 10_800)).await.ok(201)
}
