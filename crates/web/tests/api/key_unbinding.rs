//! K3.3a: how often a key may be unbound, who may beyond that, and what its page says of it.

use kernel::{DAY, SECOND};
use serde_json::{Value, json};
use testkit::{TestServer, on_server, unbounded};

use crate::support::{Shop, shop_with};

/// A key in use, of a project that allows so many unbindings.
struct Bound {
    shop: Shop,
    key: String,
    url: String,
}

impl Bound {
    async fn new(server: &TestServer, limit: Value) -> Self {
        let shop = shop_with(server, json!({"unbind_limit": limit})).await;
        let key = shop.key().await;
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
        let url = format!("/api/v1/keys/{}", shop.id_of(&key).await);
        Self { shop, key, url }
    }

    fn plain(&self) -> String {
        format!("{}/unbind", self.url)
    }

    fn beyond(&self) -> String {
        format!("{}/unbind-beyond-limit", self.url)
    }

    /// What the key's page says to its agent: who, from what, whether beyond the limit, and why.
    async fn history(&self) -> Vec<Value> {
        let page = self.shop.agent.get(&self.url).await.ok(200);
        let line = |one: &Value| json!([one["by"]["name"], one["devices"], one["beyond_limit"], one["reason"]]);
        page["unbindings"].as_array().unwrap().iter().map(line).collect()
    }
}

/// The log's lines about unbinding, oldest first: what, who, and the detail.
async fn logged(server: &TestServer) -> Vec<(String, String, Value)> {
    let lines = server.logged().await.into_iter().filter(|line| line.what.starts_with("keys.unbound"));
    lines.map(|line| (line.what, line.actor, line.detail)).collect()
}

