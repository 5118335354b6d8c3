//! Cash at the desk by hall, day and person: what must be in the drawer, who sees whose, and what a cashier may.

use kernel::HOUR;
use platform::identity::Role;
use platform::ledger::SystemAccount;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Answer, Client, Hall, TestServer, on_server, unbounded};
use uuid::Uuid;

use crate::support::hold::number;
use crate::support::pay::{id, wallet};

const CASH: &str = "/api/v1/cash";
const RECHARGE: &str = "/api/v1/customers/recharge";
const PAY_OUT: &str = "/api/v1/customers/payout";
const TWO_DAYS: &str = "/api/v1/cash?from=2026-11-21&to=2026-11-22";

/// Another hall, where whoever makes it works.
async fn hall_of(by: &Client, name: &str, zone: &str) -> String {
    let form = json!({"name": name, "time_zone": zone, "tariff": {"per_hour": 3_600, "unit_minutes": 1}});
    id(&by.post_once(&format!("hall-{name}"), "/api/v1/venues", form).await.ok(201)).to_owned()
}

async fn works_in(by: &Client, hall: &str, name: &str) {
    by.post(&format!("/api/v1/venues/{hall}/staff"), json!({"name": name})).await.ok(200);
}

async fn cashier(server: &TestServer, hall: &Hall<'_>, name: &str) -> Client {
    let cashier = server.user(Role::Cashier, name).await;
    works_in(&hall.manager, &hall.id, name).await;
    cashier
}

