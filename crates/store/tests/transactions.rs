//! What a transaction promises, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use kernel::{Clock, Random, SECOND, Timestamp};
use store::jobs::{self, Handlers, JobState, NewJob, Outcome, Runner};
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

    async fn jobs_are_retried_given_up_and_started_again(test) {
        let db = test.db.clone();
        let clock = Clock::stepped(Timestamp::from_unix(1_800_000_000));
        let random = Random::seeded(7);
        let mut handlers = Handlers::<()>::default();
        handlers.add("ok", |(), _| async { Outcome::Done });
        handlers.add("never", |(), _| async { Outcome::GiveUp("no such address".into()) });
        handlers.add("shaky", |(), job: jobs::Job| async move {
            if job.attempt < 3 { Outcome::Retry("not yet".into()) } else { Outcome::Done }
        });
        let runner = Runner::new(db.clone(), clock.clone(), random.clone(), (), handlers);

        let mut tx = db.begin().await.unwrap();
        let mut ids = Vec::new();
        for kind in ["ok", "never", "shaky"] {
            let job = NewJob::new(kind, &(), clock.now()).unwrap();
            ids.push(jobs::enqueue(&mut tx, &db, &random, clock.now(), job).await.unwrap().unwrap());
        }
        let twice = NewJob::new("ok", &(), clock.now()).unwrap().once("tick 1");
        assert!(jobs::enqueue(&mut tx, &db, &random, clock.now(), twice).await.unwrap().is_some());
        let twice = NewJob::new("ok", &(), clock.now()).unwrap().once("tick 1");
        assert!(jobs::enqueue(&mut tx, &db, &random, clock.now(), twice).await.unwrap().is_none());
        tx.commit().await.unwrap();

        assert_eq!(runner.drain().await.unwrap(), 4);
        let state = async |n: usize| jobs::find(&mut db.read(), ids[n]).await.unwrap().unwrap().state;
        assert_eq!((state(0).await, state(1).await, state(2).await), (JobState::Done, JobState::Dead, JobState::Queued));
        clock.step(60 * SECOND);
        assert_eq!(runner.drain().await.unwrap(), 1);
        clock.step(60 * SECOND);
        assert_eq!(runner.drain().await.unwrap(), 1);
        assert_eq!(state(2).await, JobState::Done);

        let mut tx = db.begin().await.unwrap();
        assert!(jobs::retry(&mut tx, &db, ids[1], clock.now()).await.unwrap());
        assert!(!jobs::retry(&mut tx, &db, ids[0], clock.now()).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(runner.drain().await.unwrap(), 1);
    }

    async fn a_job_that_says_itself_when_to_try_again_is_told_how_often_it_failed_and_is_not_given_up(test) {
        let db = test.db.clone();
        let clock = Clock::stepped(Timestamp::from_unix(1_800_000_000));
        let random = Random::seeded(11);
        let tries = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut handlers = Handlers::<()>::default();
        let (seen, time) = (tries.clone(), clock.clone());
        handlers.add("soon", move |(), job: jobs::Job| {
            seen.lock().unwrap().push(job.attempt);
            let next = time.now().plus_seconds(3);
            async move { if job.attempt < 5 { Outcome::Soon("away".into(), next) } else { Outcome::Done } }
        });
        let runner = Runner::new(db.clone(), clock.clone(), random.clone(), (), handlers);
        let mut tx = db.begin().await.unwrap();
        let job = NewJob::new("soon", &(), clock.now()).unwrap().attempts(2);
        let id = jobs::enqueue(&mut tx, &db, &random, clock.now(), job).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        for _ in 0..5 {
            assert_eq!(runner.drain().await.unwrap(), 1);
            clock.step(2 * SECOND);
            assert_eq!(runner.drain().await.unwrap(), 0, "not before its time");
            clock.step(SECOND);
        }
        assert_eq!(*tries.lock().unwrap(), [1, 2, 3, 4, 5]);
        assert_eq!(jobs::find(&mut db.read(), id).await.unwrap().unwrap().state, JobState::Done);
    }

    async fn what_money_waits_for_is_written_down_to_be_told_with_the_giving_up_itself_and_once(test) {
        let db = test.db.clone();
        let clock = Clock::stepped(Timestamp::from_unix(1_800_000_000));
        let random = Random::seeded(12);
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut handlers = Handlers::<()>::default();
        handlers.add(jobs::JobKind::new("money").counts(), |(), _| async { Outcome::GiveUp("no such order".into()) });
        handlers.add("other", |(), _| async { Outcome::GiveUp("no such thing".into()) });
        let seen = told.clone();
        handlers.add(jobs::GIVEN_UP, move |(), job: jobs::Job| {
            let of: jobs::GivenUp = job.read().unwrap();
            seen.lock().unwrap().push((of.job, of.kind, of.why));
            async { Outcome::Done }
        });
        let runner = Runner::new(db.clone(), clock.clone(), random.clone(), (), handlers);
        let mut tx = db.begin().await.unwrap();
        let mut ids = Vec::new();
        for kind in ["money", "other"] {
            let job = NewJob::new(kind, &(), clock.now()).unwrap();
            ids.push(jobs::enqueue(&mut tx, &db, &random, clock.now(), job).await.unwrap().unwrap());
        }
        tx.commit().await.unwrap();
        runner.drain().await.unwrap();
        assert_eq!(*told.lock().unwrap(), [(ids[0], "money".to_owned(), "no such order".to_owned())]);
        let mut tx = db.begin().await.unwrap();
        assert!(jobs::retry(&mut tx, &db, ids[0], clock.now()).await.unwrap());
        tx.commit().await.unwrap();
        runner.drain().await.unwrap();
        assert_eq!(told.lock().unwrap().len(), 1);
        assert_eq!(jobs::find(&mut db.read(), ids[0]).await.unwrap().unwrap().state, JobState::Dead);
    }

    async fn a_job_that_looks_again_and_again_is_not_given_up_for_faults_of_days_ago(test) {
        let db = test.db.clone();
        let clock = Clock::stepped(Timestamp::from_unix(1_800_000_000));
        let random = Random::seeded(10);
        let runs = std::sync::Arc::new(std::sync::Mutex::new(0));
        let mut handlers = Handlers::<()>::default();
        let (counted, time) = (runs.clone(), clock.clone());
        // Each second time it fails: fifteen times in all, and never twice in a row.
        handlers.add("asks", move |(), _| {
            let run = {
                let mut runs = counted.lock().unwrap();
                *runs += 1;
                *runs
            };
            let next = time.now().plus_seconds(60);
            async move { if run % 2 == 0 { Outcome::Again(next) } else { Outcome::Retry("away".into()) } }
        });
        // What fails as often in a row is given up.
        handlers.add("fails", |(), _| async { Outcome::Retry("away".into()) });
        let runner = Runner::new(db.clone(), clock.clone(), random.clone(), (), handlers);
        let mut tx = db.begin().await.unwrap();
        let mut ids = Vec::new();
        for kind in ["asks", "fails"] {
            let job = NewJob::new(kind, &(), clock.now()).unwrap().attempts(3);
            ids.push(jobs::enqueue(&mut tx, &db, &random, clock.now(), job).await.unwrap().unwrap());
        }
        tx.commit().await.unwrap();
        for _ in 0..30 {
            runner.drain().await.unwrap();
            clock.step(60 * SECOND);
        }
        assert_eq!(*runs.lock().unwrap(), 30);
        let state = async |n: usize| jobs::find(&mut db.read(), ids[n]).await.unwrap().unwrap().state;
        assert_eq!((state(0).await, state(1).await), (JobState::Queued, JobState::Dead));
    }

    async fn a_job_that_waits_is_brought_forward_and_one_that_is_done_or_in_hand_is_not(test) {
        let db = test.db.clone();
        let clock = Clock::stepped(Timestamp::from_unix(1_800_000_000));
        let random = Random::seeded(9);
        let kind = jobs::JobKind::prompt("look");
        let sooner = async |name: &str, seconds: i64| {
            let mut tx = db.begin().await.unwrap();
            let waits = jobs::bring_forward(&mut tx, &db, kind, name, clock.now().plus_seconds(seconds)).await.unwrap();
            tx.commit().await.unwrap();
            waits
        };
        let mut handlers = Handlers::<()>::default();
        let held = db.clone();
        let now = clock.now();
        handlers.add(kind, move |(), _| {
            let db = held.clone();
            async move {
                let mut tx = db.begin().await.unwrap();
                let waits = jobs::bring_forward(&mut tx, &db, kind, "lamp", now).await.unwrap();
                tx.commit().await.unwrap();
                if waits { Outcome::GiveUp("it is in hand".into()) } else { Outcome::Done }
            }
        });
        let runner = Runner::new(db.clone(), clock.clone(), random.clone(), (), handlers);

        let mut tx = db.begin().await.unwrap();
        let job = NewJob::new(kind, &(), clock.now().plus_seconds(60)).unwrap().once("lamp");
        let id = jobs::enqueue(&mut tx, &db, &random, clock.now(), job).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        assert!(!sooner("another", 0).await);
        assert!(sooner("lamp", 30).await);
        // Nor does it wait longer for that.
        assert!(sooner("lamp", 90).await);
        clock.step(29 * SECOND);
        assert_eq!(runner.drain().await.unwrap(), 0);
        clock.step(2 * SECOND);
        assert_eq!(runner.drain().await.unwrap(), 1);
        assert_eq!(jobs::find(&mut db.read(), id).await.unwrap().unwrap().state, JobState::Done);
        assert!(!sooner("lamp", 0).await);
    }

    async fn what_was_given_up_is_begun_anew_and_what_is_gone_has_a_job_again(test) {
        let (db, random) = (test.db.clone(), Random::seeded(14));
        let clock = Clock::stepped(Timestamp::from_unix(1_800_000_000));
        let of = |about: i64| NewJob::new("lost", &about, clock.now()).unwrap();
        let mut tx = db.begin().await.unwrap();
        let given_up = jobs::enqueue(&mut tx, &db, &random, clock.now(), of(1)).await.unwrap().unwrap();
        jobs::enqueue(&mut tx, &db, &random, clock.now(), of(2)).await.unwrap();
        tx.exec("UPDATE jobs SET state = 'dead', attempts = 12, finished_at = run_at WHERE id = $1", args![given_up]).await.unwrap();
        tx.commit().await.unwrap();
        let under_way = async || {
            let mut all: Vec<String> = jobs::under_way(&mut db.read(), "lost").await.unwrap().into_iter().collect();
            all.sort_unstable();
            all
        };
        assert_eq!(under_way().await, ["2"]);
        let mut tx = db.begin().await.unwrap();
        for about in [1, 3] {
            jobs::again(&mut tx, &db, &random, clock.now(), of(about)).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(under_way().await, ["1", "2", "3"]);
        let again = jobs::find(&mut db.read(), given_up).await.unwrap().unwrap();
        assert_eq!((again.state, again.attempts, again.finished_at), (JobState::Queued, 0, None));
        let all: i64 = db.read().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM jobs", vec![], |row| row.get("n")).await.unwrap();
        assert_eq!(all, 3);
    }

    async fn no_crew_waits_for_another(test) {
        let clock = Clock::stepped(Timestamp::from_unix(1_800_000_000));
        let random = Random::seeded(9);
        let network = |name, crew| jobs::JobKind::new(name).by(crew);
        let kinds = [
            jobs::JobKind::prompt("prompt"),
            jobs::JobKind::boards("boards"),
            network("wechat", jobs::Crew::Wechat),
            network("alipay", jobs::Crew::Alipay),
            jobs::JobKind::texts("texts"),
            jobs::JobKind::new("rest"),
        ];
        let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let mut handlers = Handlers::<()>::default();
        for kind in kinds {
            let (held, said) = (gate.clone(), told.clone());
            handlers.add(kind, move |(), job: jobs::Job| {
                let (held, said) = (held.clone(), said.clone());
                async move {
                    let _ = said.send(job.kind.clone());
                    if job.read::<bool>().unwrap() { let _ = held.acquire().await; }
                    Outcome::Done
                }
            });
        }
        let runner = Runner::new(test.db.clone(), clock.clone(), random.clone(), (), handlers);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let running = tokio::spawn(runner.run(jobs::Workers { prompt: 1, boards: 2, wechat: 2, alipay: 2, texts: 2, rest: 2 }, stopped));
        let enqueue = async |kind: jobs::JobKind, is_slow: bool| {
            let mut tx = test.db.begin().await.unwrap();
            jobs::enqueue(&mut tx, &test.db, &random, clock.now(), NewJob::new(kind, &is_slow, clock.now()).unwrap()).await.unwrap();
            tx.commit().await.unwrap();
        };
        // All who speak to boards are held up, and more of it waits; then all who ask a network, and so on, until only what is prompt is left.
        let mut held_up = Vec::new();
        for kind in kinds.into_iter().skip(1) {
            held_up.push(kind);
            for _ in 0..5 {
                enqueue(kind, true).await;
            }
            for _ in 0..2 {
                assert_eq!(heard.recv().await.as_deref(), Some(kind.name));
            }
            for other in kinds.into_iter().filter(|other| !held_up.contains(other)) {
                enqueue(other, false).await;
                assert_eq!(heard.recv().await.as_deref(), Some(other.name));
            }
        }
        gate.add_permits(30);
        stop.send_replace(true);
        running.await.unwrap();
    }

    async fn one_process_has_the_lead_until_it_leaves_or_falls_silent(test) {
        const TERM: i64 = 20 * SECOND;
        let (clock, random) = (Clock::stepped(Timestamp::from_unix(1_800_000_000)), Random::seeded(11));
        let lead = || jobs::Lead::new(jobs::Crew::Boards, random.uuid_v7(clock.now()));
        let (mut one, mut other) = (lead(), lead());
        assert!(one.holds(&test.db, clock.now()).await.unwrap());
        // As long as it goes on.
        for _ in 0..10 {
            clock.step(TERM * 3 / 4);
            assert!(one.holds(&test.db, clock.now()).await.unwrap());
            assert!(!other.holds(&test.db, clock.now()).await.unwrap());
        }
        // It falls silent, and comes too late.
        clock.step(TERM - SECOND);
        assert!(!other.holds(&test.db, clock.now()).await.unwrap());
        clock.step(2 * SECOND);
        assert!(other.holds(&test.db, clock.now()).await.unwrap());
        assert!(!one.holds(&test.db, clock.now()).await.unwrap());
        // Who does not have it leaves nothing; who has it leaves it at once.
        one.leave(&test.db).await.unwrap();
        let mut third = lead();
        assert!(!third.holds(&test.db, clock.now()).await.unwrap());
        other.leave(&test.db).await.unwrap();
        assert!(third.holds(&test.db, clock.now()).await.unwrap());
    }

    async fn of_many_who_ask_for_the_lead_at_once_one_has_it(test) {
        let (now, random) = (Timestamp::from_unix(1_800_000_000), Random::seeded(12));
        let asking: Vec<_> = (0..20).map(|_| {
            let (db, holder) = (test.db.clone(), random.uuid_v7(now));
            tokio::spawn(async move { jobs::Lead::new(jobs::Crew::Boards, holder).holds(&db, now).await.unwrap() })
        }).collect();
        let mut held = 0;
        for asking in asking {
            held += usize::from(asking.await.unwrap());
        }
        assert_eq!(held, 1);
    }

    async fn boards_are_spoken_to_by_one_process_and_by_another_when_that_stops(test) {
        let (clock, random) = (Clock::stepped(Timestamp::from_unix(1_800_000_000)), Random::seeded(13));
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let start = async |name: &'static str, seed: u64| {
            // A process of its own would have a pool of its own.
            let db = match test.db.engine() {
                store::Engine::Sqlite => test.db.clone(),
                store::Engine::Postgres => Db::open(&store::DbConfig::new(&test.url)).await.unwrap(),
            };
            let mut handlers = Handlers::<()>::default();
            let told = told.clone();
            handlers.add("boards", move |(), _| { let told = told.clone(); async move { let _ = told.send(name); Outcome::Done } });
            let runner = Runner::new(db, clock.clone(), Random::seeded(seed), (), handlers);
            let (stop, stopped) = tokio::sync::watch::channel(false);
            (stop, tokio::spawn(runner.run(jobs::Workers { prompt: 1, boards: 4, wechat: 1, alipay: 1, texts: 1, rest: 1 }, stopped)))
        };
        let mut next = async || {
            let mut tx = test.db.begin().await.unwrap();
            let job = NewJob::new(jobs::JobKind::boards("boards"), &(), clock.now()).unwrap();
            jobs::enqueue(&mut tx, &test.db, &random, clock.now(), job).await.unwrap();
            tx.commit().await.unwrap();
            loop {
                // Whoever was not woken looks when the clock moves.
                clock.step(SECOND / 2);
                if let Ok(name) = tokio::time::timeout(std::time::Duration::from_millis(100), heard.recv()).await {
                    return name;
                }
            }
        };
        let (stop_one, one) = start("one", 21).await;
        assert_eq!(next().await, Some("one"));
        let (stop_other, other) = start("other", 22).await;
        for _ in 0..20 {
            assert_eq!(next().await, Some("one"), "the other one has nothing to do");
        }
        stop_one.send_replace(true);
        one.await.unwrap();
        assert_eq!(next().await, Some("other"));
        stop_other.send_replace(true);
        other.await.unwrap();
    }

    async fn two_workers_never_hold_one_job(test) {
        let clock = Clock::stepped(Timestamp::from_unix(1_800_000_000));
        let random = Random::seeded(8);
        let done = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut tx = test.db.begin().await.unwrap();
        for _ in 0..100 {
            let job = NewJob::new("count", &(), clock.now()).unwrap();
            jobs::enqueue(&mut tx, &test.db, &random, clock.now(), job).await.unwrap();
        }
        tx.commit().await.unwrap();
        clock.step(SECOND);
        let mut nodes = Vec::new();
        for _ in 0..3 {
            // A process of its own would have a pool of its own.
            let db = match test.db.engine() {
                store::Engine::Sqlite => test.db.clone(),
                store::Engine::Postgres => Db::open(&store::DbConfig::new(&test.url)).await.unwrap(),
            };
            let mut handlers = Handlers::<()>::default();
            let done = done.clone();
            handlers.add("count", move |(), job: jobs::Job| {
                let done = done.clone();
                async move { done.lock().unwrap().push(job.id); Outcome::Done }
            });
            let runner = Runner::new(db, clock.clone(), random.clone(), (), handlers);
            nodes.push(tokio::spawn(async move { runner.drain().await.unwrap() }));
        }
        for node in nodes { node.await.unwrap(); }
        let mut done = done.lock().unwrap().clone();
        assert_eq!(done.len(), 100);
        done.sort();
        done.dedup();
        assert_eq!(done.len(), 100);
    }

    async fn many_jobs_are_enqueued_at_once_and_none_twice(test) {
        let (clock, random) = (Clock::stepped(Timestamp::from_unix(1_800_000_000)), Random::seeded(3));
        let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let of = |name: i64| NewJob::new("many", &name, Timestamp::from_unix(1_800_000_000)).unwrap().once(name.to_string());
        let mut tx = test.db.begin().await.unwrap();
        let jobs = (0..777).map(of).collect();
        assert_eq!(jobs::enqueue_many(&mut tx, &test.db, &random, clock.now(), jobs).await.unwrap(), 777);
        assert_eq!(jobs::enqueue_many(&mut tx, &test.db, &random, clock.now(), (770..780).map(of).collect()).await.unwrap(), 3);
        assert_eq!(jobs::enqueue_many(&mut tx, &test.db, &random, clock.now(), Vec::new()).await.unwrap(), 0);
        tx.commit().await.unwrap();
        let mut handlers = Handlers::<()>::default();
        let seen = order.clone();
        handlers.add("many", move |(), job: jobs::Job| {
            seen.lock().unwrap().push(job.read::<i64>().unwrap());
            async { Outcome::Done }
        });
        clock.step(SECOND);
        Runner::new(test.db.clone(), clock.clone(), random.clone(), (), handlers).drain().await.unwrap();
        let mut seen = order.lock().unwrap().clone();
        seen.sort_unstable();
        assert_eq!(seen, (0..780).collect::<Vec<i64>>());
    }
}
