//! K8.2: callbacks to a server that is not known to be the owner's. Which certificates are believed is tried in the program itself:
//! `crates/cuekey/tests/binary/certificates.rs`.

use kernel::SECOND;
use licensing::projects::CallbackEvent;
use platform::identity::Role;
use serde_json::json;
use testkit::{Receiver, on_server};

use crate::callbacks::{deliveries, emit, project};

on_server! {
    async fn k8_2_a_server_for_whose_certificate_nobody_vouches_is_told_nothing_and_is_tried_again(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::encrypted().await;
        let (id, _) = project(server, &root, &receiver.url(), &["key.activated"]).await;
        emit(server, id, CallbackEvent::KeyActivated, 1).await;
        for attempt in 1..=2 {
            server.run_jobs().await;
            let waiting = deliveries(&root, &format!("project={id}&state=waiting")).await;
            assert_eq!((&waiting[0]["attempts"], &waiting[0]["last_status"]), (&json!(attempt), &json!(null)));
            assert_eq!(waiting[0]["last_error"], "no_connection");
            assert!(waiting[0]["next_attempt_at"].is_string());
            let detail = root.get(&format!("/api/v1/deliveries/{}", waiting[0]["id"].as_str().unwrap())).await.ok(200);
            let why = detail["attempts"][0]["detail"].as_str().unwrap();
            assert!(why.contains("invalid peer certificate"), "{why}");
            // Longer than the first pause, and shorter than the second.
            server.clock.step(7 * SECOND);
        }
        assert!(receiver.received().is_empty());
    }
}
