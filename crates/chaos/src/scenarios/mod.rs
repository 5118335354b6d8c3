//! All scenarios.

mod clock;
mod damaged;
mod disk;
mod encrypted;
mod furnish;
mod half_done;
mod kill;
mod light;
mod nodes;
mod outside;
mod pay;
mod play;
mod postgres;
mod refused;
mod replay;
mod steps;
mod tampered;

use std::pin::Pin;

use anyhow::Result;
use store::Engine;

use crate::scenario::{Plan, Report};

type Run = for<'a> fn(&'a Plan, Engine, &'a mut Report) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

pub struct Scenario {
    pub name: &'static str,
    pub about: &'static str,
    pub engines: &'static [Engine],
    /// Of these the short form has some.
    pub short: &'static [Engine],
    pub run: Run,
}

impl Scenario {
    pub fn full_name(&self, engine: Engine) -> String {
        format!("{}-{}", self.name, if engine == Engine::Sqlite { "sqlite" } else { "postgres" })
    }
}

const SQLITE: &[Engine] = &[Engine::Sqlite];
const POSTGRES: &[Engine] = &[Engine::Postgres];
const BOTH: &[Engine] = &[Engine::Sqlite, Engine::Postgres];

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "tampered",
        about: "losses that are done by hand are found by the comparison that all others end with",
        engines: SQLITE,
        short: SQLITE,
        run: |plan, engine, report| Box::pin(tampered::run(plan, engine, report)),
    },
    Scenario {
        name: "refused",
        about: "databases that are newer, edited, half-done or damaged are refused and not touched, and damage that is met later ends the process",
        engines: BOTH,
        short: BOTH,
        run: |plan, engine, report| Box::pin(refused::run(plan, engine, report)),
    },
    Scenario {
        name: "disk",
        about: "fsync fails, the disk is full, the folder is read-only: under load, at a start, and at the first",
        engines: SQLITE,
        short: SQLITE,
        run: |plan, _, report| Box::pin(disk::run(plan, report)),
    },
    Scenario {
        name: "clock",
        about: "the clock steps back and forth by an hour under load, and what was taken before is sent again",
        engines: BOTH,
        short: SQLITE,
        run: |plan, engine, report| Box::pin(clock::run(plan, engine, report)),
    },
    Scenario {
        name: "outside",
        about: "the mail server and the callbacks' receiver are away, silent and slow under load",
        engines: BOTH,
        short: SQLITE,
        run: |plan, engine, report| Box::pin(outside::run(plan, engine, report)),
    },
    Scenario {
        name: "postgres",
        about: "PostgreSQL is restarted, crashes, is cut off, silent, slow and read-only under load, and its disk is full and fails",
        engines: POSTGRES,
        short: POSTGRES,
        run: |plan, _, report| Box::pin(postgres::run(plan, report)),
    },
    Scenario {
        name: "encrypted",
        about: "PostgreSQL takes encrypted connections alone, and somebody else answers in its place",
        engines: POSTGRES,
        short: POSTGRES,
        run: |plan, _, report| Box::pin(encrypted::run(plan, report)),
    },
    Scenario {
        name: "nodes-2",
        about: "two servers on one PostgreSQL, one killed over and over under load",
        engines: POSTGRES,
        short: POSTGRES,
        run: |plan, _, report| Box::pin(nodes::run(plan, 2, report)),
    },
    Scenario {
        name: "nodes-3",
        about: "three servers on one PostgreSQL, one killed over and over under load",
        engines: POSTGRES,
        short: &[],
        run: |plan, _, report| Box::pin(nodes::run(plan, 3, report)),
    },
    Scenario {
        name: "kill",
        about: "the server is killed at random under load",
        engines: BOTH,
        short: BOTH,
        run: |plan, engine, report| Box::pin(kill::run(plan, engine, report)),
    },
    Scenario {
        name: "play",
        about: "the server is killed at random while tables are opened, extended and closed, and lights lose their power",
        engines: BOTH,
        short: BOTH,
        run: |plan, engine, report| Box::pin(play::run(plan, engine, report)),
    },
    Scenario {
        name: "pay",
        about: "the server is killed at random while customers pay by two networks that lose answers, and have money sent back",
        engines: BOTH,
        short: BOTH,
        run: |plan, engine, report| Box::pin(pay::run(plan, engine, report)),
    },
    Scenario {
        name: "steps",
        about: "the server is killed before and after each commit, request and command of opening, extending, closing, paying and sending back",
        engines: BOTH,
        short: SQLITE,
        run: |plan, engine, report| Box::pin(steps::run(plan, engine, report)),
    },
];
