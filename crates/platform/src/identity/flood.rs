//! Tries to sign in that are not looked at, since too many from their address have failed ([`super::sign_in`]): all are counted, and so
//! many a minute have a line of their own in the log. Whoever sends thousands a second would fill the disk with them.
//!
//! Those without a line are counted in this process's memory. The next line from their address stands for them too; where no more come,
//! the last of them has one within a minute ([`write_rest`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::store::args;
use kernel::{MINUTE, Timestamp, Word};

use super::sign_in_log::{SignInId, SignInResult};
use crate::{Cx, Platform, Result, allowance};

/// Lines in a minute: of one address, and in all of this process.
const OF_ONE: usize = 10;
const IN_ALL: usize = 60;
/// More addresses than these are counted together.
const MOST_ADDRESSES: usize = 10_000;
/// How often what was counted is written.
const EVERY: Duration = Duration::from_secs(60);

/// What this process has counted.
#[derive(Default)]
pub struct Flood(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// Of which minute the lines are.
    minute: i64,
    lines: usize,
    by_address: HashMap<String, Counted>,
}

#[derive(Default)]
struct Counted {
    lines: usize,
    /// The last try without a line, and for how many it stands.
    unwritten: Option<Line>,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    at: Timestamp,
    name: String,
    address: String,
    agent: String,
    tries: i64,
}

impl Counts {
    /// Counts a try. Answers the line that is to be written, if it is to have one.
    fn count(&mut self, line: Line) -> Option<Line> {
        self.turn(line.at);
        let counted = self.held(line);
        if self.lines >= IN_ALL {
            return None;
        }
        let of_one = self.by_address.get_mut(&counted).filter(|of_one| of_one.lines < OF_ONE)?;
        let line = of_one.unwritten.take()?;
        of_one.lines += 1;
        self.lines += 1;
        Some(line)
    }

    /// Adds to what has no line of its address. Answers under which name that is.
    fn held(&mut self, mut line: Line) -> String {
        let mut subject = allowance::subject_of(&line.address);
        if self.by_address.len() >= MOST_ADDRESSES && !self.by_address.contains_key(&subject) {
            subject.clear();
            line.address.clear();
        }
        let of_one = self.by_address.entry(subject.clone()).or_default();
        if let Some(before) = of_one.unwritten.take() {
            let tries = before.tries.saturating_add(line.tries);
            // The younger of them stands for both.
            line = Line { tries, ..if before.at > line.at { before } else { line } };
        }
        of_one.unwritten = Some(line);
        subject
    }

    /// In another minute there is room for lines again.
    fn turn(&mut self, now: Timestamp) {
        let minute = now.micros().div_euclid(MINUTE);
        if minute != self.minute {
            (self.minute, self.lines) = (minute, 0);
            self.by_address.retain(|_, of_one| of_one.unwritten.is_some());
            self.by_address.values_mut().for_each(|of_one| of_one.lines = 0);
        }
    }

    /// What has no line yet, the oldest first, and not too much of it at once.
    fn rest(&mut self) -> Vec<Line> {
        let mut waiting: Vec<(Timestamp, String)> =
            self.by_address.iter().filter_map(|(subject, of_one)| Some((of_one.unwritten.as_ref()?.at, subject.clone()))).collect();
        waiting.sort_unstable();
        waiting.truncate(IN_ALL);
        waiting.iter().filter_map(|(_, subject)| self.by_address.get_mut(subject)?.unwritten.take()).collect()
    }
}

impl Flood {
    /// Counts a try by somebody who typed `name`. What it answers is to be written.
    pub(super) fn count(&self, cx: &Cx, name: &str) -> Due<'_> {
        let (address, agent) = (cx.origin.address.clone(), cx.origin.agent.clone());
        let line = Line { at: cx.now(), name: name.to_owned(), address, agent, tries: 1 };
        metrics::counter!("cuekey_sign_ins_limited_total").increment(1);
        Due { flood: self, lines: self.lock().count(line).into_iter().collect() }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines to be written; those that were not are counted again.
pub(super) struct Due<'a> {
    flood: &'a Flood,
    lines: Vec<Line>,
}

