//! What ends by the clock ends all the same where its job was given up; at a hall that was closed for good, too, where nobody looks.

use kernel::{HOUR, MINUTE};
use sandbox::Trouble;
use serde_json::json;
use store::{Sql as _, args};
use testkit::{Hall, TestServer, on_server};

use crate::support::pay::wallet;
use crate::support::play::{at, offer};
use crate::support::split::{Table, confirmed, get, join, make, people};

/// As after twelve faults of the database.
async fn given_up(server: &TestServer, kind: &str) {
    let mut tx = server.platform.db.begin().await.unwrap();
    let sql = "UPDATE jobs SET state = 'dead', attempts = 12, finished_at = run_at WHERE kind = $1 AND state = 'queued'";
    assert_eq!(tx.exec(sql, args![kind]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn closed_for_good(hall: &Hall<'_>) {
    let now = hall.floor().await["venue"].clone();
    let form = json!({"name": now["name"], "time_zone": now["time_zone"], "opens": now["opens"], "closes": now["closes"], "closed": true, "version": now["version"]});
    hall.manager.put(&format!("/api/v1/venues/{}", hall.id), form).await.ok(200);
}

fn desk(hall: &Hall<'_>, n: usize, verb: &str) -> String {
    format!("/api/v1/tables/{}/{verb}", hall.tables[n].id)
}

on_server! {
    async fn v3_1a_who_plays_when_a_hall_closes_for_good_pays_to_the_end_and_nothing_stays_held(server) {
        let hall = Hall::open(server, 1).await;
        server.keep_signed_in(&hall.manager).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        closed_for_good(&hall).await;
        hall.manager.post(&desk(&hall, 0, "retire"), json!({})).await.refused(409, "TABLE_TAKEN");
        given_up(server, "play.time").await;
        server.later(75 * MINUTE).await;
        assert_eq!(wallet(&customer).await, (10_000, 3_600), "nobody ends it");
        server.tick().await;
        assert_eq!(wallet(&customer).await, (6_400, 0));
        hall.table_is(0, "idle").await;
        hall.manager.post(&desk(&hall, 0, "retire"), json!({})).await.ok(204);
    }

    async fn v3_1a_a_table_that_the_desk_holds_is_free_in_time_though_its_hall_is_closed_for_good(server) {
        let hall = Hall::open(server, 2).await;
        server.keep_signed_in(&hall.manager).await;
        for (n, minutes) in [(0, 30), (1, 60)] {
            let until = server.clock.now().plus_micros(minutes * MINUTE);
            hall.manager.post(&desk(&hall, n, "hold"), json!({"note": "王先生", "until": until})).await.ok(200);
        }
        closed_for_good(&hall).await;
        for n in [0, 1] {
            hall.manager.post(&desk(&hall, n, "retire"), json!({})).await.refused(409, "TABLE_TAKEN");
        }
        server.later(31 * MINUTE).await;
        server.run_jobs().await;
        hall.table_is(0, "idle").await;
        hall.manager.post(&desk(&hall, 0, "retire"), json!({})).await.ok(204);
        given_up(server, "holds.over").await;
        server.later(45 * MINUTE).await;
        server.run_jobs().await;
        let other = hall.tables[1].id.clone();
        hall.is(&other, "reserved").await;
        server.tick().await;
        hall.is(&other, "idle").await;
        hall.manager.post(&desk(&hall, 1, "retire"), json!({})).await.ok(204);
    }

    async fn v3_1a_a_table_that_was_closed_or_cleaned_is_free_in_time_though_its_job_was_given_up(server) {
        let hall = Hall::open(server, 1).await;
        server.keep_signed_in(&hall.manager).await;
        offer(&hall, 0, false, 30).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        // Its light goes off, and nobody hears so; nor is it looked at again.
        hall.tables[0].lamp.set(Trouble::Mute);
        customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        server.run_jobs().await;
        hall.tables[0].lamp.until(|seen| !seen.on).await;
        given_up(server, "play.closing").await;
        server.later(5 * MINUTE).await;
        server.run_jobs().await;
        hall.table_is(0, "closing").await;
        hall.tables[0].lamp.set(Trouble::None);
        server.later(6 * MINUTE).await;
        server.tick().await;
        hall.table_is(0, "cleaning").await;
        given_up(server, "play.cleaned").await;
        // Not before its time.
        server.later(25 * MINUTE).await;
        server.tick().await;
        hall.table_is(0, "cleaning").await;
        server.later(6 * MINUTE).await;
        server.tick().await;
        hall.table_is(0, "idle").await;
    }

    async fn v4_2_a_share_is_held_no_longer_than_its_split_though_nobody_looks_at_the_deadline(server) {
        let hall = Hall::open(server, 1).await;
        server.keep_signed_in(&hall.manager).await;
        let table = Table::played(server, &hall, 20).await;
        let bob = hall.customer(5_000).await;
        let split = make(&table, "split-0001", people(3, 1_200)).await.ok(201);
        join(&bob, &split, None).await.ok(200);
        confirmed(&bob, &split, "bob-00001", 400).await;
        closed_for_good(&hall).await;
        hall.manager.post(&desk(&hall, 0, "retire"), json!({})).await.ok(204);
        given_up(server, "split.deadline").await;
        server.later(30 * HOUR).await;
        server.run_jobs().await;
        assert_eq!(wallet(&bob).await, (5_000, 400), "nobody charges it");
        server.tick().await;
        assert_eq!((wallet(&bob).await, wallet(&table.starter).await), ((4_600, 0), (9_200, 0)));
        assert_eq!(get(&bob, &split).await["end_reason"], "deadline");
    }

    async fn v3_1a_what_has_its_job_gets_no_second_one(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        let until = server.clock.now().plus_micros(30 * MINUTE);
        hall.manager.post(&desk(&hall, 1, "hold"), json!({"note": "王先生", "until": until})).await.ok(200);
        // Its job comes late, as behind many others: it is overdue, and nothing has to be taken up.
        let mut tx = server.platform.db.begin().await.unwrap();
        let late = "UPDATE jobs SET run_at = $1 WHERE kind = 'holds.over' AND state = 'queued'";
        assert_eq!(tx.exec(late, args![server.clock.now().plus_micros(5 * HOUR)]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        for _ in 0..3 {
            server.later(15 * MINUTE).await;
            server.tick().await;
        }
        hall.is(&hall.tables[1].id, "reserved").await;
        let jobs = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM jobs WHERE kind IN ('play.time', 'holds.over')";
        assert_eq!(server.platform.db.read().one(jobs, args![], |row| row.get::<i64>("n")).await.unwrap(), 2);
    }
}
