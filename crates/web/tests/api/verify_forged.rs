//! K8.1: signatures that do not fit, counted by where they come from.

use axum::http::Method;
use serde_json::json;
use testkit::on_server;

use crate::support::shop;

on_server! {
    async fn k8_1_failed_signatures_are_limited_by_address_and_lock_nobody_out(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let body = json!({"key": key, "device": {"id": "a"}}).to_string().into_bytes();
        let attacker = shop.program.from([6, 6, 6, 6]);
        let mut codes = Vec::new();
        for _ in 0..70 {
            let mut request = attacker.request(Method::POST, "/client/v1/keys/verify", body.clone());
            request.headers[3].1 = format!("v1={}", "0".repeat(64));
            codes.push(attacker.send(request).await.json()["code"].as_str().unwrap().to_owned());
        }
        assert_eq!(codes.iter().filter(|code| *code == "SIGNATURE_INVALID").count(), 60);
        assert_eq!(codes.last().unwrap(), "RATE_LIMITED");
        assert_eq!(attacker.code(&key, "a").await, "VALID", "a right signature passes even from there");
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
    }

    async fn k8_1_a_64_of_ipv6_is_one_address_whose_failed_signatures_are_counted(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let network = 0x2001_0db8_0001_0002_u128 << 64;
        let forged = async |address: u128| {
            let program = shop.program.from_v6(address);
            let mut request = program.request(Method::GET, "/client/v1/time", Vec::new());
            request.headers[3].1 = format!("v1={}", "0".repeat(64));
            program.send(request).await.json()["code"].as_str().unwrap().to_owned()
        };
        // From one address after the other that a customer of a provider has.
        for n in 0..60_u128 {
            assert_eq!(forged(network | (n << 48) | n).await, "SIGNATURE_INVALID");
        }
        for last in [1, 1 << 63, u128::from(u64::MAX)] {
            assert_eq!(forged(network | last).await, "RATE_LIMITED");
        }
        // The next one's is somebody else's; and a right signature passes from wherever it comes.
        assert_eq!(forged(network + (1 << 64)).await, "SIGNATURE_INVALID");
        assert_eq!(shop.program.from_v6(network | 7).code(&key, "a").await, "VALID");
    }
}
