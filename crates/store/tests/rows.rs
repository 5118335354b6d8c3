//! Many rows at once, and lanes: the same answers from both databases, whatever their statements look like.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use store::{Change, Db, Index, Insert, Lane, Row, Sql, ToValue, Update, Value, Write, all_in_either, args, on_both, write_all};

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
    async fn rows_of_two_tables_are_read_at_once_by_their_keys(test) {
        let db = &test.db;
        tables(db).await;
        let mut tx = db.begin().await.unwrap();
        tx.exec("INSERT INTO t (a, b) VALUES (7, 70)", args![]).await.unwrap();
        tx.exec("INSERT INTO u (a, b) VALUES (3, NULL)", args![]).await.unwrap();
        tx.commit().await.unwrap();
        let read = |row: &Row| Ok((row.get::<String>(0)?, row.get::<Option<i64>>(1)?, row.get::<Option<i64>>(2)?));
        let mut direct = db.direct().await.unwrap();
        let mut ask = async |some: &[i64], others: &[i64]| {
            let lists = [("SELECT 'u' AS name, b, NULL AS c FROM u WHERE a IN", numbers(some)), ("SELECT 't', NULL, b FROM t WHERE a IN", numbers(others))];
            let mut found = all_in_either(&mut direct, lists, read).await.unwrap();
            found.sort();
            found
        };
        let (seven, one, none) = (("t".to_owned(), None, Some(70)), ("u".to_owned(), Some(10), None), ("u".to_owned(), None, None));
        assert_eq!(ask(&[1, 3, 9], &[6, 7]).await, [seven.clone(), none, one.clone()]);
        assert_eq!(ask(&[1], &[]).await, [one]);
        assert_eq!(ask(&[], &[7]).await, [seven]);
        assert_eq!(ask(&[9], &[8]).await, []);
        assert_eq!(ask(&[], &[]).await, []);
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

    async fn what_is_written_at_once_is_all_written_or_nothing(test) {
        let db = &test.db;
        tables(db).await;
        let mut direct = db.direct().await.unwrap();
        let insert = |rows| Write::Insert(Insert { rows, tail: "", ..INSERT });
        let change = |changes: &[(i64, Option<i64>, Option<i64>)]| {
            let rows = changes.iter().map(|(a, b, _)| args![*a, *b]).collect();
            let was = changes.iter().map(|(_, _, was)| args![*was]).collect();
            Write::Change(Change { update: Update { table: "u", columns: &["a", "b"], rows }, were: &["b"], was })
        };
        assert!(direct.write(vec![]).await.unwrap());
        assert!(direct.write(vec![insert(vec![])]).await.unwrap());
        assert!(direct.write(vec![change(&[(1, None, Some(10)), (2, Some(21), Some(20))]), insert(vec![]), insert(vec![args![1, 1]])]).await.unwrap());
        assert_eq!((all(db, "u").await, all(db, "t").await), (vec![(1, None), (2, Some(21))], vec![(1, Some(1))]), "others see it");

        let not_as_it_was = vec![change(&[(1, Some(5), None), (2, Some(22), Some(20))]), insert(vec![args![3, 3]])];
        assert!(!direct.write(not_as_it_was).await.unwrap());
        let not_there = vec![insert(vec![args![3, 3]]), change(&[(9, Some(5), None)])];
        assert!(!direct.write(not_there).await.unwrap());
        let there_already = vec![change(&[(1, Some(5), None)]), insert(vec![args![3, 3], args![1, 1]])];
        assert!(!direct.write(there_already).await.unwrap());
        assert_eq!((all(db, "u").await, all(db, "t").await), (vec![(1, None), (2, Some(21))], vec![(1, Some(1))]));

        assert!(direct.write(vec![insert(vec![args![3, 3]]), change(&[(1, Some(5), None)])]).await.unwrap(), "it goes on after a refusal");
        assert_eq!((all(db, "u").await[0], all(db, "t").await.len()), ((1, Some(5)), 2));
        let nowhere = Write::Insert(Insert { table: "no_such_table", rows: vec![args![1, 1]], ..INSERT });
        direct.write(vec![nowhere]).await.unwrap_err();
    }

    async fn beside_transactions_of_others_each_is_written_alone_or_not_at_all(test) {
        let db = &test.db;
        tables(db).await;
        // In transactions, at once, and at once but refused.
        let work = async |db: Db, who: i64| {
            let mut direct = db.direct().await.unwrap();
            for n in 0..30_i64 {
                let row = who * 100 + n;
                if who % 2 == 0 {
                    let mut tx = db.begin().await.unwrap();
                    tx.exec("INSERT INTO t (a, b) VALUES ($1, 0)", args![row]).await.unwrap();
                    tx.commit().await.unwrap();
                } else {
                    let update = Update { table: "u", columns: &["a", "b"], rows: vec![args![2, 20]] };
                    let was = if n % 3 == 0 { 99 } else { 20 };
                    let change = Write::Change(Change { update, were: &["b"], was: vec![args![was]] });
                    let insert = Write::Insert(Insert { rows: vec![args![row, 0]], tail: "", ..INSERT });
                    assert_eq!(direct.write(vec![insert, change]).await.unwrap(), n % 3 > 0);
                }
            }
        };
        futures_util::future::join_all((0..8).map(|who| work(db.clone(), who))).await;
        let found: Vec<i64> = all(db, "t").await.into_iter().map(|(a, _)| a).collect();
        let due: Vec<i64> = (0..8).flat_map(|who| (0..30).filter(move |n| who % 2 == 0 || n % 3 > 0).map(move |n| who * 100 + n)).collect();
        assert_eq!(found, due);
    }

    async fn somebody_who_leaves_before_it_is_written_is_in_nobodys_way(test) {
        let db = &test.db;
        tables(db).await;
        let insert = |row: i64| vec![Write::Insert(Insert { rows: vec![args![row, 0]], tail: "", ..INSERT })];
        for n in 0..20 {
            let mut direct = db.direct().await.unwrap();
            direct.write(insert(1_000 + n)).await.unwrap();
            let mut write = Box::pin(direct.write(insert(n)));
            for _ in 0..n % 3 {
                // It may end sooner than that, and what has ended may not be asked again.
                if std::future::poll_fn(|cx| std::task::Poll::Ready(write.as_mut().poll(cx).is_ready())).await {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(write);
            let mut tx = db.begin().await.unwrap();
            tx.exec("INSERT INTO t (a, b) VALUES ($1, 0)", args![100 + n]).await.unwrap();
            tx.commit().await.unwrap();
            assert!(db.direct().await.unwrap().write(insert(200 + n)).await.unwrap());
        }
        let others = all(db, "t").await.into_iter().filter(|(a, _)| *a >= 100).count();
        assert_eq!(others, 60);
    }

    async fn of_many_who_change_a_row_at_once_each_finds_what_the_one_before_left(test) {
        let db = &test.db;
        tables(db).await;
        let count = async |db: Db| {
            let mut direct = db.direct().await.unwrap();
            let (mut done, mut refused) = (0, 0);
            while done < 20 {
                let found = all(&db, "u").await[0].1;
                let update = Update { table: "u", columns: &["a", "b"], rows: vec![args![1, found.map(|n| n + 1)]] };
                if direct.write(vec![Write::Change(Change { update, were: &["b"], was: vec![args![found]] })]).await.unwrap() {
                    done += 1;
                } else {
                    refused += 1;
                }
            }
            refused
        };
        let all_of_them: Vec<_> = (0..4).map(|_| count(db.clone())).collect();
        let refused: i32 = futures_util::future::join_all(all_of_them).await.into_iter().sum();
        assert_eq!(all(db, "u").await[0].1, Some(10 + 80), "{refused} were refused");
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
