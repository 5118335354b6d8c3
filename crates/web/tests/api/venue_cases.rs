//! Lists of lights and of maintenance cases, over all the halls where one works.

use kernel::{SECOND, Word as _};
use platform::identity::Role;
use sandbox::Trouble;
use serde_json::{Value, json};
use store::args;
use testkit::{Client, Hall, floor_table, on_server};
use venue::cases::Cause;

const AWAY: [&str; 2] = ["灯控暂时离线，恢复后即可使用", "Its light is not reachable at the moment; it is back as soon as that is"];
const BROKEN: [&str; 2] = ["灯有故障，已安排维修", "Its light is broken and will be repaired"];

async fn items(who: &Client, path: &str) -> Vec<Value> {
    who.get(path).await.ok(200)["items"].as_array().unwrap().clone()
}

fn words(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

/// Those that were made at one moment have no order of their own.
fn by_table(mut items: Vec<Value>) -> Vec<Value> {
    items.sort_by_key(|item| item["table_name"].to_string());
    items
}

/// What customers are told of a hall's first table, in both languages.
async fn said(hall: &Hall<'_>, visitor: &Client) -> [String; 2] {
    let path = format!("/customer/v1/tables/{}", hall.tables[0].id);
    let of = async |lang: &str| {
        let view = visitor.with("Accept-Language", lang).get(&path).await.ok(200);
        assert_eq!((view["can_open"].clone(), view["why_not"]["code"].clone()), (json!(false), json!("TABLE_IN_SERVICE")));
        view["state_text"].as_str().unwrap().to_owned()
    };
    [of("zh-CN").await, of("en").await]
}

on_server! {
    async fn v7_1_cases_are_listed_open_and_over_with_what_was_said_and_by_whom(server) {
        let hall = Hall::open(server, 2).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let table = |n: usize| format!("/api/v1/tables/{}", hall.tables[n].id);
        hall.manager.post(&format!("{}/out-of-service", table(0)), json!({"note": "台呢破了"})).await.ok(200);
        hall.manager.post(&format!("{}/in-service", table(0)), json!({"note": "换了台呢"})).await.ok(200);
        server.clock.step(SECOND);
        hall.tables[1].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[1].id)["device"]["online"] == false).await;
        server.later(61 * SECOND).await;
        hall.table_is(1, "maintenance").await;
        for who in [&hall.manager, &root] {
            let all = items(who, "/api/v1/cases").await;
            assert_eq!(words(&all, "cause"), ["offline", "staff"]);
            assert_eq!((&all[0]["closed_at"], &all[0]["closing_note"]), (&json!(null), &json!(null)));
            assert_eq!((all[1]["note"].clone(), all[1]["closing_note"].clone(), all[1]["closed_by"]["name"].clone()), (json!("台呢破了"), json!("换了台呢"), json!("manager")));
            assert_eq!((all[1]["venue_name"].clone(), all[1]["table_name"].clone()), (json!("旗舰店"), json!("1 号台")));
            for of in [String::new(), format!("&venue={}", hall.id)] {
                assert_eq!(words(&items(who, &format!("/api/v1/cases?state=open{of}")).await, "cause"), ["offline"]);
                assert_eq!(words(&items(who, &format!("/api/v1/cases?state=closed{of}")).await, "cause"), ["staff"]);
            }
            let page = who.get("/api/v1/cases?limit=1").await.ok(200);
            let next = items(who, &format!("/api/v1/cases?limit=1&cursor={}", page["next_cursor"].as_str().unwrap())).await;
            assert_eq!(words(&next, "cause"), ["staff"]);
        }
        // It ends by itself: nobody has closed it.
        hall.tables[1].lamp.set(Trouble::None);
        hall.table_is(1, "idle").await;
        let over = items(&hall.manager, "/api/v1/cases?state=closed").await;
        assert_eq!((words(&over, "cause"), &over[0]["closed_by"]), (vec!["offline".to_owned(), "staff".to_owned()], &json!(null)));
        assert_eq!(items(&root, "/api/v1/cases?state=open").await, Vec::<Value>::new());
        // Who works elsewhere sees none of it.
        let other = server.user(Role::VenueManager, "elsewhere").await;
        assert_eq!(items(&other, "/api/v1/cases").await, Vec::<Value>::new());
        other.get(&format!("/api/v1/cases?venue={}", hall.id)).await.refused(404, "NOT_FOUND");
        server.has_answered("GET /api/v1/cases");
    }

    async fn v7_1_lights_of_all_halls_are_listed_by_how_they_are(server) {
        let hall = Hall::open(server, 3).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        server.settles().await;
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        // It does not come on.
        hall.tables[1].lamp.set(Trouble::Stuck);
        let by_hand = json!({"on": true, "minutes": 30, "why": "打扫"});
        hall.manager.put(&format!("/api/v1/tables/{}/light", hall.tables[1].id), by_hand).await.ok(200);
        server.settles().await;
        for who in [&hall.manager, &root] {
            let all = by_table(items(who, "/api/v1/devices").await);
            assert_eq!(words(&all, "table_name"), ["1 号台", "2 号台", "3 号台"]);
            assert_eq!(words(&all, "state"), ["away", "differs", "agrees"]);
            assert_eq!((all[0]["reported"].clone(), all[1]["wanted"].clone(), all[1]["reported"].clone()), (json!(null), json!(true), json!(false)));
            for (n, state) in ["away", "differs", "agrees"].into_iter().enumerate() {
                let some = items(who, &format!("/api/v1/devices?state={state}&venue={}", hall.id)).await;
                assert_eq!(some, [all[n].clone()], "{state}");
            }
        }
        hall.manager.post(&format!("/api/v1/tables/{}/retire", hall.tables[2].id), json!({})).await.ok(204);
        assert_eq!(words(&by_table(items(&hall.manager, "/api/v1/devices").await), "table_name"), ["1 号台", "2 号台"]);
        let other = server.user(Role::VenueManager, "elsewhere").await;
        assert_eq!(items(&other, "/api/v1/devices").await, Vec::<Value>::new());
        other.get(&format!("/api/v1/devices?venue={}", hall.id)).await.refused(404, "NOT_FOUND");
        hall.manager.get("/api/v1/devices?state=lost").await.refused(422, "INVALID");
    }
    async fn v3_1a_a_table_that_is_out_of_service_says_why_by_its_cause_in_both_languages(server) {
        let hall = Hall::open(server, 1).await;
        let visitor = server.visitor();
        hall.manager.post(&format!("/api/v1/tables/{}/out-of-service", hall.tables[0].id), json!({"note": "台呢破了"})).await.ok(200);
        let says = [
            (Cause::NotLit, BROKEN),
            (Cause::NotDark, BROKEN),
            (Cause::InPlay, BROKEN),
            (Cause::NoPower, BROKEN),
            (Cause::Offline, AWAY),
            (Cause::Staff, ["维护中", "Being looked after"]),
        ];
        assert_eq!(says.map(|(cause, _)| cause), Cause::ALL, "each has its words");
        for (cause, words) in says {
            let mut tx = server.platform.db.begin().await.unwrap();
            let sql = "UPDATE maintenance_cases SET cause = $1 WHERE closed_at IS NULL";
            assert_eq!(tx.exec(sql, args![cause.as_str()]).await.unwrap(), 1);
            tx.commit().await.unwrap();
            assert_eq!(said(&hall, &visitor).await, words, "{cause}");
        }
    }

    async fn v3_1a_a_table_whose_light_is_away_says_so_from_the_first_moment(server) {
        let hall = Hall::open(server, 1).await;
        let visitor = server.visitor();
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        hall.table_is(0, "idle").await;
        assert_eq!(said(&hall, &visitor).await, AWAY);
        server.later(61 * SECOND).await;
        hall.table_is(0, "maintenance").await;
        assert_eq!(said(&hall, &visitor).await, AWAY);
        hall.tables[0].lamp.set(Trouble::None);
        hall.table_is(0, "idle").await;
        let view = visitor.get(&format!("/customer/v1/tables/{}", hall.tables[0].id)).await.ok(200);
        assert_eq!((view["can_open"].clone(), view["state_text"].clone()), (json!(true), json!("空闲，可以开台")));
    }
}
