//! What becomes of a job: done, tried again, given up and told of, begun anew.

use kernel::{Clock, Random, SECOND, Timestamp};
use store::jobs::{self, Handlers, JobState, NewJob, Outcome, Runner};
use store::{Sql, args, on_both};

on_both! { store::migrate::OWN;
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

    async fn a_job_that_is_taken_again_reads_how_far_it_had_come_and_only_who_holds_it_may_say_so(test) {
        let db = test.db.clone();
        let clock = Clock::stepped(Timestamp::from_unix(1_800_000_000));
        let random = Random::seeded(14);
        let read = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut handlers = Handlers::<()>::default();
        let (kept_in, seen) = (db.clone(), read.clone());
        handlers.add("far", move |(), job: jobs::Job| {
            let (db, seen) = (kept_in.clone(), seen.clone());
            async move {
                let far: i64 = job.read().unwrap();
                seen.lock().unwrap().push(far);
                let mut tx = db.begin().await.unwrap();
                assert!(jobs::keep(&mut tx, &job, &(far + 1)).await.unwrap());
                tx.commit().await.unwrap();
                if far < 2 { Outcome::Retry("cut short".into()) } else { Outcome::Done }
            }
        });
        let runner = Runner::new(db.clone(), clock.clone(), random.clone(), (), handlers);
        let mut tx = db.begin().await.unwrap();
        jobs::enqueue(&mut tx, &db, &random, clock.now(), NewJob::new("far", &0, clock.now()).unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..3 {
            assert_eq!(runner.drain().await.unwrap(), 1);
            clock.step(60 * SECOND);
        }
        assert_eq!(*read.lock().unwrap(), [0, 1, 2]);

        let not_held = jobs::Job::for_test("far", &0, clock.now(), &random).unwrap();
        let mut tx = db.begin().await.unwrap();
        assert!(!jobs::keep(&mut tx, &not_held, &9).await.unwrap());
        tx.commit().await.unwrap();
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
        // Dismissed, and wanted all the same: a new one might have no name left.
        let mut tx = db.begin().await.unwrap();
        assert!(!jobs::dismiss(&mut tx, given_up, clock.now()).await.unwrap(), "it is not given up");
        tx.exec("UPDATE jobs SET state = 'dead' WHERE id = $1", args![given_up]).await.unwrap();
        assert!(jobs::dismiss(&mut tx, given_up, clock.now()).await.unwrap());
        jobs::again(&mut tx, &db, &random, clock.now(), of(1)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(jobs::find(&mut db.read(), given_up).await.unwrap().unwrap().state, JobState::Queued);
    }
}
