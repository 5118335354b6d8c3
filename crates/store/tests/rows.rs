//! Many rows at once, and lanes: the same answers from both databases, whatever their statements look like.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use store::{Db, Engine, Index, Insert, Lane, Row, Sql, ToValue, Update, Value, Write, args, insert_and_read, on_both, write_all};

const INSERT: Insert<'static> = Insert { table: "t", columns: &["a", "b"], rows: Vec::new(), tail: "ON CONFLICT DO NOTHING" };

async fn tables(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    tx.exec("CREATE TABLE t (a BIGINT PRIMARY KEY, b BIGINT NOT NULL)", args![]).await.unwrap();
    tx.exec("CREATE TABLE u (a BIGINT PRIMARY KEY, b BIGINT)", args![]).await.unwrap();
    tx.exec("INSERT INTO u (a, b) VALUES (1, 10), (2, 20)", args![]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn all(db: &Db, table: &str) -> Vec<(i64, Option<i64>)> {
    let sql = format!("SELECT a, b FROM {table} ORDER BY a");
    db.read().all(&sql, args![], |row| Ok((row.get("a")?, row.get("b")?))).await.unwrap()
}

fn numbers(numbers: &[i64]) -> Vec<Value> {
    numbers.iter().map(|number| number.to_value()).collect()
}

on_both! { store::migrate::OWN;
    async fn what_is_inserted_is_counted_whether_or_not_something_is_read(test) {
        let db = &test.db;
        tables(db).await;
        let read = |row: &Row| row.get::<Option<i64>>("b");
        let sql = "SELECT b FROM u WHERE a IN";
        let mut tx = db.begin().await.unwrap();
        let mut ask = async |rows: &[i64], wanted: &[i64]| {
            let insert = Insert { rows: rows.iter().map(|a| args![*a, 0]).collect(), ..INSERT };
            let (written, mut found) = insert_and_read(&mut tx, insert, sql, numbers(wanted), read).await.unwrap();
            found.sort();
            (written, found)
        };
        assert_eq!(ask(&[1, 2, 3], &[1, 2, 9]).await, (3, vec![Some(10), Some(20)]));
        assert_eq!(ask(&[3, 4], &[9]).await, (1, vec![]), "one was there, and nothing is found");
        assert_eq!(ask(&[4], &[2]).await, (0, vec![Some(20)]));
        assert_eq!(ask(&[5], &[]).await, (1, vec![]));
        assert_eq!(ask(&[], &[1]).await, (0, vec![Some(10)]));
        tx.commit().await.unwrap();
        assert_eq!(all(db, "t").await.len(), 5);
    }

    async fn several_tables_are_written_at_once_and_what_has_no_rows_is_left_out(test) {
        let db = &test.db;
        tables(db).await;
        let mut tx = db.begin().await.unwrap();
        write_all(&mut tx, vec![]).await.unwrap();
        write_all(&mut tx, vec![Write::Insert(INSERT)]).await.unwrap();
        let update = |rows| Write::Update(Update { table: "u", columns: &["a", "b"], rows });
        let insert = |rows| Write::Insert(Insert { rows, ..INSERT });
        write_all(&mut tx, vec![insert(vec![args![1, 1]])]).await.unwrap();
        write_all(&mut tx, vec![update(vec![args![1, None::<i64>], args![2, Some(21)]]), insert(vec![]), insert(vec![args![1, 5], args![2, 2]])])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(all(db, "u").await, [(1, None), (2, Some(21))]);
        assert_eq!(all(db, "t").await, [(1, Some(1)), (2, Some(2))]);
    }

    async fn a_commit_that_begins_the_next_keeps_the_one_and_not_the_other(test) {
        let db = &test.db;
        tables(db).await;
        let mut tx = db.begin().await.unwrap();
        tx.exec("INSERT INTO t (a, b) VALUES (1, 0)", args![]).await.unwrap();
        let (heard, hears) = std::sync::mpsc::channel();
        tx.on_commit(move || heard.send(()).unwrap());
        let next = tx.commit_and_begin().await.unwrap();
        hears.try_recv().unwrap();
        assert_eq!(all(db, "t").await, [(1, Some(0))], "others see it");
        assert_eq!(next.is_some(), db.engine() == Engine::Postgres);
        if let Some(mut next) = next {
            next.exec("INSERT INTO t (a, b) VALUES (2, 0)", args![]).await.unwrap();
            drop(next);
        }
        assert_eq!(all(db, "t").await, [(1, Some(0))]);
        let mut spoilt = db.begin().await.unwrap();
        spoilt.exec("INSERT INTO t (a, b) VALUES (3, 0)", args![]).await.unwrap();
        spoilt.exec("INSERT INTO t (a, b) VALUES (1, 0)", args![]).await.unwrap_err();
        assert!(spoilt.commit_and_begin().await.is_err(), "a statement of it failed");
        assert_eq!(all(db, "t").await, [(1, Some(0))]);
    }

    async fn a_lane_has_its_own_rows_and_no_others(test) {
        const INDEX: Index = Index { name: "things_by", columns: &["a", "b"] };
        let db = &test.db;
        let mut tx = db.begin().await.unwrap();
        tx.exec("CREATE TABLE things (id BIGINT PRIMARY KEY, a BIGINT NOT NULL, b BIGINT NOT NULL)", args![]).await.unwrap();
        tx.exec("CREATE INDEX things_by ON things (a, b, id)", args![]).await.unwrap();
        for id in 0..60_i64 {
            tx.exec("INSERT INTO things (id, a, b) VALUES ($1, $2, $3)", args![id, id % 3, id % 4]).await.unwrap();
        }
        tx.commit().await.unwrap();
        for (a, b, from, to, limit) in [(0, 0, 0, 60, 3), (2, 3, 10, 40, 9), (1, 1, 0, 0, 9), (1, 7, 0, 60, 9), (2, 0, 59, 60, 9), (0, 3, 0, 60, 99)] {
            let said = [("a", "$1"), ("b", "$2")];
            let lane = Lane { table: "things", index: Some(&INDEX), said: &said, id: "id", to: "$4", from: Some("$3"), partial: "TRUE", limit: "$5" };
            let sql = format!("SELECT t.id AS id {}", lane.rows(db.engine()));
            let ids: Vec<i64> = db.read().all(&sql, args![a, b, from, to, limit], |row| row.get("id")).await.unwrap();
            let due: Vec<i64> = (from..to).rev().filter(|id| (id % 3, id % 4) == (a, b)).take(usize::try_from(limit).unwrap()).collect();
            assert_eq!(ids, due, "{a} {b} {from} {to} {limit}");
        }
    }
}