on_server! {
    async fn k3_3a_beyond_its_projects_limit_a_super_admin_frees_a_key_and_its_page_says_why(server) {
        let bound = Bound::new(server, json!(1)).await;
        let Bound { shop, key, url } = &bound;
        let end = shop.agent.get(url).await.ok(200)["key"]["expires_at"].clone();
        shop.agent.post(&bound.plain(), json!({})).await.ok(200);
        assert_eq!(shop.program.code(key, "b").await, "VALID");
        for user in [&shop.agent, &shop.root] {
            user.post(&bound.plain(), json!({})).await.refused(409, "UNBIND_LIMIT_REACHED");
        }
        // Its agent may not, whatever the reason, nor a super admin without one.
        shop.agent.post(&bound.beyond(), json!({"reason": "x"})).await.refused(403, "FORBIDDEN");
        for (reason, code) in [(String::new(), "REQUIRED"), ("  ".into(), "REQUIRED"), ("长".repeat(201), "TOO_LONG"), ("a\u{202e}b".into(), "CHARACTERS")] {
            shop.root.post(&bound.beyond(), json!({"reason": reason})).await.refused_field("reason", code);
        }
        shop.root.post(&bound.beyond(), json!({})).await.refused(422, "INVALID");
        shop.root.post(&bound.beyond(), json!({"reason": "x", "device_id": "nobody"})).await.refused(409, "NOT_BOUND");
        assert_eq!(shop.program.code(key, "c").await, "DEVICE_MISMATCH");

        server.clock.step(SECOND);
        let freed = shop.root.post(&bound.beyond(), json!({"reason": " 电脑坏了 "})).await.ok(200);
        assert_eq!((&freed["state"], &freed["devices"], &freed["unbind_count"]), (&json!("unused"), &json!([]), &json!(2)));
        assert_eq!(freed["expires_at"], end, "its clock goes on");
        assert_eq!(shop.program.code(key, "c").await, "VALID");
        // It was this once: the limit is still reached.
        shop.agent.post(&bound.plain(), json!({})).await.refused(409, "UNBIND_LIMIT_REACHED");
        assert_eq!(shop.agent.get(url).await.ok(200)["unbinds_left"], 0);

        let told = [json!(["root", ["b"], true, "电脑坏了"]), json!(["alice", ["a"], false, null])];
        assert_eq!(bound.history().await, told);
        let plain = |devices: Value| json!({"project": "绘图大师", "devices": devices});
        let mut with_reason = plain(json!(["b"]));
        with_reason["reason"] = json!("电脑坏了");
        assert_eq!(logged(server).await, [
            ("keys.unbound".to_owned(), "alice".to_owned(), plain(json!(["a"]))),
            ("keys.unbound_beyond_limit".to_owned(), "root".to_owned(), with_reason),
        ]);
    }

    async fn k3_3a_what_the_limit_allows_is_not_called_beyond_it(server) {
        let bound = Bound::new(server, json!(1)).await;
        let root = &bound.shop.root;
        let free = async || root.post(&bound.beyond(), json!({"reason": "asked for by phone"})).await.ok(200);
        free().await;
        assert_eq!(bound.shop.program.code(&bound.key, "b").await, "VALID");
        free().await;
        assert_eq!(bound.shop.program.code(&bound.key, "c").await, "VALID");
        root.patch(&format!("/api/v1/projects/{}", bound.shop.program.project), json!({"unbind_limit": null})).await.ok(200);
        free().await;
        let line = |device: &str, beyond: bool| json!(["root", [device], beyond, "asked for by phone"]);
        assert_eq!(bound.history().await, [line("c", false), line("b", true), line("a", false)]);
        let logged: Vec<_> = logged(server).await.into_iter().map(|(what, ..)| what).collect();
        assert_eq!(logged, ["keys.unbound", "keys.unbound_beyond_limit", "keys.unbound"]);
    }

    async fn k3_3a_whoever_goes_beyond_the_limit_frees_nothing_that_is_disabled_over_or_free(server) {
        let bound = Bound::new(server, json!(0)).await;
        let (shop, reason) = (&bound.shop, json!({"reason": "x"}));
        let ticked = json!({"ids": [shop.id_of(&bound.key).await]});
        shop.root.post("/api/v1/keys/disable", ticked.clone()).await.ok(200);
        shop.root.post(&bound.beyond(), reason.clone()).await.refused(409, "KEY_DISABLED");
        shop.root.post("/api/v1/keys/enable", ticked).await.ok(200);
        let tries: Vec<_> = (0..8).map(|_| {
            let (root, url, reason) = (shop.root.clone(), bound.beyond(), reason.clone());
            tokio::spawn(async move { root.post(&url, reason).await.status.as_u16() })
        }).collect();
        let mut statuses = Vec::new();
        for one in tries { statuses.push(one.await.unwrap()); }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409], "the others find nothing bound");
        assert_eq!(bound.history().await.len(), 1);
        assert_eq!(shop.program.code(&bound.key, "b").await, "VALID");
        server.clock.step(30 * DAY);
        shop.root.post(&bound.beyond(), reason).await.refused(409, "KEY_EXPIRED");
    }

    async fn k3_3a_a_keys_page_shows_its_last_twenty_unbindings_however_many_there_were(server) {
        let bound = Bound::new(server, Value::Null).await;
        let shop = &bound.shop;
        for n in 0..22 {
            shop.agent.post(&bound.plain(), json!({})).await.ok(200);
            assert_eq!(shop.program.code(&bound.key, &format!("device-{n}")).await, "VALID");
            server.clock.step(SECOND);
        }
        let history = bound.history().await;
        assert_eq!((history.len(), &history[0][1], &history[19][1]), (20, &json!(["device-20"]), &json!(["device-1"])));
        let db = &server.platform.db;
        db.recorded();
        shop.agent.get(&bound.url).await.ok(200);
        let asked: Vec<_> = db.recorded().into_iter().filter(|(sql, _)| sql.contains("FROM operations")).collect();
        assert_eq!(asked.len(), 1);
        for (sql, args) in asked {
            assert_eq!(unbounded(db, &sql, args).await, Vec::<String>::new(), "{sql}");
        }
    }
}
