//! A step that cannot be applied leaves everything as it was, and says what to do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use store::migrate::{self, Migration, OWN, Status, describe, examine};
use store::{Db, Error, Row, Sql, args, on_both};

const NOW: kernel::Timestamp = kernel::Timestamp::from_unix(1_800_000_000);

const FIRST: Migration = Migration { number: 102, name: "first", sql: "CREATE TABLE one (id BIGINT PRIMARY KEY, place BIGINT);" };
const SECOND: Migration = Migration {
    number: 103,
    name: "second",
    sql: "CREATE TABLE two (id BIGINT PRIMARY KEY);\nALTER TABLE one ADD COLUMN more BIGINT;\nCREATE UNIQUE INDEX one_place ON one (place);",
};

fn all() -> Vec<Migration> {
    [OWN, &[FIRST, SECOND]].concat()
}

async fn by_hand(db: &Db, sql: &str) {
    let mut tx = db.begin().await.unwrap();
    tx.exec(sql, args![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Every table, column and index, and which steps are said to be applied.
async fn is(db: &Db) -> Vec<String> {
    let mut lines = describe(db).await.unwrap();
    let step = |row: &Row| Ok(format!("step {} {}", row.get::<i64>("number")?, row.get::<String>("name")?));
    lines.extend(db.read().all("SELECT number, name FROM migrations ORDER BY number", args![], step).await.unwrap());
    lines
}

on_both! { OWN;
    async fn a_step_that_was_done_by_hand_undoes_those_before_it_and_names_itself(test) {
        let db = &test.db;
        assert_eq!(examine(db, &all()).await.unwrap(), Status::Behind(2));
        by_hand(db, "CREATE TABLE two (id BIGINT PRIMARY KEY)").await;
        let before = is(db).await;
        for refused in [migrate::run(db, &all(), NOW).await.map(|_| ()), examine(db, &all()).await.map(|_| ())] {
            let Err(Error::Version(said)) = &refused else { panic!("{refused:?}") };
            for words in ["migration second cannot be applied", "two", "half-done", "restore a backup"] {
                assert!(said.contains(words), "{words:?} is not in {said}");
            }
        }
        assert_eq!(is(db).await, before, "the first was undone with the second");

        by_hand(db, "DROP TABLE two").await;
        assert_eq!(migrate::run(db, &all(), NOW).await.unwrap(), 2);
        assert_eq!(examine(db, &all()).await.unwrap(), Status::Current);
    }

    async fn a_column_and_an_index_that_are_there_already_are_seen_without_trying(test) {
        let db = &test.db;
        let first = [OWN, &[FIRST]].concat();
        assert_eq!(migrate::run(db, &first, NOW).await.unwrap(), 1);
        for (done, undone, named) in [
            ("ALTER TABLE one ADD COLUMN more BIGINT", "ALTER TABLE one DROP COLUMN more", "column one.more is there already"),
            ("CREATE UNIQUE INDEX one_place ON one (place)", "DROP INDEX one_place", "index one_place is there already"),
        ] {
            by_hand(db, done).await;
            let error = examine(db, &all()).await.unwrap_err();
            assert!(matches!(&error, Error::Version(said) if said.contains(named)), "{error}");
            assert!(matches!(migrate::run(db, &all(), NOW).await, Err(Error::Version(_))), "{done}");
            by_hand(db, undone).await;
            assert_eq!(examine(db, &all()).await.unwrap(), Status::Behind(1));
        }
    }

    async fn rows_that_a_step_cannot_take_are_kept_and_it_is_refused_with_advice(test) {
        let db = &test.db;
        assert_eq!(migrate::run(db, &[OWN, &[FIRST]].concat(), NOW).await.unwrap(), 1);
        by_hand(db, "INSERT INTO one (id, place) VALUES (1, 7), (2, 7)").await;
        let before = is(db).await;
        let refused = migrate::run(db, &all(), NOW).await;
        let Err(Error::Version(said)) = &refused else { panic!("{refused:?}") };
        assert!(said.contains("migration second cannot be applied") && said.contains("restore a backup"), "{said}");
        assert_eq!(is(db).await, before);
        let rows: i64 = db.read().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM one", args![], |row| row.get("n")).await.unwrap();
        assert_eq!(rows, 2);
    }
}
