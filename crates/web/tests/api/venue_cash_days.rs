//! Cash in a hall that is open past midnight: it is of the day on which its shift began.

use kernel::{HOUR, MINUTE};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, on_server};

use crate::support::hold::number;
use crate::support::pay::id;

const CASH: &str = "/api/v1/cash";

/// The first day and the last of what is shown without being asked for any, and what must be in the drawer.
async fn shown(who: &Client) -> (Value, Value, Value) {
    let report = who.get(CASH).await.ok(200);
    (report["from"].clone(), report["to"].clone(), report["total"]["drawer_fen"].clone())
}

on_server! {
    async fn v4_1_who_closes_after_midnight_sees_the_cash_of_the_whole_shift(server) {
        let manager = server.user(Role::VenueManager, "manager").await;
        let ann = server.user(Role::Cashier, "ann").await;
        server.keep_signed_in(&ann).await;
        let form = json!({"name": "夜场", "time_zone": "Asia/Shanghai", "opens": 600, "closes": 120, "tariff": {"per_hour": 3_600, "unit_minutes": 1}});
        let hall = manager.post_once("hall-0001", "/api/v1/venues", form).await.ok(201);
        manager.post(&format!("/api/v1/venues/{}/staff", id(&hall)), json!({"name": "ann"})).await.ok(200);
        let visitor = server.visitor();
        let welcome = server.sign_in_by_phone(&visitor, "13800138000").await;
        let customer = visitor.with_token(welcome["token"].as_str().unwrap());
        let takes = async |key: &str, fen: i64| {
            let cash = json!({"venue_id": id(&hall), "number": number(&customer).await, "amount_fen": fen});
            ann.post_once(key, "/api/v1/customers/recharge", cash).await.ok(200);
        };
        let (first, second) = (json!("2026-11-21"), json!("2026-11-22"));
        // In the afternoon, at one in the morning, and while they count at half past two.
        takes("cash-0001", 5_000).await;
        server.clock.step(9 * HOUR);
        takes("cash-0002", 40).await;
        assert_eq!(shown(&ann).await, (first.clone(), first.clone(), json!(5_040)));
        server.clock.step(90 * MINUTE);
        takes("cash-0003", 2).await;
        assert_eq!(shown(&ann).await, (first.clone(), first.clone(), json!(5_042)));
        // The next day begins at six, long before somebody opens.
        server.clock.step(4 * HOUR);
        assert_eq!(shown(&ann).await, (second.clone(), second.clone(), json!(0)));
        takes("cash-0004", 700).await;
        assert_eq!(shown(&ann).await, (second.clone(), second, json!(700)));
        assert_eq!(ann.get(&format!("{CASH}?from=2026-11-21&to=2026-11-22")).await.ok(200)["days"][1]["total"]["drawer_fen"], 5_042);
    }
}
