//! What staff and customers are told of a hall: which one it is, and by its clock.

use kernel::{HOUR, MINUTE, SECOND};
use platform::identity::Role;
use sandbox::{Firmware, Trouble};
use serde_json::{Value, json};
use store::args;
use testkit::{Client, Hall, TestServer, floor_table, on_server};

use crate::support::pay::id;

/// The newest notice of somebody of the staff, in words.
async fn noticed(staff: &Client) -> String {
    staff.get("/api/v1/notifications").await.ok(200)["items"][0]["body"].as_str().unwrap().to_owned()
}

/// The newest message of a customer: its kind, and its words.
async fn told(customer: &Client) -> (String, String) {
    let newest = customer.get("/customer/v1/messages").await.ok(200)["items"][0].clone();
    let text = |name: &str| newest[name].as_str().unwrap().to_owned();
    (text("kind"), text("body"))
}

/// What somebody was told of halls, oldest first.
async fn of_halls(server: &TestServer, who: &Client) -> Vec<String> {
    let told = server.told(who.id()).await;
    told.into_iter().filter(|kind| kind.starts_with("venue.")).collect()
}

async fn moves(hall: &Hall<'_>, zone: &str) {
    let now = hall.floor().await["venue"].clone();
    let form = json!({"name": now["name"], "time_zone": zone, "closed": false, "version": now["version"]});
    hall.manager.put(&format!("/api/v1/venues/{}", hall.id), form).await.ok(200);
}

