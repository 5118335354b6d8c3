//! Held tables whose light fails, or that go out of service.

use kernel::{MINUTE, SECOND};
use sandbox::Trouble;
use serde_json::json;
use testkit::{Hall, on_server};

use crate::support::hold::{desk, held, hold, open, table};
use crate::support::pay::{id, told, wallet};

on_server! {
    async fn v5_2_a_held_table_that_goes_out_of_service_is_lost_and_its_holder_is_told(server) {
        let hall = Hall::open(server, 1).await;
        let holder = hall.customer(0).await;
        let (out, back) = (desk(&hall, 0, "out-of-service"), desk(&hall, 0, "in-service"));
        hold(&holder, &hall, 0).await.ok(200);
        hall.manager.post(&out, json!({"note": "台呢破了"})).await.ok(200);
        assert_eq!((told(&holder).await, held(&holder).await.len(), hall.table_is(0, "maintenance").await["hold"].clone()), (vec!["hold.maintenance".to_owned(), "welcome".to_owned()], 0, json!(null)));
        hall.manager.post(&back, json!({"note": ""})).await.ok(200);
        // Its light goes away; a network that blinks loses nothing.
        hold(&holder, &hall, 0).await.ok(200);
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor["tables"][0]["device"]["online"] == false).await;
        open(&hall.customer(10_000).await, &hall, 0).await.refused(409, "TABLE_RESERVED");
        open(&holder, &hall, 0).await.refused(409, "TABLE_IN_SERVICE");
        assert_eq!((hall.floor().await["tables"][0]["state"].clone(), held(&holder).await.len()), (json!("reserved"), 1));
        server.later(61 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "offline");
        assert_eq!((told(&holder).await.len(), held(&holder).await.len()), (3, 0));
        hall.tables[0].lamp.set(Trouble::None);
        hall.table_is(0, "idle").await;
        // Neither counts, and what would have ended them ends nothing.
        hold(&holder, &hall, 0).await.ok(200);
        server.later(14 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!((hall.floor().await["tables"][0]["state"].clone(), told(&holder).await.len()), (json!("reserved"), 3));
    }

    async fn v5_2_a_light_that_burns_over_a_held_table_ends_the_hold(server) {
        let hall = Hall::open(server, 1).await;
        let holder = hall.customer(0).await;
        hold(&holder, &hall, 0).await.ok(200);
        hall.tables[0].lamp.weld();
        hall.until(|floor| floor["tables"][0]["device"]["reported"] == true).await;
        for _ in 0..2 {
            server.later(MINUTE + SECOND).await;
            server.tick().await;
        }
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "not_dark");
        assert_eq!((told(&holder).await[0].clone(), held(&holder).await.len()), ("hold.maintenance".to_owned(), 0));
    }

    async fn v3_1c_a_holder_whose_light_does_not_come_on_leaves_no_table_reserved(server) {
        let hall = Hall::open(server, 2).await;
        let holder = hall.customer(10_000).await;
        hold(&holder, &hall, 0).await.ok(200);
        // Refused: it is held as before.
        let poor = json!({"minutes": 60, "expected_fen": 1});
        holder.post_once("open-0001", &format!("{}/open", table(&hall, 0)), poor).await.refused(409, "PRICE_CHANGED");
        assert_eq!((held(&holder).await.len(), hall.floor().await["tables"][0]["state"].clone()), (1, json!("reserved")));
        hall.tables[0].lamp.set(Trouble::Deaf);
        open(&holder, &hall, 0).await.ok(202);
        assert_eq!(held(&holder).await.len(), 0);
        server.run_jobs().await;
        server.later(21 * SECOND).await;
        hall.table_is(0, "maintenance").await;
        assert_eq!((told(&holder).await[0].clone(), wallet(&holder).await), ("play.not_lit".to_owned(), (10_000, 0)));
        hall.tables[0].lamp.set(Trouble::None);
        hall.is_mended(&hall.tables[0].id).await;
        assert_eq!(hall.floor().await["tables"][0]["state"], "idle");
        // Whoever thinks better of it before the light is on leaves it to others.
        hold(&holder, &hall, 1).await.ok(200);
        hall.tables[1].lamp.set(Trouble::Mute);
        let asked = open(&holder, &hall, 1).await.ok(202);
        holder.post(&format!("/customer/v1/sessions/{}/close", id(&asked)), json!({})).await.ok(200);
        hall.tables[1].lamp.set(Trouble::None);
        server.later(3 * SECOND).await;
        hall.table_is(1, "idle").await;
    }
}
