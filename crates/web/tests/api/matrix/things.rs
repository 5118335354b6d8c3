//! What the rules are about: one thing of each kind, made anew for whoever may use it up.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::Method;
use platform::identity::Role;
use serde_json::{Value, json};
use store::jobs::NewJob;
use testkit::{Client, Program, TestServer};

use super::crowd::{Crowd, Past};
use super::people::{Owner, People, Who};
use super::thing::Thing;
use crate::support::{grant, project};

pub struct World<'a> {
    pub server: &'a TestServer,
    pub people: People,
    n: AtomicU32,
    shop: Program,
    crowd: Option<Crowd<'a>>,
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

impl<'a> World<'a> {
    pub async fn new(server: &'a TestServer) -> Self {
        let people = People::new(server).await;
        let shop = project(server, &people.root, "shop", json!({"unbind_limit": null})).await;
        for owner in [&people.alice, &people.chief] {
            grant(&people.root, &shop.project, owner).await;
        }
        Self { server, people, n: AtomicU32::new(0), shop, crowd: None }
    }

    /// The same with customers, halls where they play, networks by which they pay, and another project's program.
    pub async fn with_customers(server: &'a TestServer) -> Self {
        // First of all, for it takes a day, and nobody's session lasts as long.
        let past = Box::pin(Past::new(server)).await;
        let world = Self::new(server).await;
        let crowd = Box::pin(Crowd::new(past, server, &world.people)).await;
        Self { crowd: Some(crowd), ..world }
    }