on_server! {
    async fn v5_2_a_notice_to_the_staff_names_hall_and_table(server) {
        let hall = Hall::open(server, 1).await;
        let (path, english) = (format!("/api/v1/tables/{}", hall.tables[0].id), hall.manager.with("Accept-Language", "en"));
        hall.manager.post(&format!("{path}/out-of-service"), json!({"note": "台呢破了"})).await.ok(200);
        assert_eq!(noticed(&hall.manager).await, "旗舰店 · 1 号台 已转入维护：由员工转入维护。");
        assert_eq!(noticed(&english).await, "旗舰店 · 1 号台 is out of service: somebody of the staff took it out.");
        let mails = server.mails("manager@example.com").await;
        assert!(mails.iter().any(|(_, body)| body.contains("旗舰店 · 1 号台")), "{mails:?}");
        hall.manager.post(&format!("{path}/in-service"), json!({"note": ""})).await.ok(200);
        assert_eq!(noticed(&english).await, "旗舰店 · 1 号台 can be played on again.");

        // One that was written before notices named their hall.
        let mut tx = server.platform.db.begin().await.unwrap();
        tx.exec("UPDATE notifications SET params = $1 WHERE kind = 'venue.case_closed'", args![json!({"table": "1 号台"}).to_string()]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(noticed(&hall.manager).await, "1 号台 已恢复使用。");
    }

    async fn v5_2_a_notice_to_the_staff_leads_to_the_table_that_it_is_about_in_its_hall(server) {
        let hall = Hall::open(server, 1).await;
        let (table, here) = (&hall.tables[0].id, format!("/floor?hall={}&table={}", hall.id, hall.tables[0].id));
        let told = async || {
            let newest = hall.manager.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
            (newest["kind"].clone(), newest["link"].clone())
        };
        hall.manager.post(&format!("/api/v1/tables/{table}/out-of-service"), json!({"note": "台呢破了"})).await.ok(200);
        assert_eq!(told().await, (json!("venue.case_staff"), json!(here)));
        hall.manager.post(&format!("/api/v1/tables/{table}/in-service"), json!({"note": ""})).await.ok(200);
        assert_eq!(told().await, (json!("venue.case_closed"), json!(here)));
    }

    async fn v3_2_times_in_a_customers_messages_are_by_the_halls_clock_as_the_bill_is(server) {
        let hall = Hall::open(server, 2).await;
        // It is nine in the morning there, and 16:00 where the program is at home.
        moves(&hall, "Europe/Berlin").await;
        let (customer, guest) = (hall.customer(10_000).await, hall.customer(0).await);
        let says = |(kind, body): (String, String), expected: &str, times: &[&str]| {
            assert_eq!(kind, expected);
            assert!(times.iter().all(|time| body.contains(&format!("2026-11-21 {time} Europe/Berlin"))) && !body.contains("Shanghai"), "{body}");
        };
        let playing = hall.play(&customer, 0, 60).await;
        says(told(&customer).await, "play.lit", &["09:00", "10:00"]);
        let more = json!({"minutes": 30, "expected_fen": 1_800});
        customer.post_once("more-0001", &format!("/customer/v1/sessions/{}/extend", id(&playing)), more).await.ok(200);
        says(told(&customer).await, "play.extended", &["10:30"]);
        let number: Value = guest.get("/customer/v1/me").await.ok(200)["number"].clone();
        let until = server.clock.now().plus_micros(2 * HOUR).to_string();
        let hold = json!({"note": "老顾客", "until": until, "customer": number});
        hall.manager.post(&format!("/api/v1/tables/{}/hold", hall.tables[1].id), hold).await.ok(200);
        says(told(&guest).await, "hold.made", &["11:00"]);
        server.later(85 * MINUTE + SECOND).await;
        server.run_jobs().await;
        says(told(&customer).await, "play.ending", &["10:30"]);
        // A message keeps the clock by which it was written.
        moves(&hall, "Asia/Tokyo").await;
        says(told(&customer).await, "play.ending", &["10:30"]);
        says(told(&guest).await, "hold.made", &["11:00"]);
    }
    async fn v5_1_where_nobody_of_a_halls_staff_is_left_the_super_admins_are_told(server) {
        let (root, former) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::SuperAdmin, "former").await);
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(0).await;
        let table = format!("/api/v1/tables/{}", hall.tables[0].id);
        let asks = async |n: usize| {
            let help = json!({"matter": "help", "kind": "other", "text": "请来一下", "venue_id": hall.id});
            customer.post_once(&format!("help-{n:04}"), "/customer/v1/complaints", help).await.ok(201);
        };
        asks(1).await;
        assert_eq!((of_halls(server, &hall.manager).await, of_halls(server, &root).await), (vec!["venue.help".to_owned()], Vec::new()));

        for gone in [&former, &hall.manager] {
            root.post(&format!("/api/v1/users/{}/disable", gone.id()), json!({})).await.ok(200);
        }
        asks(2).await;
        root.post(&format!("{table}/out-of-service"), json!({"note": "台呢破了"})).await.ok(200);
        assert_eq!(of_halls(server, &root).await, ["venue.help", "venue.case_staff"]);
        assert_eq!(noticed(&root).await, "旗舰店 · 1 号台 已转入维护：由员工转入维护。");
        let mails = server.mails("root@example.com").await;
        assert!(mails.iter().any(|(subject, body)| subject.contains("顾客求助") && body.contains("请来一下")), "{mails:?}");
        assert_eq!(of_halls(server, &former).await, Vec::<String>::new(), "who is disabled is told nothing");
        assert_eq!(of_halls(server, &hall.manager).await, ["venue.help"]);

        // Once somebody works there again it is theirs alone.
        root.post(&format!("/api/v1/users/{}/enable", hall.manager.id()), json!({})).await.ok(200);
        root.post(&format!("{table}/in-service"), json!({"note": ""})).await.ok(200);
        assert_eq!(of_halls(server, &hall.manager).await, ["venue.help", "venue.case_closed"]);
        assert_eq!(of_halls(server, &root).await.len(), 2);
    }

    async fn v5_2_a_light_that_is_away_in_a_hall_that_a_super_admin_has_made_is_told_to_the_super_admins(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let hall = Box::pin(Hall::of(server, root.clone(), 1, Firmware::Tasmota)).await;
        assert_eq!(root.get(&format!("/api/v1/venues/{}/staff", hall.id)).await.ok(200)["items"], json!([]));
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.later(61 * SECOND).await;
        hall.table_is(0, "maintenance").await;
        assert_eq!(of_halls(server, &root).await, ["venue.case_offline"]);
    }
}
