//! When a job is taken, and that it is by one worker, once; and what becomes of what a process had begun that was killed.

use kernel::{Clock, Random, SECOND, Timestamp};
use store::jobs::{self, Handlers, JobState, NewJob, Outcome, Runner};
use store::{Db, on_both};

on_both! { store::migrate::OWN;
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

    async fn what_a_killed_process_had_begun_is_taken_up_at_once_by_who_takes_over_from_it_and_nothing_else_is(test) {
        let (clock, random) = (Clock::stepped(Timestamp::from_unix(1_800_000_000)), Random::seeded(14));
        let (killed, lives, fresh) = (random.uuid_v7(clock.now()), random.uuid_v7(clock.now()), random.uuid_v7(clock.now()));
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let runner = |process| {
            let mut handlers = Handlers::<()>::default();
            let told = told.clone();
            handlers.add(jobs::JobKind::boards("work"), move |(), job: jobs::Job| {
                let told = told.clone();
                async move {
                    told.send((process, job.id, job.attempt)).unwrap();
                    if process == fresh { Outcome::Done } else { std::future::pending().await }
                }
            });
            Runner::new(test.db.clone(), clock.clone(), random.clone(), (), handlers).named(process)
        };
        let enqueue = async || {
            let mut tx = test.db.begin().await.unwrap();
            let job = NewJob::new(jobs::JobKind::boards("work"), &(), clock.now()).unwrap();
            let id = jobs::enqueue(&mut tx, &test.db, &random, clock.now(), job).await.unwrap().unwrap();
            tx.commit().await.unwrap();
            id
        };
        // Each begins one, and does not end it; nor does it hear of the time any more.
        let (one, begun) = (enqueue().await, tokio::spawn({ let runner = runner(killed); async move { runner.drain().await } }));
        assert_eq!(heard.recv().await, Some((killed, one, 1)));
        begun.abort();
        let (other, begun) = (enqueue().await, tokio::spawn({ let runner = runner(lives); async move { runner.drain().await } }));
        assert_eq!(heard.recv().await, Some((lives, other, 1)));
        begun.abort();
        assert!(jobs::Lead::new(jobs::Crew::Boards, killed).holds(&test.db, clock.now()).await.unwrap());

        assert_eq!(runner(fresh).drain().await.unwrap(), 0);
        assert!(!jobs::Lead::new(jobs::Crew::Boards, fresh).holds(&test.db, clock.now()).await.unwrap());
        assert_eq!(jobs::take_over(&test.db, killed, clock.now()).await.unwrap(), 1);
        assert_eq!(runner(fresh).drain().await.unwrap(), 1);
        assert_eq!(heard.recv().await, Some((fresh, one, 2)));
        assert!(jobs::Lead::new(jobs::Crew::Boards, fresh).holds(&test.db, clock.now()).await.unwrap());
        assert_eq!(jobs::take_over(&test.db, killed, clock.now()).await.unwrap(), 0);
        // The other's is its own until its lease ends.
        clock.step(19 * SECOND);
        assert_eq!(runner(fresh).drain().await.unwrap(), 0);
        clock.step(SECOND);
        assert_eq!(runner(fresh).drain().await.unwrap(), 1);
        assert_eq!(heard.recv().await, Some((fresh, other, 2)));
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
