//! Which workers carry a job out, and in which process.

use kernel::{Clock, Random, SECOND, Timestamp};
use store::jobs::{self, Handlers, NewJob, Outcome, Runner};
use store::{Db, on_both};

on_both! { store::migrate::OWN;
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
            network("callbacks", jobs::Crew::Callbacks),
            network("mail", jobs::Crew::Mail),
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
        let workers = jobs::Workers { prompt: 1, boards: 2, wechat: 2, alipay: 2, texts: 2, callbacks: 2, mail: 2, rest: 2 };
        let running = tokio::spawn(runner.run(workers, stopped));
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
        gate.add_permits(40);
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
            let workers = jobs::Workers { prompt: 1, boards: 4, wechat: 1, alipay: 1, texts: 1, callbacks: 1, mail: 1, rest: 1 };
            (stop, tokio::spawn(runner.run(workers, stopped)))
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
}
