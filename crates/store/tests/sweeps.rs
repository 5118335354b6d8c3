//! What has become of no use goes however much of it there is, and in nobody's way.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use kernel::Timestamp;
use store::{Db, Sql, Sweep, args, insert_many, on_both};

const NOW: Timestamp = Timestamp::from_unix(1_000);
/// Kept for a second.
const OLD: Sweep = Sweep::by_time("t", "name, a", "at", 1_000_000);
const OLD_AND_DONE: Sweep = OLD.only("done = 1");

/// Rows with these times.
async fn table(db: &Db, times: impl Iterator<Item = i64>) {
    let mut tx = db.begin().await.unwrap();
    let sql =
        "CREATE TABLE t (a BIGINT NOT NULL UNIQUE, name TEXT NOT NULL, at BIGINT NOT NULL, done BIGINT NOT NULL, PRIMARY KEY (a, name))";
    tx.exec(sql, args![]).await.unwrap();
    tx.exec("CREATE INDEX t_at ON t (at)", args![]).await.unwrap();
    let rows = (0_i64..).zip(times).map(|(a, at)| args![a, "x", at, a % 2]).collect();
    insert_many(&mut tx, "t", &["a", "name", "at", "done"], rows, "").await.unwrap();
    tx.commit().await.unwrap();
}

async fn left(sql: &mut impl Sql) -> i64 {
    sql.one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM t", args![], |row| row.get("n")).await.unwrap()
}

on_both! { store::migrate::OWN;
    async fn all_that_is_old_goes_at_once_and_the_rest_stays(test) {
        let db = &test.db;
        let last = NOW.micros() - 1_000_000;
        // More of one time than a transaction takes, and of each before and after it.
        let old = (0..1_500).chain([last; 2_300]);
        table(db, old.chain(last + 1..=last + 40)).await;
        assert_eq!(OLD_AND_DONE.run(db, NOW).await.unwrap(), 1_900);
        assert_eq!(left(&mut db.read()).await, 1_940);
        assert_eq!(store::sweep(db, &[OLD_AND_DONE, OLD], NOW).await.unwrap(), 1_900);
        assert_eq!(left(&mut db.read()).await, 40);
        assert_eq!(OLD.run(db, NOW).await.unwrap(), 0);
        assert_eq!(OLD.run(db, NOW.plus_micros(20)).await.unwrap(), 20, "a time that has just passed");
    }

    async fn what_was_removed_stays_removed_when_something_fails_later(test) {
        let db = &test.db;
        table(db, 0..2_500).await;
        let mut tx = db.begin().await.unwrap();
        tx.exec("CREATE TABLE child (a BIGINT NOT NULL REFERENCES t (a))", args![]).await.unwrap();
        tx.exec("INSERT INTO child (a) VALUES (2300)", args![]).await.unwrap();
        tx.commit().await.unwrap();
        OLD.run(db, NOW).await.unwrap_err();
        let rest = left(&mut db.read()).await;
        assert!((200..=1_300).contains(&rest), "{rest}");
        let mut tx = db.begin().await.unwrap();
        tx.exec("DELETE FROM child", args![]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(OLD.run(db, NOW).await.unwrap(), rest.unsigned_abs());
    }

    async fn others_write_in_between(test) {
        let db = &test.db;
        table(db, 0..20_000).await;
        let writes = async {
            let mut seen = Vec::new();
            while seen.last() != Some(&0) {
                let mut tx = db.begin().await.unwrap();
                tx.exec("INSERT INTO topics (name, number) VALUES ($1, 1)", args![format!("topic {}", seen.len())]).await.unwrap();
                let rows = left(&mut tx).await;
                tx.commit().await.unwrap();
                seen.push(rows);
            }
            seen
        };
        let (swept, seen) = tokio::join!(OLD.run(db, NOW), writes);
        assert_eq!(swept.unwrap(), 20_000);
        assert!(seen.iter().any(|rows| (1..20_000).contains(rows)), "{seen:?}");
    }
}
