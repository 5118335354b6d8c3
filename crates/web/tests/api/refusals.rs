//! Refusals that no other test brings about. That the document names them is what the test's client sees to, as with every answer.

use serde_json::json;
use testkit::{Hall, on_server};

use crate::support::pay::{Till, id};
use crate::support::shop;
use crate::support::split::{Table, make, people};

on_server! {
    async fn v5_1_a_coil_has_no_password_that_could_be_renewed(server) {
        let hall = Hall::open(server, 0).await;
        let address = json!({"host": "192.0.2.7", "port": 502, "unit": 1, "coil": 0, "framing": "tcp"});
        let coil = json!({"table_id": hall.dark_table("一号").await, "driver": "modbus", "name": "x", "address": address});
        let made = hall.manager.post("/api/v1/devices", coil).await.ok(201);
        let path = format!("/api/v1/devices/{}/password", id(&made["device"]));
        hall.manager.post(&path, json!({})).await.refused(409, "NO_PASSWORD");
    }

    async fn v4_1_nobody_pays_for_a_table_that_is_not_there(server) {
        let till = Till::open(server).await;
        let customer = till.customer("13800138000").await;
        let table = json!({"table_id": "tbl_01h455vb4pex5vsknk084sn02q", "minutes": 60, "expected_fen": 3_600});
        customer.post_once("pay-00001", "/customer/v1/orders", json!({"method": "h5", "table": table})).await.refused(404, "NOT_FOUND");
        assert!(till.networks.trades().is_empty());
    }

    async fn v4_2_a_bill_is_not_shared_and_undone_again_and_again(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        for n in 0..20 {
            let split = make(&table, &format!("split-{n:04}"), people(2, 1_200)).await.ok(201);
            table.starter.post(&format!("/customer/v1/splits/{}/cancel", id(&split)), json!({})).await.ok(200);
        }
        make(&table, "split-0020", people(2, 1_200)).await.refused(429, "RATE_LIMITED");
        server.clock.step(kernel::HOUR);
        make(&table, "split-0020", people(2, 1_200)).await.ok(201);
    }

    async fn k3_1a_keys_of_a_project_that_is_off_have_no_price(server) {
        let shop = shop(server).await;
        let ask = json!({"project_id": shop.program.project, "count": 1, "unit": "day", "validity": 30});
        shop.agent.post("/api/v1/batches/quote", ask.clone()).await.ok(200);
        shop.root.post(&format!("/api/v1/projects/{}/disable", shop.program.project), json!({})).await.ok(200);
        shop.agent.post("/api/v1/batches/quote", ask).await.refused(409, "PROJECT_DISABLED");
    }
}
