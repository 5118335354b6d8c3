//! K3.2b: a key for a month ends by the calendar of the place where the installation is.

use kernel::Timestamp;
use serde_json::json;
use testkit::{TestServer, on_server};

use crate::support::shop;

/// Lives until then.
fn until(server: &TestServer, then: &str) {
    let then: Timestamp = then.parse().unwrap();
    server.clock.step(then.micros() - server.clock.now().micros());
}

on_server! {
    async fn k3_2b_a_month_is_one_of_the_calendar_in_the_installations_time_zone_and_stays_as_it_began(server) {
        let shop = shop(server).await;
        let keys = shop.keys(3, "month", 1).await;
        // To the minute; and the time of day is that of the beginning, since neither zone changes its clocks.
        let ends = async |key: &str| -> String {
            let key = shop.program.verify(key, "a").await.ok(200)["key"].clone();
            let (begun, end) = (key["activated_at"].as_str().unwrap(), key["expires_at"].as_str().unwrap());
            assert_eq!(begun[10..], end[10..], "{key}");
            end[..16].to_owned()
        };

        // Seven in the morning of 1 March in China, and still February in UTC.
        until(server, "2027-02-28T23:00:00Z");
        assert_eq!(ends(&keys[0]).await, "2027-03-31T23:00");
        shop.root.patch("/api/v1/settings/basic.time_zone", json!({"value": "UTC"})).await.ok(200);
        assert_eq!(ends(&keys[1]).await, "2027-03-28T23:00");

        // What has begun goes on as it began, on whichever device and whatever is set meanwhile.
        assert_eq!(ends(&keys[0]).await, "2027-03-31T23:00");
        let unbind = format!("/api/v1/keys/{}/unbind", shop.id_of(&keys[0]).await);
        shop.agent.post(&unbind, json!({})).await.ok(200);
        assert_eq!(ends(&keys[0]).await, "2027-03-31T23:00");
        shop.root.delete("/api/v1/settings/basic.time_zone").await.ok(200);
        assert_eq!(ends(&keys[1]).await, "2027-03-28T23:00");

        // It is over then, and not a day sooner.
        assert_eq!(ends(&keys[2]).await, "2027-03-31T23:00");
        until(server, "2027-03-31T22:59:59Z");
        assert_eq!(shop.program.code(&keys[1], "a").await, "EXPIRED");
        assert_eq!(shop.program.code(&keys[2], "a").await, "VALID");
        until(server, "2027-03-31T23:01:00Z");
        assert_eq!(shop.program.code(&keys[2], "a").await, "EXPIRED");
    }
}
