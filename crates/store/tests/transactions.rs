//! What a transaction promises, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use store::{Db, Sql, Tx, args, insert_many, on_both, topics};

async fn table(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    tx.exec("CREATE TABLE t (a BIGINT PRIMARY KEY, b BIGINT NOT NULL)", args![]).await.unwrap();
    tx.exec("INSERT INTO t (a, b) VALUES (0, 0)", args![]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn count(db: &Db) -> i64 {
    db.read().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM t", args![], |row| row.get("n")).await.unwrap()
}

async fn insert(tx: &mut Tx, a: i64) {
    tx.exec("INSERT INTO t (a, b) VALUES ($1, 0)", args![a]).await.unwrap();
}

on_both! { store::migrate::OWN;
    async fn what_is_dropped_is_undone_and_its_neighbours_stay(test) {
        let db = &test.db;
        table(db).await;
        let tasks: Vec<_> = (1..=200_i64).map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                insert(&mut tx, n).await;
                if n % 3 == 0 { drop(tx) } else { tx.commit().await.unwrap() }
            })
        }).collect();
        for task in tasks { task.await.unwrap(); }
        let kept = (1..=200).filter(|n| n % 3 != 0).count();
        assert_eq!(count(db).await, 1 + i64::try_from(kept).unwrap());
    }

    async fn increments_from_many_tasks_are_all_there(test) {
        let db = &test.db;
        table(db).await;
        let tasks: Vec<_> = (0..100).map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                let lock = tx.for_update();
                let n: i64 = tx.one(&format!("SELECT b FROM t WHERE a = 0{lock}"), args![], |row| row.get("b")).await.unwrap();
                tx.exec("UPDATE t SET b = $1 WHERE a = 0", args![n + 1]).await.unwrap();
                tx.commit().await.unwrap();
            })
        }).collect();
        for task in tasks { task.await.unwrap(); }
        let n: i64 = db.read().one("SELECT b FROM t WHERE a = 0", args![], |row| row.get("b")).await.unwrap();
        assert_eq!(n, 100);
    }

    async fn cancelled_handlers_leave_nothing_half_done(test) {
        let db = &test.db;
        table(db).await;
        let tasks: Vec<_> = (0..300_i64).map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                // Polled a few times only, then dropped wherever it happens to be.
                let work = async {
                    let mut tx = db.begin().await.unwrap();
                    insert(&mut tx, 2 * n + 1).await;
                    insert(&mut tx, 2 * n + 2).await;
                    tx.commit().await.unwrap();
                };
                let polls = n % 23;
                let mut polled = 0;
                let mut work = std::pin::pin!(work);
                std::future::poll_fn(move |context| {
                    polled += 1;
                    if polled > polls + 1 { return std::task::Poll::Ready(()); }
                    work.as_mut().poll(context)
                }).await;
            })
        }).collect();
        for task in tasks { task.await.unwrap(); }
        // The writer must still turn for the next one.
        let mut tx = db.begin().await.unwrap();
        let rows = tx.all("SELECT a FROM t WHERE a > 0 ORDER BY a", args![], |row| row.get::<i64>("a")).await.unwrap();
        for pair in rows.chunks(2) {
            assert_eq!(pair.len(), 2);
            assert_eq!(pair[0] + 1, pair[1]);
        }
        tx.commit().await.unwrap();
    }

    async fn a_failed_statement_spoils_its_own_transaction_only(test) {
        let db = &test.db;
        table(db).await;
        let mut good = db.begin().await.unwrap();
        insert(&mut good, 1).await;
        good.commit().await.unwrap();
        let mut bad = db.begin().await.unwrap();
        insert(&mut bad, 2).await;
        let error = bad.exec("INSERT INTO t (a, b) VALUES (1, 1)", args![]).await.unwrap_err();
        assert!(matches!(error, store::Error::Unique(_)), "{error:?}");
        assert!(bad.commit().await.is_err(), "what failed cannot be committed");
        assert_eq!(count(db).await, 2);
    }

    async fn many_rows_go_in_with_few_statements(test) {
        let db = &test.db;
        table(db).await;
        let mut tx = db.begin().await.unwrap();
        let rows = (0..5_003_i64).map(|n| args![n, n]).collect();
        let inserted = insert_many(&mut tx, "t", &["a", "b"], rows, "ON CONFLICT DO NOTHING").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(inserted, 5_002, "row 0 was there");
        assert_eq!(count(db).await, 5_003);
    }

    async fn a_change_is_heard_of_after_its_commit_and_not_before(test) {
        let db = &test.db;
        let mut tx = db.begin().await.unwrap();
        topics::bump(&mut tx, db, "settings").await.unwrap();
        assert_eq!(topics::number(db, "settings"), 0);
        tx.commit().await.unwrap();
        assert_eq!(topics::number(db, "settings"), 1);
        let other = Db::open(&store::DbConfig::new(&test.url)).await.unwrap();
        topics::look(&other).await.unwrap();
        assert_eq!(topics::number(&other, "settings"), 1);
    }
}
