//! K3.1a: what a batch costs is what its agent was shown, or nothing is made.

use serde_json::json;
use testkit::on_server;

use crate::support::shop;

on_server! {
    async fn k3_1a_a_price_that_has_changed_meanwhile_is_not_charged(server) {
        let shop = shop(server).await;
        let terms = json!({"project_id": shop.program.project, "count": 3, "unit": "day", "validity": 30});
        let quote = shop.agent.post("/api/v1/batches/quote", terms.clone()).await.ok(200);
        assert_eq!(quote["total"], 30);
        let mut ask = terms.clone();
        ask["expected_total"] = quote["total"].clone();
        let prices = json!({"prices": [{"unit": "day", "count": 30, "price": 1_000}]});
        shop.root.patch(&format!("/api/v1/projects/{}", shop.program.project), prices).await.ok(200);
        shop.agent.post_once("batch-price-1", "/api/v1/batches", ask.clone()).await.refused(409, "PRICE_CHANGED");
        assert_eq!(server.quota(&shop.agent).await, (1_000_000, 0));
        ask["expected_total"] = json!(3_000);
        assert_eq!(shop.agent.post_once("batch-price-1", "/api/v1/batches", ask).await.ok(201)["total"], 3_000, "a refusal used the key up for nothing");
        assert_eq!(shop.agent.post_once("batch-price-2", "/api/v1/batches", terms).await.ok(201)["total"], 3_000, "whoever says nothing pays the price");
        assert_eq!(server.quota(&shop.agent).await, (994_000, 0));
    }

    async fn k3_1a_a_quote_is_refused_for_what_the_batch_would_be(server) {
        let shop = shop(server).await;
        let terms = json!({"project_id": shop.program.project, "count": 3, "unit": "day", "validity": 30});
        let project = format!("/api/v1/projects/{}", shop.program.project);
        shop.root.post(&format!("{project}/disable"), json!({})).await.ok(200);
        for (key, path) in [("quote-while-off", "/api/v1/batches/quote"), ("batch-while-off", "/api/v1/batches")] {
            shop.agent.post_once(key, path, terms.clone()).await.refused(409, "PROJECT_DISABLED");
        }
        shop.root.post(&format!("{project}/enable"), json!({})).await.ok(200);
        assert_eq!(shop.agent.post("/api/v1/batches/quote", terms).await.ok(200)["total"], 30);
        assert_eq!(server.quota(&shop.agent).await, (1_000_000, 0));
    }

    async fn k3_1a_a_batch_that_costs_too_much_is_its_counts_fault(server) {
        let shop = shop(server).await;
        let prices = json!({"prices": [{"unit": "day", "count": 30, "price": 1_000_000_000}]});
        shop.root.patch(&format!("/api/v1/projects/{}", shop.program.project), prices).await.ok(200);
        let terms = json!({"project_id": shop.program.project, "count": 2_000, "unit": "day", "validity": 30});
        shop.agent.post("/api/v1/batches/quote", terms.clone()).await.refused_field("count", "TOO_LARGE");
        shop.agent.post_once("batch-large", "/api/v1/batches", terms).await.refused_field("count", "TOO_LARGE");
    }
}
