//! K3.3: which devices a key is bound to, as its agent and its program are told.

use kernel::SECOND;
use serde_json::json;
use testkit::on_server;

use crate::support::pay::words;
use crate::support::shop_with;

on_server! {
    async fn k3_3a_each_device_of_a_key_is_listed_once_whatever_came_and_went(server) {
        let shop = shop_with(server, json!({"devices_per_key": 3})).await;
        let key = shop.key().await;
        let url = format!("/api/v1/keys/{}", shop.id_of(&key).await);
        let listed = async || -> Vec<String> { words(&shop.agent.get(&url).await.ok(200)["key"]["devices"], "id") };
        let unbind = format!("{url}/unbind");
        for device in ["a", "b", "c", "b", "a"] {
            assert_eq!(shop.program.code(&key, device).await, "VALID");
            server.clock.step(SECOND);
        }
        assert_eq!(listed().await, ["a", "b", "c"]);
        // One is unbound and comes back, at once and after a while: it is the last now.
        for wait in [0, SECOND] {
            shop.agent.post(&unbind, json!({"device_id": "b"})).await.ok(200);
            assert_eq!(listed().await, ["a", "c"]);
            server.clock.step(wait);
            assert_eq!(shop.program.code(&key, "b").await, "VALID");
            assert_eq!(listed().await, ["a", "c", "b"]);
        }
        assert_eq!(words(&shop.program.query(&key).await.ok(200)["key"]["devices"], "id"), ["a", "c", "b"]);
        let found = shop.agent.get("/api/v1/keys?device=b").await.ok(200);
        assert_eq!((found["items"].as_array().unwrap().len(), words(&found["items"][0]["devices"], "id")), (1, ["a", "c", "b"].map(str::to_owned).to_vec()));

        // All go, and come back several times each at the same moment.
        shop.agent.post(&unbind, json!({})).await.ok(200);
        assert!(listed().await.is_empty());
        let tries: Vec<_> = (0..12).map(|n| {
            let (program, key) = (shop.program.clone(), key.clone());
            tokio::spawn(async move { program.code(&key, ["a", "b", "c"][n % 3]).await })
        }).collect();
        for one in tries {
            assert_eq!(one.await.unwrap(), "VALID");
        }
        let mut back = listed().await;
        back.sort_unstable();
        assert_eq!(back, ["a", "b", "c"]);
        assert_eq!(shop.program.code(&key, "d").await, "DEVICE_MISMATCH");
    }
}
