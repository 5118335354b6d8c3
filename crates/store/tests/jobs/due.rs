//! What it costs to look for work.

use kernel::{Random, Timestamp};
use store::{Engine, Row, Sql as _, args, insert_many, jobs, on_both};

/// Jobs of before: they are kept for days.
const DONE: usize = 20_000;
const WAITING: i64 = 2_000;

on_both! { store::migrate::OWN;
    async fn whoever_looks_for_work_does_not_pass_by_all_that_was_ever_done(test) {
        let (db, random, now) = (&test.db, Random::seeded(3), Timestamp::from_unix(1_800_000_000));
        let mut tx = db.begin().await.unwrap();
        let mut done = Vec::new();
        for n in 0..DONE {
            let before = now.plus_seconds(-i64::try_from(n).unwrap());
            done.push(args![random.uuid_v7(now), "k", "rest", "null", "done", before, 1_i64, 3_i64, before, before]);
        }
        // Many wait for their time, such as those that end play.
        for n in 1..WAITING {
            done.push(args![random.uuid_v7(now), "k", "rest", "null", "queued", now.plus_seconds(n), 0_i64, 3_i64, now, None::<Timestamp>]);
        }
        let columns = ["id", "kind", "crew", "payload", "state", "run_at", "attempts", "max_attempts", "created_at", "finished_at"];
        insert_many(&mut tx, "jobs", &columns, done, "").await.unwrap();
        tx.commit().await.unwrap();
        let (explain, column) = match db.engine() {
            Engine::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
            Engine::Postgres => ("EXPLAIN (COSTS OFF)", "QUERY PLAN"),
        };
        let mut tx = db.begin().await.unwrap();
        tx.exec("ANALYZE jobs", args![]).await.unwrap();
        for sql in jobs::due_statements() {
            let all = args![now, "rest", 16_i64, now, random.uuid_v7(now), random.uuid_v7(now)];
            let given = (1..=all.len()).filter(|n| sql.contains(&format!("${n}"))).count();
            let plan = tx.all(&format!("{explain} {sql}"), all[..given].to_vec(), |row: &Row| row.get::<String>(column)).await.unwrap();
            let whole = |line: &String| line.contains("Seq Scan on jobs") || line.contains("SCAN jobs");
            assert!(!plan.iter().any(whole), "{sql}: {plan:#?}");
            assert!(plan.iter().any(|line| ["jobs_due", "jobs_leased", "jobs_decided"].iter().any(|index| line.contains(index))), "{plan:#?}");
        }
    }
}
