//! Lamps that have more to say than a lamp can have: a relay that chatters, and a credential in the wrong hands.

use kernel::MINUTE;
use serde_json::{Value, json};
use store::{Sql as _, args};
use testkit::{Hall, TestServer, floor_table, on_brokers, on_server};
use venue::devices::{self, Heard};

async fn device(hall: &Hall<'_>, n: usize) -> Value {
    floor_table(&hall.floor().await, &hall.tables[n].id)["device"].clone()
}

/// As the broker passes it on. `what`: the topic, with `?` for the device's own.
async fn says(server: &TestServer, topic: &str, what: &str, payload: &str) -> Heard {
    devices::heard(&server.venue, &server.cx(), &what.replace('?', topic), payload.as_bytes(), false).await.unwrap()
}

async fn lines(server: &TestServer) -> i64 {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM device_log";
    server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap()
}

/// Jobs about a device that wait for their time.
async fn waiting(server: &TestServer, kind: &str, device: &str) -> i64 {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM jobs WHERE kind = $1 AND dedup_key LIKE $2 AND state = 'queued'";
    server.platform.db.read().one(sql, args![kind, format!("{device}-%")], |row| row.get("n")).await.unwrap()
}

on_server! {
    async fn v5_2_whoever_floods_by_a_lamps_credential_leaves_few_lines_and_one_job_and_keeps_no_other_lamp_waiting(server) {
        let hall = Hall::open(server, 2).await;
        server.settles().await;
        let topic = async |n: usize| device(&hall, n).await["topic"].as_str().unwrap().to_owned();
        let (flooding, other) = (topic(0).await, topic(1).await);
        let (before, mut put_off) = (lines(server).await, 0);
        for n in 0..400 {
            let (what, payload) = [("stat/?/POWER", "ON"), ("tele/?/LWT", "Offline"), ("stat/?/POWER", "OFF")][n % 3];
            put_off += i64::from(says(server, &flooding, what, payload).await == Heard::Later);
        }
        let written = lines(server).await - before;
        assert!(written < 100 && put_off > 100, "{written} lines, and {put_off} were put off");
        let id = &hall.tables[0].device;
        assert_eq!((waiting(server, "device.agree", id).await, waiting(server, "play.offline", id).await), (1, 1));
        assert_eq!(says(server, &other, "stat/?/POWER", "ON").await, Heard::Taken);
        // It is heard again when it has been quiet for a while, and is told what it should be.
        server.clock.step(MINUTE);
        assert_eq!(says(server, &flooding, "tele/?/LWT", "Online").await, Heard::Taken);
        hall.until(|floor| {
            hall.tables.iter().all(|table| {
                let device = &floor_table(floor, &table.id)["device"];
                device["online"] == true && device["reported"] == false
            })
        })
        .await;
        for n in 0..2 {
            assert_eq!(hall.table_is(n, "idle").await["case"], json!(null));
        }
    }
}

on_brokers! {
    async fn v5_2_of_a_relay_that_chatters_the_end_is_heard_and_not_each_beat(server) {
        let hall = Hall::open(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        let press = async || {
            let before = lamp.seen().switched;
            lamp.press();
            lamp.until(|seen| seen.switched > before).await;
        };
        let is_heard = |floor: &Value| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == json!(lamp.seen().on);
        let before = lines(server).await;
        // Whatever it is told does not arrive.
        server.cut_the_wire(true);
        for _ in 0..8 {
            press().await;
            hall.until(is_heard).await;
        }
        assert!(lines(server).await >= before + 8, "each is written down while they are few");
        for _ in 0..200 {
            press().await;
        }
        server.clock.step(MINUTE);
        server.cut_the_wire(false);
        hall.until(|floor| {
            let device = &floor_table(floor, &hall.tables[0].id)["device"];
            device["reported"] == false && !lamp.seen().on
        })
        .await;
        let written = lines(server).await - before;
        assert!(written < 150, "{written} lines of 208 times that it was pressed");
    }
}