impl Due<'_> {
    pub async fn write(mut self, cx: &Cx) -> Result<usize> {
        if self.lines.is_empty() {
            return Ok(0);
        }
        let mut tx = cx.db.begin().await?;
        for line in &self.lines {
            let sql =
                "INSERT INTO sign_ins (id, at, name, user_id, result, address, agent, tries) VALUES ($1, $2, $3, NULL, $4, $5, $6, $7)";
            let (id, result) = (SignInId::new(line.at, &cx.random), SignInResult::Limited.as_str());
            let (name, address, agent) = (line.name.as_str(), line.address.as_str(), line.agent.as_str());
            tx.exec(sql, args![id, line.at, name, result, address, agent, line.tries]).await?;
        }
        tx.commit().await?;
        Ok(std::mem::take(&mut self.lines).len())
    }
}

impl Drop for Due<'_> {
    fn drop(&mut self) {
        if !self.lines.is_empty() {
            let mut counts = self.flood.lock();
            for line in self.lines.drain(..) {
                counts.held(line);
            }
        }
    }
}

/// Writes a line for each address whose tries have none. Answers how many.
pub async fn write_rest(cx: &Cx) -> Result<usize> {
    let flood = &cx.flood;
    let lines = flood.lock().rest();
    Due { flood, lines }.write(cx).await
}

/// Writes what is left, as long as the process serves.
pub async fn follow(platform: Arc<Platform>) {
    let cx = Cx::system(platform);
    loop {
        cx.clock.sleep(EVERY).await;
        if let Err(fault) = write_rest(&cx).await {
            tracing::warn!(%fault, "refused sign-ins were not written");
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::SECOND;
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn line(at: i64, address: &str) -> Line {
        Line { at: START.plus_micros(at), name: "alice".into(), address: address.into(), agent: "Test/1".into(), tries: 1 }
    }

    #[test]
    fn one_address_has_ten_lines_a_minute_and_the_next_stands_for_the_others() {
        let mut counts = Counts::default();
        let told: Vec<i64> = (0..1_000).filter_map(|n| counts.count(line(n, "1.1.1.1"))).map(|line| line.tries).collect();
        assert_eq!(told, [1; 10]);
        assert_eq!(counts.count(line(0, "2.2.2.2")).map(|line| line.tries), Some(1), "others have their own");
        assert_eq!(counts.count(line(MINUTE, "1.1.1.1")).map(|line| line.tries), Some(991));
        assert_eq!(counts.count(line(MINUTE, "1.1.1.1")).map(|line| line.tries), Some(1));
        assert!(counts.rest().is_empty());
    }

    #[test]
    fn a_customer_of_ipv6_is_one_address() {
        let mut counts = Counts::default();
        let told = (0..100).filter_map(|n| counts.count(line(0, &format!("2001:db8:1:2::{n:x}")))).count();
        assert_eq!((told, counts.rest().len()), (10, 1));
    }

    #[test]
    fn all_addresses_together_have_sixty_lines_a_minute_and_what_is_left_is_written_the_oldest_first() {
        let mut counts = Counts::default();
        let told = (0..100).filter_map(|n| counts.count(line(n, &format!("10.0.0.{n}")))).count();
        assert_eq!(told, 60);
        let rest: Vec<String> = counts.rest().into_iter().map(|line| line.address).collect();
        assert_eq!(rest, (60..100).map(|n| format!("10.0.0.{n}")).collect::<Vec<_>>());
        assert!(counts.rest().is_empty(), "once each");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut counts = Counts::default();
        let many = i64::try_from(MOST_ADDRESSES).unwrap() + 100;
        let told = (0..many).filter_map(|n| counts.count(line(n, &format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255)))).count();
        assert_eq!((told, counts.by_address.len()), (60, MOST_ADDRESSES + 1));
        let others = counts.by_address[""].unwritten.as_ref().unwrap();
        assert_eq!((others.tries, others.address.as_str()), (100, ""));
    }

    proptest! {
        #[test]
        fn each_try_is_in_one_line_whatever_comes_and_whatever_fails(
            steps in prop::collection::vec((0_i64..40, 0_u8..5, any::<bool>(), 0_u8..20), 1..300),
        ) {
            let flood = Flood::default();
            let (mut at, mut tried, mut written) = (0, 0, 0);
            for (pause, address, fails, what) in steps {
                at += pause * SECOND;
                let lines = if what == 0 {
                    flood.lock().rest()
                } else {
                    tried += 1;
                    flood.lock().count(line(at, &format!("10.0.0.{address}"))).into_iter().collect()
                };
                let mut due = Due { flood: &flood, lines };
                if !fails {
                    written += due.lines.drain(..).map(|line| line.tries).sum::<i64>();
                }
            }
            let rest: i64 = flood.lock().rest().iter().map(|line| line.tries).sum();
            prop_assert_eq!(written + rest, tried);
        }
    }
}
