//! What a clock that was ahead has put off, or taken, lasts no longer than was wanted once it is set back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use kernel::{Clock, HOUR, MINUTE, Random, SECOND, Timestamp};
use store::jobs::{self, Crew, Handlers, JobId, Lead, NewJob, Outcome, Runner};
use store::{Db, Sql, args, on_both};

const START: Timestamp = Timestamp::from_unix(1_800_000_000);
const LEASE: i64 = 20 * SECOND;

async fn enqueue(db: &Db, clock: &Clock, random: &Random, after: i64) -> JobId {
    let now = clock.now();
    let mut tx = db.begin().await.unwrap();
    let job = NewJob::new("later", &(), now.plus_micros(after)).unwrap();
    let id = jobs::enqueue(&mut tx, db, random, now, job).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    id
}

/// In how many seconds it is due.
async fn due_in(db: &Db, id: JobId, now: Timestamp) -> i64 {
    jobs::find(&mut db.read(), id).await.unwrap().unwrap().run_at.seconds_since(now)
}

fn runner(db: &Db, clock: &Clock, does: fn() -> Outcome) -> Runner<()> {
    let mut handlers = Handlers::<()>::default();
    handlers.add("later", move |(), _| async move { does() });
    Runner::new(db.clone(), clock.clone(), Random::seeded(21), (), handlers)
}

on_both! { store::migrate::OWN;
    async fn what_was_written_an_hour_ahead_is_due_after_as_long_as_was_wanted(test) {
        let (db, clock, random) = (&test.db, Clock::stepped(START), Random::seeded(20));
        let before = enqueue(db, &clock, &random, 2 * HOUR).await;
        clock.step(HOUR);
        let (at_once, later) = (enqueue(db, &clock, &random, 0).await, enqueue(db, &clock, &random, 10 * MINUTE).await);
        clock.step(-HOUR);
        let now = clock.now();
        jobs::set_right(db, now).await.unwrap();
        assert_eq!([due_in(db, at_once, now).await, due_in(db, later, now).await], [0, 600]);
        assert!((7_199..=7_200).contains(&due_in(db, before, now).await), "that was written by the right clock");
        // Once: what it is due at is not put off each time that somebody looks.
        clock.step(9 * MINUTE);
        jobs::set_right(db, clock.now()).await.unwrap();
        assert_eq!(runner(db, &clock, || Outcome::Done).drain().await.unwrap(), 1);
        clock.step(2 * MINUTE);
        assert_eq!(runner(db, &clock, || Outcome::Done).drain().await.unwrap(), 1);
    }

    async fn what_was_enqueued_before_and_put_off_an_hour_ahead_is_tried_again_as_soon_as_it_would_have_been(test) {
        let (db, clock, random) = (&test.db, Clock::stepped(START), Random::seeded(22));
        let id = enqueue(db, &clock, &random, 0).await;
        clock.step(HOUR);
        assert_eq!(runner(db, &clock, || Outcome::Retry("not yet".into())).drain().await.unwrap(), 1);
        clock.step(-HOUR);
        let now = clock.now();
        assert!(due_in(db, id, now).await > 3_600);
        jobs::set_right(db, now).await.unwrap();
        assert!((1..=7).contains(&due_in(db, id, now).await), "five seconds, more or less");
    }

    async fn clocks_of_two_processes_that_are_minutes_apart_set_nothing_right(test) {
        let (db, clock, random) = (&test.db, Clock::stepped(START), Random::seeded(23));
        let id = enqueue(db, &clock, &random, MINUTE).await;
        let other = clock.now().plus_micros(-4 * MINUTE);
        jobs::set_right(db, other).await.unwrap();
        assert_eq!(due_in(db, id, other).await, 300);
    }

    async fn however_many_there_are_all_are_set_right(test) {
        let (db, clock, random) = (&test.db, Clock::stepped(START), Random::seeded(24));
        let ahead = START.plus_micros(HOUR);
        let many = (0..2_500).map(|n| NewJob::new("later", &n, ahead.plus_micros(MINUTE)).unwrap()).collect();
        let mut tx = db.begin().await.unwrap();
        jobs::enqueue_many(&mut tx, db, &random, ahead, many).await.unwrap();
        tx.commit().await.unwrap();
        jobs::set_right(db, clock.now()).await.unwrap();
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM jobs WHERE run_at <= $1";
        let due: i64 = db.read().one(sql, args![START.plus_micros(MINUTE + SECOND)], |row| row.get("n")).await.unwrap();
        assert_eq!(due, 2_500);
    }

    async fn a_worker_that_died_while_the_clock_was_ahead_holds_its_job_no_longer_than_a_lease(test) {
        let (db, clock, random) = (&test.db, Clock::stepped(START), Random::seeded(25));
        let id = enqueue(db, &clock, &random, 0).await;
        let mut tx = db.begin().await.unwrap();
        let sql = "UPDATE jobs SET state = 'running', attempts = 1, lease_until = $1, lease_token = $2 WHERE id = $3";
        tx.exec(sql, args![START.plus_micros(HOUR + LEASE), random.uuid_v7(START), id]).await.unwrap();
        tx.commit().await.unwrap();
        jobs::set_right(db, clock.now()).await.unwrap();
        let runner = runner(db, &clock, || Outcome::Done);
        assert_eq!(runner.drain().await.unwrap(), 0, "it may be alive, and says so within this time");
        clock.step(LEASE + SECOND);
        assert_eq!(runner.drain().await.unwrap(), 1);
    }

    async fn a_lead_that_was_taken_an_hour_ahead_is_kept_by_who_is_there_and_free_soon_where_nobody_is(test) {
        let (db, clock, random) = (&test.db, Clock::stepped(START.plus_micros(HOUR)), Random::seeded(26));
        let lead = || Lead::new(Crew::Boards, random.uuid_v7(clock.now()));
        let (mut one, mut other, mut third) = (lead(), lead(), lead());
        assert!(one.holds(db, clock.now()).await.unwrap());
        clock.step(-HOUR);
        // Whoever is there takes it by the new clock: what it remembers of it is for the old one.
        assert!(one.holds(db, clock.now()).await.unwrap());
        assert!(!other.holds(db, clock.now()).await.unwrap());
        clock.step(LEASE + SECOND);
        assert!(other.holds(db, clock.now()).await.unwrap());
        // And where it died meanwhile, its lead ends in a term.
        clock.step(HOUR);
        assert!(one.holds(db, clock.now()).await.unwrap());
        clock.step(-HOUR);
        jobs::set_right(db, clock.now()).await.unwrap();
        assert!(!third.holds(db, clock.now()).await.unwrap());
        clock.step(LEASE + SECOND);
        assert!(third.holds(db, clock.now()).await.unwrap());
    }
}
