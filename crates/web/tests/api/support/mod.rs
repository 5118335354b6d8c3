//! A project, an agent who may make keys for it, and the program that verifies them.

pub mod board;
pub mod desk;
pub mod freeze;
pub mod hold;
pub mod merchant;
pub mod pay;
pub mod phone;
pub mod play;
pub mod power;
pub mod sign_in;
pub mod split;

use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, Program, TestServer};

pub struct Shop {
    pub root: Client,
    pub agent: Client,
    pub program: Program,
}

/// A project with prices, granted to `alice`, who has 1,000,000 of quota.
pub async fn shop(server: &TestServer) -> Shop {
    shop_with(server, json!({})).await
}

/// The same, with other settings of the project.
pub async fn shop_with(server: &TestServer, settings: Value) -> Shop {
    let root = server.user(Role::SuperAdmin, "root").await;
    let agent = server.user(Role::Agent, "alice").await;
    for user in [&root, &agent] {
        server.keep_signed_in(user).await;
    }
    server.issue(&agent, 1_000_000).await;
    let program = project(server, &root, "绘图大师", settings).await;
    grant(&root, &program.project, &agent).await;
    Shop { root, agent, program }
}

pub async fn project(server: &TestServer, root: &Client, name: &str, settings: Value) -> Program {
    let mut body = json!({
        "name": name, "description": "", "version": "1.0", "parameters": {}, "devices_per_key": 1, "unbind_limit": null,
        "rate_per_minute": 100_000, "open_for_application": true,
        "prices": [{"unit": "day", "count": 30, "price": 10}, {"unit": "minute", "count": 5, "price": 1}, {"unit": "month", "count": 1, "price": 12},
                   {"unit": "forever", "count": 0, "price": 100}, {"unit": "hour", "count": 1, "price": 0}],
    });
    if let (Some(body), Some(settings)) = (body.as_object_mut(), settings.as_object()) {
        body.extend(settings.clone());
    }
    Program::new(server, &root.post("/api/v1/projects", body).await.ok(201))
}

pub async fn grant(root: &Client, project: &str, agent: &Client) {
    root.post("/api/v1/grants", json!({"project_id": project, "agent_id": agent.id()})).await.ok(201);
}

impl Shop {
    /// Asks for a batch and answers it.
    pub async fn batch(&self, count: i64, unit: &str, validity: i64) -> Value {
        let body = json!({"project_id": self.program.project, "count": count, "unit": unit, "validity": validity});
        let key = format!(
            "batch-{count}-{unit}-{validity}-{}",
            self.agent.get("/api/v1/batches?limit=200").await.ok(200)["items"].as_array().map_or(0, Vec::len)
        );
        self.agent.post_once(&key, "/api/v1/batches", body).await.ok(201)
    }

    /// Texts of new keys.
    pub async fn keys(&self, count: i64, unit: &str, validity: i64) -> Vec<String> {
        let batch = self.batch(count, unit, validity).await;
        let url = format!("/api/v1/keys?limit=200&batch={}", batch["id"].as_str().unwrap());
        let page = self.agent.get(&url).await.ok(200);
        page["items"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap().to_owned()).collect()
    }

    pub async fn key(&self) -> String {
        self.keys(1, "day", 30).await.remove(0)
    }

    /// The id of a key.
    pub async fn id_of(&self, key: &str) -> String {
        let page = self.agent.get(&format!("/api/v1/keys?key={key}")).await.ok(200);
        page["items"][0]["id"].as_str().unwrap().to_owned()
    }
}
