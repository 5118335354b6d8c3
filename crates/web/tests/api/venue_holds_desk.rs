//! Tables that the staff holds for guests, and releases.

use kernel::{HOUR, MINUTE, SECOND};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Hall, on_server};

use crate::support::hold::{at, desk, give_back, held, hold, number, open, table};
use crate::support::pay::{id, told};

on_server! {
    async fn v3_1a_the_staff_holds_a_table_for_a_guest_and_releases_it(server) {
        let hall = Hall::open(server, 2).await;
        let (guest, other) = (hall.customer(10_000).await, hall.customer(10_000).await);
        let until = server.clock.now().plus_micros(2 * HOUR);
        let form = json!({"note": "王先生，八点到", "until": until.to_string()});
        let path = desk(&hall, 0, "hold");
        // Who may not.
        let (maintainer, stranger) = (server.user(Role::Maintainer, "maintainer").await, server.user(Role::VenueManager, "stranger").await);
        maintainer.post(&path, form.clone()).await.refused(403, "FORBIDDEN");
        stranger.post(&path, form.clone()).await.refused(404, "NOT_FOUND");
        other.post(&path, form.clone()).await.refused(401, "SESSION_INVALID");
        // What is wrong with a form.
        let with = |name: &str, value: Value| { let mut form = form.clone(); form[name] = value; form };
        let ahead = |micros: i64| json!(server.clock.now().plus_micros(micros).to_string());
        for (field, value, code) in [
            ("note", json!(" "), "REQUIRED"), ("note", json!("王".repeat(61)), "TOO_LONG"), ("until", ahead(-HOUR), "RANGE"), ("until", ahead(24 * HOUR + SECOND), "RANGE"),
            ("customer", json!("13999999999"), "CUSTOMER_NOT_FOUND"), ("customer", json!("x"), "CUSTOMER_NOT_FOUND"),
        ] {
            hall.manager.post(&path, with(field, value)).await.refused_field(field, code);
        }
        let nobody = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201)["customer"]["number"].clone();
        hall.manager.post(&path, with("customer", nobody)).await.refused_field("customer", "PHONE_NEEDED");
        let before = server.logged().await.len();
        assert_eq!(hall.manager.post(&path, form.clone()).await.ok(200)["state"], "reserved");
        hall.manager.post(&path, form.clone()).await.refused(409, "TABLE_NOT_FREE");
        // For a note alone, nobody opens it before it is released.
        for customer in [&guest, &other] {
            open(customer, &hall, 0).await.refused(409, "TABLE_RESERVED");
            give_back(customer, &hall, 0).await.refused(409, "NOT_HELD");
        }
        assert!(!other.get(&table(&hall, 0)).await.ok(200).to_string().contains("王先生"), "the note is the staff's");
        let shown = hall.floor().await["tables"][0]["hold"].clone();
        assert_eq!((shown["by"].clone(), shown["note"].clone(), at(&shown, "until"), shown["customer_number"].clone()), (json!("manager"), json!("王先生，八点到"), until, json!(null)));
        let release = desk(&hall, 0, "release");
        maintainer.post(&release, json!({})).await.refused(403, "FORBIDDEN");
        stranger.post(&release, json!({})).await.refused(404, "NOT_FOUND");
        assert_eq!(hall.manager.post(&release, json!({})).await.ok(200)["state"], "idle");
        hall.manager.post(&release, json!({})).await.refused(409, "NOT_HELD");
        assert_eq!(server.logged().await.len(), before + 2);

        // For somebody by number: that customer opens it, or gives it back; and may be held two.
        let known = with("customer", json!(number(&guest).await));
        hall.manager.post(&path, known.clone()).await.ok(200);
        assert_eq!((told(&guest).await[0].clone(), held(&guest).await[0]["by_staff"].clone()), ("hold.made".to_owned(), json!(true)));
        hall.manager.post(&desk(&hall, 1, "hold"), known.clone()).await.ok(200);
        hold(&guest, &hall, 1).await.ok(200);
        give_back(&guest, &hall, 1).await.ok(204);
        hold(&guest, &hall, 1).await.refused(409, "ALREADY_HOLDING");
        open(&other, &hall, 0).await.refused(409, "TABLE_RESERVED");
        let playing = hall.play(&guest, 0, 60).await;
        server.later(10 * MINUTE).await;
        guest.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        // Whom it was held for is told when it is released.
        hold(&guest, &hall, 1).await.ok(200);
        hall.manager.post(&desk(&hall, 1, "release"), json!({})).await.ok(200);
        assert_eq!((told(&guest).await[0].clone(), held(&guest).await.len()), ("hold.released".to_owned(), 0));
    }

    async fn v3_1a_the_staff_names_a_guest_by_phone(server) {
        let hall = Hall::open(server, 1).await;
        let welcome = server.sign_in_by_phone(&server.visitor(), "13811112222").await;
        let guest = server.visitor().with_token(welcome["token"].as_str().unwrap());
        let form = json!({"note": "老顾客", "until": server.clock.now().plus_micros(HOUR).to_string(), "customer": "+86 138-1111-2222"});
        hall.manager.post(&desk(&hall, 0, "hold"), form).await.ok(200);
        let shown = hall.floor().await["tables"][0]["hold"].clone();
        assert_eq!((shown["customer_number"].clone(), shown["customer_phone"].clone()), (welcome["customer"]["number"].clone(), json!("138****2222")));
        assert!(guest.get(&table(&hall, 0)).await.ok(200)["state_text"].as_str().unwrap().contains("为您保留至 17:00"));
        // What the staff had promised is not counted against anybody.
        server.later(HOUR).await;
        hall.table_is(0, "idle").await;
        assert_eq!(told(&guest).await[0], "hold.ran_out");
        hold(&guest, &hall, 0).await.ok(200);
        server.later(15 * MINUTE).await;
        hall.table_is(0, "idle").await;
        hold(&guest, &hall, 0).await.ok(200);
    }
}