    pub(super) fn crowd(&self) -> &Crowd<'a> {
        self.crowd.as_ref().expect("a world with customers")
    }

    /// As what somebody asks, but for what a program signs.
    pub fn client(&self, who: Who) -> &Client {
        self.crowd().customer_of(who).unwrap_or_else(|| self.people.client(who))
    }

    pub fn program(&self, who: Who) -> Option<&Program> {
        match who {
            Who::Program => Some(&self.shop),
            Who::OtherProgram => Some(&self.crowd().program),
            _ => None,
        }
    }

    /// Somebody else of the same kind ([`People::spare`]).
    pub async fn spare(&self, who: Who) -> (Client, String) {
        if who.is_customer() {
            return (self.crowd().spare(self.server, who, self.n()).await, String::new());
        }
        self.people.spare(self.server, who).await
    }

    pub fn n(&self) -> u32 {
        self.n.fetch_add(1, Ordering::Relaxed)
    }

    /// A key that no request has had.
    pub fn once(&self) -> String {
        format!("matrix-{:08}", self.n())
    }

    /// A new thing of this kind, this owner's: its id, or what stands for it in a path or body.
    pub async fn make(&self, thing: Thing, owner: Owner) -> String {
        // Ids sort by their time: what is made last is the newest.
        self.server.clock.step(1_000);
        let client = self.people.owner(owner);
        let root = &self.people.root;
        match thing {
            Thing::User => {
                let name = format!("user{}", self.n());
                let (role, superior) = match owner {
                    Owner::Alice => (Role::Agent, Some(&self.people.chief)),
                    Owner::Chief => (Role::AgentAdmin, None),
                };
                self.server.user_under(role, &name, superior).await.id().to_string()
            }
            Thing::DisabledUser => {
                let user = Box::pin(self.make(Thing::User, owner)).await;
                root.post(&format!("/api/v1/users/{user}/disable"), json!({})).await.ok(200);
                user
            }
            Thing::Person => client.id().to_string(),
            Thing::OpenProject => self.project().await,
            Thing::GrantedProject => {
                let project = self.project().await;
                grant(root, &project, client).await;
                project
            }
            Thing::CalledProject => {
                let project = self.project().await;
                let setting = json!({"url": "http://127.0.0.1:9/", "events": []});
                root.put(&format!("/api/v1/projects/{project}/callback"), setting).await.ok(200);
                project
            }
            Thing::Setting => "quota.transfer_minimum".into(),
            Thing::DeadJob => self.dead_job().await,
            Thing::Delivery => {
                let project = Box::pin(self.make(Thing::CalledProject, owner)).await;
                id(&root.post(&format!("/api/v1/projects/{project}/callback/test"), json!({})).await.ok(200))
            }
            Thing::Grant => {
                let body = json!({"project_id": self.project().await, "agent_id": client.id()});
                id(&root.post("/api/v1/grants", body).await.ok(201))
            }
            Thing::Application => {
                let body = json!({"project_id": self.project().await, "reason": "please"});
                id(&client.post("/api/v1/applications", body).await.ok(201))
            }
            Thing::Batch => id(&self.batch(client, 1).await),
            Thing::SlowBatch => id(&self.batch(client, 2_001).await),
            Thing::Key => id(&self.key(client).await),
            Thing::DisabledKey => {
                let key = id(&self.key(client).await);
                client.post("/api/v1/keys/disable", json!({"ids": [key]})).await.ok(200);
                key
            }
            Thing::BoundKey => id(&self.bound_key(client).await),
            Thing::Call => {
                let key = id(&self.bound_key(client).await);
                let page = root.get("/api/v1/calls?limit=1").await.ok(200);
                assert_eq!(page["items"][0]["key_id"], key, "the newest call is that one");
                id(&page["items"][0])
            }
            Thing::QuotaLine => {
                self.recharge(client).await;
                id(&client.get("/api/v1/quota/statement?limit=1").await.ok(200)["items"][0])
            }
            Thing::Withdrawal => id(&self.withdrawal(client).await),
            Thing::ApprovedWithdrawal => {
                let withdrawal = id(&self.withdrawal(client).await);
                root.post(&format!("/api/v1/withdrawals/{withdrawal}/approve"), json!({})).await.ok(200);
                withdrawal
            }
            Thing::Operation => {
                client.patch("/api/v1/me", json!({"language": "en"})).await.ok(200);
                id(&client.get("/api/v1/logs/operations?limit=1").await.ok(200)["items"][0])
            }
            Thing::SignIn => {
                let name = if owner == Owner::Alice { "alice" } else { "chief" };
                self.server.sign_in_row(name, Some(client), "ok").await;
                id(&client.get("/api/v1/logs/sign-ins?limit=1").await.ok(200)["items"][0])
            }
            Thing::Notification => {
                self.recharge(client).await;
                id(&client.get("/api/v1/notifications?limit=1").await.ok(200)["items"][0])
            }
            Thing::Session => {
                self.server.session_of(client.id()).await;
                let page = client.get("/api/v1/me/sessions?limit=1").await.ok(200);
                assert_eq!(page["items"][0]["current"], false, "the newest is the other one");
                id(&page["items"][0])
            }
            Thing::Ticket => {
                let body = json!({"ids": [id(&self.key(client).await)], "format": "csv"});
                let link = client.post("/api/v1/exports/keys", body).await.ok(200);
                link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
            }
            Thing::Hall => self.hall(owner).await,
            Thing::PriceList => {
                let path = format!("/api/v1/venues/{}/price-lists", self.hall(owner).await);
                id(&root.post_once(&self.once(), &path, json!({"name": "list"})).await.ok(201))
            }
            Thing::DarkTable => id(&self.table(owner).await),
            Thing::HallCode => self.table(owner).await["code"].as_str().unwrap().to_owned(),
            Thing::HallTable => {
                let table = id(&self.table(owner).await);
                self.device(&table).await;
                table
            }
            Thing::Complaint => self.complaint(owner).await,
            Thing::KeyText => self.key(client).await["key"].as_str().unwrap().to_owned(),
            Thing::Theirs(theirs) => Box::pin(self.make_theirs(theirs, owner)).await,
            Thing::HallDevice => {
                let table = id(&self.table(owner).await);
                self.device(&table).await
            }
        }
    }

    async fn hall(&self, owner: Owner) -> String {
        let form = json!({"name": "hall", "time_zone": "Asia/Shanghai", "tariff": {"per_hour": 1, "unit_minutes": 1}});
        let hall = id(&self.people.root.post_once(&self.once(), "/api/v1/venues", form).await.ok(201));
        if owner == Owner::Alice {
            for name in ["venue", "maintainer", "counter"] {
                self.people.root.post(&format!("/api/v1/venues/{hall}/staff"), json!({"name": name})).await.ok(200);
            }
        }
        hall
    }

    pub(super) async fn complaint(&self, owner: Owner) -> String {
        let hall = self.hall(owner).await;
        let visitor = self.server.visitor();
        let welcome = self.server.sign_in_by_phone(&visitor, &format!("139{:08}", self.n())).await;
        let customer = visitor.with_token(welcome["token"].as_str().unwrap());
        let form = json!({"matter": "help", "kind": "light", "text": "x", "venue_id": hall});
        id(&customer.post_once(&self.once(), "/customer/v1/complaints", form).await.ok(201))
    }

    async fn table(&self, owner: Owner) -> Value {
        let path = format!("/api/v1/venues/{}/tables", self.hall(owner).await);
        self.people.root.post_once(&self.once(), &path, json!({"name": "table"})).await.ok(201)
    }

    async fn device(&self, table: &str) -> String {
        let form = json!({"table_id": table, "driver": "tasmota", "name": "light"});
        id(&self.people.root.post("/api/v1/devices", form).await.ok(201)["device"])
    }

    async fn project(&self) -> String {
        project(self.server, &self.people.root, &format!("project {}", self.n()), json!({})).await.project
    }

    async fn batch(&self, client: &Client, count: i64) -> Value {
        let body = json!({"project_id": self.shop.project, "count": count, "unit": "day", "validity": 30});
        client.post_once(&self.once(), "/api/v1/batches", body).await.ok(201)
    }

    async fn key(&self, client: &Client) -> Value {
        let batch = id(&self.batch(client, 1).await);
        client.get(&format!("/api/v1/keys?batch={batch}")).await.ok(200)["items"][0].clone()
    }

    async fn bound_key(&self, client: &Client) -> Value {
        let key = self.key(client).await;
        let body = json!({"key": key["key"], "device": {"id": "device"}}).to_string().into_bytes();
        self.shop.send(self.shop.request(Method::POST, "/client/v1/keys/verify", body)).await.ok(200);
        key
    }

    async fn recharge(&self, client: &Client) {
        let path = format!("/api/v1/users/{}/recharge", client.id());
        self.people.root.post_once(&self.once(), &path, json!({"amount": 1, "memo": null})).await.ok(200);
    }

    async fn withdrawal(&self, client: &Client) -> Value {
        let body = json!({"amount": 100, "payee_name": "a", "payee_account": "b", "payee_bank": "c"});
        client.post_once(&self.once(), "/api/v1/withdrawals", body).await.ok(201)
    }

    /// A job that no handler knows is given up at once.
    async fn dead_job(&self) -> String {
        let cx = self.server.cx();
        let mut tx = self.server.platform.db.begin().await.unwrap();
        let job = NewJob::new("test.unknown", &json!({}), cx.now()).unwrap();
        let id = cx.enqueue(&mut tx, job).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        self.server.run_jobs().await;
        id.to_string()
    }
}
