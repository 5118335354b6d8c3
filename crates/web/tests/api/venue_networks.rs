//! Whoever has a whole network of IPv6 is no crowd: guests, tries without a ticket and sign-ins by WeChat are counted by /64, /56 and /48.

use serde_json::json;
use testkit::{Client, TestServer, on_server};

/// The `n`th /64 of a /48; the first 256 are one /56.
fn within(server: &TestServer, of: u128, n: u128) -> Client {
    server.visitor().from_v6((of << 80) | (n << 64) | 1)
}

const OURS: u128 = 0x2001_0db8_0001;
const OTHERS: u128 = 0x2001_0db8_0002;

/// As if so many had been counted of each network that was counted at all; these are so many.
async fn spent(server: &TestServer, allowance: &str, used: i64, networks: u64) {
    let mut tx = server.platform.db.begin().await.unwrap();
    let sql = "UPDATE allowances SET used = $1 WHERE subject LIKE $2";
    assert_eq!(tx.exec(sql, store::args![used, format!("{allowance} %")]).await.unwrap(), networks, "{allowance}");
    tx.commit().await.unwrap();
}

/// Of an allowance with these limits for a /64, a /56 and a /48. `asks`: what somebody is answered who asks, with the status of what is allowed.
async fn is_counted_by_network(server: &TestServer, allowance: &str, most: [i64; 3], asks: impl AsyncFn(Client) -> u16, good: u16) {
    assert_eq!(asks(within(server, OURS, 0)).await, good);
    spent(server, allowance, most[0], 3).await;
    assert_eq!(asks(within(server, OURS, 0)).await, 429, "a /64 has its own limit");
    assert_eq!(asks(within(server, OURS, 1)).await, good, "its neighbour may still");
    // The last one of the /56, whichever /64 it comes from.
    spent(server, allowance, most[1] - 1, 4).await;
    assert_eq!(asks(within(server, OURS, 2)).await, good);
    assert_eq!(asks(within(server, OURS, 3)).await, 429);
    assert_eq!(asks(within(server, OURS, 0x100)).await, good, "the next /56 may be somebody else's");
    // And of the /48.
    spent(server, allowance, most[2] - 1, 7).await;
    assert_eq!(asks(within(server, OURS, 0x200)).await, good);
    assert_eq!(asks(within(server, OURS, 0x300)).await, 429);
    assert_eq!(asks(within(server, OTHERS, 0)).await, good);
    assert_eq!(asks(server.visitor()).await, good, "and so may whoever comes by IPv4");
}

on_server! {
    async fn v2_2_a_network_of_ipv6_makes_no_crowd_of_guests(server) {
        let asks = async |who: Client| who.post("/customer/v1/guests", json!({})).await.status.as_u16();
        is_counted_by_network(server, "guests", [300, 750, 2_250], asks, 201).await;
    }

    async fn v2_2_a_network_of_ipv6_has_no_more_tries_without_a_ticket_for_being_wide(server) {
        let astray = json!({"ticket": "ckt_nonsense", "phone": "13800138000", "code": "000000"});
        let asks = async |who: Client| who.post("/customer/v1/sign-in", astray.clone()).await.status.as_u16();
        is_counted_by_network(server, "sign-ins without a ticket", [60, 150, 450], asks, 401).await;
    }

    async fn v2_1_a_network_of_ipv6_does_not_spend_what_wechat_lets_us_ask(server) {
        let wechat = testkit::wechat::open(server).await;
        let asks = async |who: Client| who.post("/customer/v1/wechat", json!({"app": "mini", "code": wechat.mini_code("ann")})).await.status.as_u16();
        is_counted_by_network(server, "WeChat sign-ins", [600, 1_500, 4_500], asks, 200).await;
        // A number that WeChat knows is asked for in the same way.
        let phone = json!({"code": wechat.phone_code("13800138000")});
        within(server, OURS, 0x300).post("/customer/v1/wechat/phone", phone.clone()).await.refused(429, "RATE_LIMITED");
        within(server, OTHERS, 0).post("/customer/v1/wechat/phone", phone).await.ok(200);
    }
}
