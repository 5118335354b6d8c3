//! K6.1: settings.

use platform::identity::Role;
use serde_json::json;
use testkit::on_server;

on_server! {
    async fn k6_1_a_change_is_validated_logged_and_in_force(server) {
        let admin = server.user(Role::SuperAdmin, "root").await;
        let url = "/api/v1/settings/quota.transfer_minimum";
        admin.patch(url, json!({"value": "ten"})).await.refused_field("value", "NOT_A_NUMBER");
        admin.patch(url, json!({"value": -1})).await.refused_field("value", "OUT_OF_RANGE");
        admin.patch(url, json!({"value": 5, "extra": 1})).await.refused(422, "INVALID");
        let changed = admin.patch(url, json!({"value": 5})).await.ok(200);
        assert_eq!(changed["value"], 5);
        assert_eq!(changed["changed_by"]["name"], "root");
        assert_eq!(server.platform.settings.get(platform::settings::defs::TRANSFER_MINIMUM), 5);
        let groups = admin.with("Accept-Language", "en").get("/api/v1/settings").await.ok(200);
        assert_eq!(groups["groups"][0]["title"], "Basics");
        admin.delete(url).await.ok(200);
        assert_eq!(server.platform.settings.get(platform::settings::defs::TRANSFER_MINIMUM), 0);
        admin.patch("/api/v1/settings/none.such", json!({"value": 5})).await.refused(404, "NOT_FOUND");
        admin.patch("/api/v1/settings/basic.time_zone", json!({"value": "Mars/Olympus"})).await.refused_field("value", "INVALID");
    }

    async fn k6_1_of_two_who_change_a_setting_at_once_the_second_is_told_and_overwrites_nothing(server) {
        let (root, other) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::SuperAdmin, "other").await);
        let url = "/api/v1/settings/quota.transfer_minimum";
        // What nobody has changed yet is its default.
        root.patch(url, json!({"value": 5, "was": 0})).await.ok(200);
        other.patch(url, json!({"value": 7, "was": 0})).await.refused(409, "CHANGED_MEANWHILE");
        assert_eq!(server.platform.settings.get(platform::settings::defs::TRANSFER_MINIMUM), 5);
        let both = tokio::join!(root.patch(url, json!({"value": 8, "was": 5})), other.patch(url, json!({"value": 9, "was": 5})));
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        // Nor is what somebody else has just set taken back unseen.
        root.patch(url, json!({"value": 6})).await.ok(200);
        other.delete(&format!("{url}?was=5")).await.refused(409, "CHANGED_MEANWHILE");
        other.delete(&format!("{url}?was=five")).await.refused_field("was", "INVALID");
        assert_eq!(server.platform.settings.get(platform::settings::defs::TRANSFER_MINIMUM), 6);
        root.delete(&format!("{url}?was=6")).await.ok(200);
        other.patch(url, json!({"value": 9, "was": 8})).await.refused(409, "CHANGED_MEANWHILE");
        let roles = "/api/v1/settings/security.second_factor_roles";
        root.patch(roles, json!({"value": ["agent"], "was": []})).await.ok(200);
        other.patch(roles, json!({"value": ["agent_admin"], "was": []})).await.refused(409, "CHANGED_MEANWHILE");
        other.delete(&format!("{roles}?was=%5B%5D")).await.refused(409, "CHANGED_MEANWHILE");
        other.delete(&format!("{roles}?was=%5B%22agent%22%5D")).await.ok(200);
        // Whoever has not looked says nothing of it.
        other.patch(url, json!({"value": 9})).await.ok(200);
    }

    async fn k6_1_after_many_changes_at_once_a_process_uses_what_was_stored_last(server) {
        let admin = server.user(Role::SuperAdmin, "root").await;
        for round in 0..25_i64 {
            let changes: Vec<_> = (1..=8_i64)
                .map(|n| {
                    let admin = admin.clone();
                    tokio::spawn(async move {
                        admin.patch("/api/v1/settings/quota.transfer_minimum", json!({"value": 10 * round + n})).await.ok(200)
                    })
                })
                .collect();
            for change in changes {
                change.await.unwrap();
            }
            let groups = admin.get("/api/v1/settings").await.ok(200);
            let mut settings = groups["groups"].as_array().unwrap().iter().flat_map(|group| group["settings"].as_array().unwrap());
            let stored = settings.find(|setting| setting["key"] == "quota.transfer_minimum").unwrap()["value"].as_i64();
            assert_eq!(Some(server.platform.settings.get(platform::settings::defs::TRANSFER_MINIMUM)), stored, "round {round}");
        }
    }

    async fn k6_1_only_super_admins_touch_settings(server) {
        for role in [Role::AgentAdmin, Role::Agent, Role::VenueManager, Role::Maintainer, Role::Cashier] {
            let user = server.user(role, kernel::Word::as_str(role)).await;
            user.get("/api/v1/settings").await.refused(403, "FORBIDDEN");
            user.patch("/api/v1/settings/quota.transfer_minimum", json!({"value": 5})).await.refused(403, "FORBIDDEN");
        }
        server.visitor().get("/api/v1/settings").await.refused(401, "SIGN_IN_REQUIRED");
        server.visitor().with_token("cks_guess").get("/api/v1/settings").await.refused(401, "SESSION_INVALID");
    }

    async fn bad_input_is_refused_by_type(server) {
        let admin = server.user(Role::SuperAdmin, "root").await;
        let url = "/api/v1/settings/quota.transfer_minimum";
        admin.send(axum::http::Method::PATCH, url, Some(b"{\"value\": 1".to_vec())).await.refused(400, "JSON_INVALID");
        admin.send(axum::http::Method::PATCH, url, Some(b"{\"value\": 1} {}".to_vec())).await.refused(400, "JSON_INVALID");
        admin.send(axum::http::Method::PATCH, url, Some(b"{\"value\": \"\xff\"}".to_vec())).await.refused(400, "JSON_INVALID");
        admin.send(axum::http::Method::PATCH, url, Some(vec![b' '; (1 << 20) + 1])).await.refused(400, "BODY_TOO_LARGE");
        admin.with("content-type", "text/plain").send(axum::http::Method::PATCH, url, Some(b"{}".to_vec())).await.refused(400, "NOT_JSON");
        admin.send(axum::http::Method::PATCH, url, Some(b" [1]".to_vec())).await.refused_field("body", "INVALID");
        admin.get("/api/v1/nothing/here").await.refused(404, "NO_SUCH_ROUTE");
        let cookie = format!("__Host-cuekey={}", admin.token().unwrap());
        server.visitor().with("cookie", &cookie).patch(url, json!({"value": 1})).await.refused(403, "CSRF");
        server.visitor().with("cookie", &cookie).with("x-cuekey-console", "1").patch(url, json!({"value": 1})).await.ok(200);
    }
}
