//! A service that looks at requests with an SDK's own functions.

use serde_json::{Value, json};

use crate::process::{Peers, change, with};

pub struct Stub {
    peers: Peers,
    /// Where our clients reach it, as they are told: host and port of text services, the whole address of networks.
    pub at: String,
}

impl Stub {
    /// One of this SDK's, that knows whom `own` tells it.
    pub async fn open(sdk: &str, own: Value) -> Self {
        let peers = Peers::start();
        let at = peers.ask(with(&own, json!({ "do": format!("{sdk}.serve") }))).await.unwrap();
        Self { peers, at: at.as_str().unwrap().to_owned() }
    }

    /// From now on this byte of each message is another: of a part of requests before the SDK sees them, or of answers after it has signed them.
    pub async fn change(&self, part: &str, at: usize) {
        self.peers.ask(with(&change(part, at), json!({ "do": "stub.change" }))).await.unwrap();
    }

    /// What it answers from now on, and signs.
    pub async fn say(&self, status: u16, body: &Value) {
        self.peers.ask(json!({"do": "stub.say", "status": status, "text": body.to_string()})).await.unwrap();
    }

    pub async fn say_nothing(&self, status: u16) {
        self.peers.ask(json!({"do": "stub.say", "status": status, "text": ""})).await.unwrap();
    }

    pub async fn change_nothing(&self) {
        self.peers.ask(json!({"do": "stub.change", "change": null})).await.unwrap();
    }

    /// The newest request's parts, as it came.
    pub async fn newest(&self) -> Value {
        self.peers.ask(json!({ "do": "transit.newest" })).await.unwrap()
    }

    /// All that the SDK has read out of requests that it believed.
    pub async fn taken(&self) -> Vec<Value> {
        self.peers.ask(json!({ "do": "stub.taken" })).await.unwrap().as_array().unwrap().clone()
    }
}
