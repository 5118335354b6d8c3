//! K3.3: which devices a key is bound to, as its agent and its program are told.

use kernel::SECOND;
use serde_json::json;
use store::args;
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

    async fn k3_2a_a_damaged_line_takes_a_seat_and_no_more(server) {
        let shop = shop_with(server, json!({"devices_per_key": 2})).await;
        let key = shop.key().await;
        assert_eq!(shop.program.code(&key, "x").await, "VALID");
        done(server, "UPDATE keys SET bound = 'x' WHERE devices = 1").await;
        for (device, code) in [("x", "VALID"), ("y", "VALID"), ("z", "DEVICE_MISMATCH"), ("y", "VALID"), ("x", "VALID")] {
            assert_eq!(shop.program.code(&key, device).await, code, "{device}");
        }
        assert_eq!(words(&shop.program.query(&key).await.ok(200)["key"]["devices"], "id"), ["x", "y"]);
    }

    async fn k3_3a_what_a_key_and_its_devices_say_of_each_other_is_compared(server) {
        let shop = shop_with(server, json!({"devices_per_key": 3})).await;
        let (key, other) = (shop.key().await, shop.key().await);
        for device in ["a", "b"] {
            assert_eq!(shop.program.code(&key, device).await, "VALID");
        }
        assert_eq!(shop.program.code(&other, "c").await, "VALID");
        let problems = async || licensing::check(&mut server.platform.db.read()).await.unwrap();
        assert_eq!(problems().await, [""; 0]);
        for (spoil, mend, said) in [
            ("DELETE FROM key_devices WHERE device_id = 'a'", "INSERT INTO key_devices (device_id, key_id) SELECT 'a', key_id FROM key_devices WHERE device_id = 'b'", "not found by their ids"),
            ("UPDATE key_devices SET device_id = 'z' WHERE device_id = 'a'", "UPDATE key_devices SET device_id = 'a' WHERE device_id = 'z'", "do not say so"),
            // A beginning of another's name is not that device.
            ("UPDATE keys SET bound = REPLACE(bound, 'c', 'cc') WHERE devices = 1", "UPDATE keys SET bound = REPLACE(bound, 'cc', 'c') WHERE devices = 1", "do not say so"),
            ("UPDATE keys SET bound = bound || '\nx\t0\t' WHERE devices = 1", "UPDATE keys SET bound = REPLACE(bound, '\nx\t0\t', '') WHERE devices = 1", "another number of devices"),
            ("UPDATE keys SET devices = 2 WHERE devices = 1", "UPDATE keys SET devices = 1 WHERE bound LIKE 'c%'", "another number of devices"),
        ] {
            done(server, spoil).await;
            let found = problems().await;
            assert!(found.iter().any(|problem| problem.contains(said)), "{spoil}: {found:?}");
            done(server, mend).await;
            assert_eq!(problems().await, [""; 0], "{mend}");
        }
    }
}

async fn done(server: &testkit::TestServer, sql: &str) {
    let mut tx = server.platform.db.begin().await.unwrap();
    assert!(tx.exec(sql, args![]).await.unwrap() > 0, "{sql}");
    tx.commit().await.unwrap();
}
