//! K3.2b, K8.2: the end of a key's validity is told once, whatever happens to the key meanwhile.

use kernel::{MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Receiver, TestServer, on_server};

use crate::support::{Shop, shop};

/// A key that is good for five minutes from now, of a project that wants to hear of ends.
struct Ending {
    shop: Shop,
    ticked: Value,
    receiver: Receiver,
}

impl Ending {
    async fn new(server: &TestServer) -> Self {
        let (shop, receiver) = (shop(server).await, Receiver::start().await);
        let callback = format!("/api/v1/projects/{}/callback", shop.program.project);
        shop.root.put(&callback, json!({"url": receiver.url(), "events": ["key.expired"]})).await.ok(200);
        let key = shop.keys(1, "minute", 5).await.remove(0);
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
        let ticked = json!({"ids": [shop.id_of(&key).await]});
        Self { shop, ticked, receiver }
    }

    async fn change(&self, what: &str) {
        let changed = self.shop.agent.post(&format!("/api/v1/keys/{what}"), self.ticked.clone()).await.ok(200);
        assert_eq!(changed["changed"], 1);
    }

    /// How often the owner has heard of the end.
    async fn told(&self, server: &TestServer) -> usize {
        server.run_jobs().await;
        self.receiver.received().len()
    }
}

on_server! {
    async fn k8_2_a_key_whose_end_comes_while_it_is_disabled_is_told_of_when_it_is_enabled(server) {
        let key = Ending::new(server).await;
        key.change("disable").await;
        server.clock.step(6 * MINUTE);
        server.tick().await;
        assert_eq!(key.told(server).await, 0, "it is disabled, not over");
        key.change("enable").await;
        assert_eq!(key.told(server).await, 1);
        for what in ["disable", "enable"] { key.change(what).await; }
        server.tick().await;
        assert_eq!(key.told(server).await, 1, "once");
    }

    async fn k8_2_a_key_that_is_disabled_after_its_end_and_before_the_sweep_is_told_of_then(server) {
        let key = Ending::new(server).await;
        server.clock.step(5 * MINUTE + SECOND);
        key.change("disable").await;
        assert_eq!(key.told(server).await, 1);
        key.change("enable").await;
        server.tick().await;
        assert_eq!(key.told(server).await, 1, "once");
    }

    async fn k8_2_a_key_that_the_sweep_has_told_of_is_not_told_of_again(server) {
        let key = Ending::new(server).await;
        server.clock.step(5 * MINUTE);
        server.tick().await;
        assert_eq!(key.told(server).await, 1);
        for what in ["disable", "enable"] { key.change(what).await; }
        server.tick().await;
        assert_eq!(key.told(server).await, 1);
    }
}