async fn change(by: &Client, path: &str, key: &str, hall: &str, customer: &Client, fen: i64) -> Answer {
    let cash = json!({"venue_id": hall, "number": number(customer).await, "amount_fen": fen});
    by.post_once(key, path, cash).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Taken, paid out, and what must be in the drawer.
fn sum(of: &Value) -> [i64; 3] {
    ["taken_fen", "paid_out_fen", "drawer_fen"].map(|name| of[name].as_i64().unwrap())
}

/// By day, hall and person.
fn lines(report: &Value) -> Vec<(String, String, String, [i64; 3])> {
    let mut lines = Vec::new();
    for day in report["days"].as_array().unwrap() {
        for one in day["people"].as_array().unwrap() {
            lines.push((text(&day["day"]), text(&day["venue_name"]), text(&one["user"]["name"]), sum(&one["sum"])));
        }
    }
    lines
}

fn line(day: &str, hall: &str, who: &str, sum: [i64; 3]) -> (String, String, String, [i64; 3]) {
    (day.to_owned(), hall.to_owned(), who.to_owned(), sum)
}

async fn exec(server: &TestServer, sql: &str, args: Vec<store::Value>) {
    let mut tx = server.platform.db.begin().await.unwrap();
    tx.exec(sql, args).await.unwrap();
    tx.commit().await.unwrap();
}

/// What the doctor says of play and of cash.
async fn problems(server: &TestServer) -> Vec<String> {
    venue::check(&mut server.platform.db.read()).await.unwrap()
}

on_server! {
    async fn v4_1_cash_adds_up_by_hall_day_and_person_and_to_the_ledger(server) {
        let hall = Hall::open(server, 0).await;
        let other = hall_of(&hall.manager, "branch", "America/New_York").await;
        let ann = cashier(server, &hall, "ann").await;
        let (one, two) = (hall.customer(0).await, hall.customer(0).await);
        change(&ann, RECHARGE, "cash-0001", &hall.id, &one, 5_000).await.ok(200);
        change(&ann, PAY_OUT, "cash-0002", &hall.id, &one, 2_000).await.ok(200);
        change(&hall.manager, RECHARGE, "cash-0003", &hall.id, &two, 700).await.ok(200);
        change(&hall.manager, RECHARGE, "cash-0004", &other, &two, 300).await.ok(200);
        // In Shanghai it is the next day then, and in New York it is not.
        server.clock.step(9 * HOUR);
        change(&ann, RECHARGE, "cash-0005", &hall.id, &two, 40).await.ok(200);
        change(&hall.manager, PAY_OUT, "cash-0006", &other, &one, 1_000).await.ok(200);
        // The same again is the same.
        change(&hall.manager, PAY_OUT, "cash-0006", &other, &one, 1_000).await.ok(200);

        let report = hall.manager.get(TWO_DAYS).await.ok(200);
        let all = [
            line("2026-11-22", "旗舰店", "ann", [40, 0, 40]),
            line("2026-11-21", "旗舰店", "ann", [5_000, 2_000, 3_000]),
            line("2026-11-21", "旗舰店", "manager", [700, 0, 700]),
            line("2026-11-21", "branch", "manager", [300, 1_000, -700]),
        ];
        assert_eq!(lines(&report), all);
        let days: Vec<[i64; 3]> = report["days"].as_array().unwrap().iter().map(|day| sum(&day["total"])).collect();
        assert_eq!((days, sum(&report["total"])), (vec![[40, 0, 40], [5_700, 2_000, 3_700], [300, 1_000, -700]], [6_040, 3_000, 3_040]));
        assert_eq!((&report["total"]["recharges"], &report["total"]["payouts"]), (&json!(4), &json!(2)));
        let sql = "SELECT CAST(SUM(CASE WHEN debit_account = $1 THEN posted_amount ELSE -posted_amount END) AS BIGINT) AS n \
                   FROM ledger_transfers WHERE debit_account = $1 OR credit_account = $1";
        let cash = args![SystemAccount::Cash.id()];
        assert_eq!(server.platform.db.read().one(sql, cash, |row| row.get::<i64>("n")).await.unwrap(), 3_040);

        // One hall, one day, and today by each hall's clock.
        let branch = hall.manager.get(&format!("{TWO_DAYS}&venue={other}")).await.ok(200);
        assert_eq!((lines(&branch), sum(&branch["total"])), (all[3..].to_vec(), [300, 1_000, -700]));
        assert_eq!(lines(&hall.manager.get(&format!("{CASH}?to=2026-11-21")).await.ok(200)), all[1..].to_vec());
        let today = hall.manager.get(CASH).await.ok(200);
        assert_eq!(lines(&today), [all[0].clone(), all[3].clone()]);
        assert_eq!((&today["from"], &today["to"]), (&json!("2026-11-21"), &json!("2026-11-22")));
        let there = hall.manager.get(&format!("{CASH}?venue={other}")).await.ok(200);
        assert_eq!((lines(&there), &there["from"], &there["to"]), (all[3..].to_vec(), &json!("2026-11-21"), &json!("2026-11-21")));
        // What a day was stays so where the hall's clock is another one later.
        let form = json!({"name": "branch", "time_zone": "Asia/Tokyo", "closed": false, "version": 1});
        hall.manager.put(&format!("/api/v1/venues/{other}"), form).await.ok(200);
        assert_eq!(lines(&hall.manager.get(TWO_DAYS).await.ok(200)), all);
    }

    async fn v4_1_who_manages_halls_sees_everybodys_cash_there_and_a_cashier_ones_own(server) {
        let hall = Hall::open(server, 0).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let stranger = server.user(Role::VenueManager, "stranger").await;
        let elsewhere = hall_of(&stranger, "elsewhere", "Asia/Shanghai").await;
        let (ann, bob) = (cashier(server, &hall, "ann").await, cashier(server, &hall, "bob").await);
        let customer = hall.customer(0).await;
        change(&ann, RECHARGE, "cash-0001", &hall.id, &customer, 100).await.ok(200);
        change(&bob, RECHARGE, "cash-0002", &hall.id, &customer, 20).await.ok(200);
        change(&stranger, RECHARGE, "cash-0003", &elsewhere, &customer, 3).await.ok(200);
        let [anns, bobs] = [("ann", 100), ("bob", 20)].map(|(who, fen)| line("2026-11-21", "旗舰店", who, [fen, 0, fen]));
        let theirs = line("2026-11-21", "elsewhere", "stranger", [3, 0, 3]);
        let seen = async |who: &Client| {
            let report = who.get(CASH).await.ok(200);
            (lines(&report), sum(&report["total"])[2])
        };
        assert_eq!(seen(&hall.manager).await, (vec![anns.clone(), bobs.clone()], 120));
        assert_eq!((seen(&ann).await, seen(&bob).await), ((vec![anns.clone()], 100), (vec![bobs.clone()], 20)));
        assert_eq!(seen(&stranger).await, (vec![theirs.clone()], 3));
        let (all, total) = seen(&root).await;
        assert!(all.len() == 3 && [anns, bobs, theirs].iter().all(|one| all.contains(one)) && total == 123, "{all:?}");

        let of = |hall: &str| format!("{CASH}?venue={hall}");
        assert_eq!(root.get(&of(&elsewhere)).await.ok(200)["total"]["drawer_fen"], 3);
        for (who, hall) in [(&stranger, &hall.id), (&hall.manager, &elsewhere), (&ann, &elsewhere)] {
            who.get(&of(hall)).await.refused(404, "NOT_FOUND");
        }
        for (role, name) in [(Role::Maintainer, "fixer"), (Role::Agent, "agent"), (Role::AgentAdmin, "boss")] {
            let who = server.user(role, name).await;
            who.get(CASH).await.refused(403, "FORBIDDEN");
            change(&who, RECHARGE, "cash-0004", &hall.id, &customer, 1).await.refused(403, "FORBIDDEN");
        }
        server.visitor().get(CASH).await.refused(401, "SIGN_IN_REQUIRED");
        // Who works there no more takes nothing there, and sees nothing of it.
        hall.manager.post(&format!("/api/v1/venues/{}/staff/remove", hall.id), json!({"user_id": ann.id()})).await.ok(200);
        change(&ann, RECHARGE, "cash-0005", &hall.id, &customer, 1).await.refused(404, "NOT_FOUND");
        assert_eq!(seen(&ann).await, (Vec::new(), 0));
        assert_eq!((seen(&hall.manager).await.1, wallet(&customer).await), (120, (123, 0)));
        server.has_answered("GET /api/v1/cash");
    }

    async fn v4_1_cash_is_taken_at_a_hall_where_one_works(server) {
        let hall = Hall::open(server, 0).await;
        let stranger = server.user(Role::VenueManager, "stranger").await;
        let elsewhere = hall_of(&stranger, "elsewhere", "Asia/Shanghai").await;
        let customer = hall.customer(500).await;
        for path in [RECHARGE, PAY_OUT] {
            let nowhere = json!({"number": number(&customer).await, "amount_fen": 1});
            hall.manager.post_once("cash-0001", path, nowhere).await.refused_field("venue_id", "REQUIRED");
            change(&hall.manager, path, "cash-0001", "nowhere", &customer, 1).await.refused_field("venue_id", "INVALID");
            change(&hall.manager, path, "cash-0001", &elsewhere, &customer, 1).await.refused(404, "NOT_FOUND");
            change(&stranger, path, "cash-0001", &hall.id, &customer, 1).await.refused(404, "NOT_FOUND");
        }
        assert_eq!(wallet(&customer).await, (500, 0));
        // Whoever works in several chooses; another hall is another thing to do.
        works_in(&stranger, &elsewhere, "manager").await;
        change(&hall.manager, RECHARGE, "cash-0001", &elsewhere, &customer, 1).await.ok(200);
        change(&hall.manager, RECHARGE, "cash-0001", &hall.id, &customer, 1).await.refused(409, "IDEMPOTENCY_CONFLICT");
        let root = server.user(Role::SuperAdmin, "root").await;
        change(&root, PAY_OUT, "cash-0001", &hall.id, &customer, 100).await.ok(200);
        assert_eq!(wallet(&customer).await, (401, 0));
        let line = server.logged().await.into_iter().rfind(|line| line.what == "venues.wallet_paid_out").unwrap();
        assert_eq!((&line.detail["venue"], &line.detail["hall"]), (&json!(hall.id), &json!("旗舰店")));
    }

    async fn v4_1_a_month_of_cash_is_added_up_at_once_and_no_more(server) {
        let hall = Hall::open(server, 0).await;
        let get = async |query: &str| hall.manager.get(&format!("{CASH}?{query}")).await;
        let month = get("from=2026-11-01&to=2026-12-01").await.ok(200);
        assert_eq!((month["days"].clone(), sum(&month["total"])), (json!([]), [0; 3]));
        for range in ["from=2026-11-01&to=2026-12-02", "from=2026-11-02&to=2026-11-01", "from=0000-01-01&to=9999-12-31"] {
            get(range).await.refused_field("to", "RANGE");
        }
        for (field, value) in [("from", "yesterday"), ("to", "2026-02-30"), ("from", "2026-11-21T08:00:00Z")] {
            get(&format!("{field}={value}")).await.refused_field(field, "INVALID");
        }
        get("venue=ven_x").await.refused_field("venue", "INVALID");
    }

    async fn v4_1_the_doctor_finds_cash_without_a_hall_and_what_is_no_cash(server) {
        let hall = Hall::open(server, 0).await;
        hall.customer(500).await;
        assert_eq!(problems(server).await, Vec::<String>::new());
        let read = |row: &store::Row| {
            Ok((row.get::<Uuid>("transfer_id")?, row.get::<Uuid>("venue_id")?, row.get::<Uuid>("user_id")?, row.get::<String>("day")?))
        };
        let sql = "SELECT transfer_id, venue_id, user_id, day FROM desk_cash";
        let (transfer, venue, user, day) = server.platform.db.read().one(sql, args![], read).await.unwrap();
        exec(server, "DELETE FROM desk_cash", args![]).await;
        assert_eq!(problems(server).await, ["1 movements of cash at a desk have no hall"]);
        let insert = "INSERT INTO desk_cash (transfer_id, venue_id, user_id, day, walk_in) VALUES ($1, $2, $3, $4, FALSE)";
        exec(server, insert, args![transfer, venue, user, day.clone()]).await;

        let agent = server.user(Role::Agent, "agent").await;
        server.issue(&agent, 5).await;
        let sql = "SELECT id FROM ledger_transfers WHERE kind = 'system_recharge'";
        let quota: Uuid = server.platform.db.read().one(sql, args![], |row| row.get("id")).await.unwrap();
        exec(server, insert, args![quota, venue, user, day]).await;
        assert_eq!(problems(server).await, ["1 movements stand beside a hall, and are no cash of a desk"]);
        exec(server, "DELETE FROM desk_cash WHERE transfer_id = $1", args![quota]).await;
    }

    async fn v4_1_no_sum_of_cash_costs_more_the_longer_the_ledger_is(server) {
        let hall = Hall::open(server, 0).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let ann = cashier(server, &hall, "ann").await;
        hall.customer(500).await;
        let db = &server.platform.db;
        let (one, mut asked) = (format!("{TWO_DAYS}&venue={}", hall.id), 0);
        for who in [&root, &hall.manager, &ann] {
            for path in [CASH, TWO_DAYS, one.as_str()] {
                db.recorded();
                who.get(path).await.ok(200);
                for (sql, args) in db.recorded().into_iter().filter(|(sql, _)| sql.contains("desk_cash")) {
                    assert_eq!(unbounded(db, &sql, args).await, Vec::<String>::new(), "{sql}");
                    asked += 1;
                }
            }
        }
        assert_eq!(asked, 9, "a statement for each hall");
    }

    async fn v4_1_a_cashier_does_the_desk_and_sets_nothing_up(server) {
        let hall = Hall::open(server, 1).await;
        let ann = cashier(server, &hall, "ann").await;
        let customer = hall.customer(0).await;
        let found = ann.post("/api/v1/customers/find", json!({"number": number(&customer).await})).await.ok(200);
        assert_eq!(found["cash_fen"], 0);
        change(&ann, RECHARGE, "cash-0001", &hall.id, &customer, 5_000).await.ok(200);
        change(&ann, PAY_OUT, "cash-0002", &hall.id, &customer, 100).await.ok(200);
        let (venue, table) = (format!("/api/v1/venues/{}", hall.id), format!("/api/v1/tables/{}", hall.tables[0].id));
        ann.post(&format!("{table}/hold"), json!({"note": "张先生", "until": "2026-11-21T12:00:00Z"})).await.ok(200);
        ann.post(&format!("{table}/release"), json!({})).await.ok(200);
        hall.play(&customer, 0, 60).await;
        ann.post(&format!("{table}/close"), json!({"why": "打烊"})).await.ok(200);
        hall.table_is(0, "idle").await;

        ann.get(&format!("{venue}/floor")).await.ok(200);
        for rest in ["", "/prices", "/offers"] {
            ann.put(&format!("{venue}{rest}"), json!({})).await.refused(403, "FORBIDDEN");
        }
        for rest in ["/staff", "/staff/remove", "/tables", "/price-lists"] {
            ann.post_once("cashier-01", &format!("{venue}{rest}"), json!({})).await.refused(403, "FORBIDDEN");
        }
        for rest in ["/out-of-service", "/in-service", "/light-test", "/cleaned", "/code", "/retire"] {
            ann.post(&format!("{table}{rest}"), json!({})).await.refused(403, "FORBIDDEN");
        }
        ann.put(&format!("{table}/light"), json!({})).await.refused(403, "FORBIDDEN");
        for path in ["/api/v1/venues", "/api/v1/devices", "/api/v1/customers/take-phone-off", "/api/v1/customers/sign-out-everywhere"] {
            ann.post_once("cashier-01", path, json!({})).await.refused(403, "FORBIDDEN");
        }
        ann.get("/api/v1/texts").await.refused(403, "FORBIDDEN");
    }

    async fn v9_5_who_can_do_nothing_about_trouble_is_not_told_of_it_and_somebody_is(server) {
        let hall = Hall::open(server, 0).await;
        let ann = cashier(server, &hall, "ann").await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let alone = hall_of(&root, "alone", "Asia/Shanghai").await;
        works_in(&root, &alone, "ann").await;
        let customer = hall.customer(0).await;
        let complain = async |key: &str, hall: &str| {
            let form = json!({"matter": "complaint", "kind": "other", "text": "太吵", "venue_id": hall});
            customer.post_once(key, "/customer/v1/complaints", form).await.ok(201);
        };
        let told = async || (server.told(hall.manager.id()).await.len(), server.told(root.id()).await.len(), server.told(ann.id()).await.len());
        complain("wrong-0001", &hall.id).await;
        assert_eq!(told().await, (1, 0, 0));
        complain("wrong-0002", &alone).await;
        assert_eq!(told().await, (1, 1, 0));
    }
}
