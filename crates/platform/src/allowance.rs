//! How often something may be asked for: one counter for each subject and window of time, shared by all processes.
//!
//! Windows begin at fixed times, so a subject may ask twice as often across the border of two; the limits allow for that. A window that is to come
//! was counted by a clock that was ahead, and is forgotten ([`forget_ahead`]): whoever has used up one waits for the end of that one, and of no other.

use std::net::IpAddr;

use kernel::{APART, DAY, Fault, Kind, Timestamp};
use store::{Db, Filter, Sql, Sweep, Tx, args};

use crate::vault::Purpose;
use crate::{Cx, Result};

const SUBJECT: Purpose = Purpose("allowance subject");

/// Those whose window is over for long.
pub(crate) const OLD: Sweep = Sweep::by_time("allowances", "subject, window_start", "window_start", 2 * DAY);

/// Forgets what was counted in windows to come. Where there are none it only reads.
pub(crate) async fn forget_ahead(db: &Db, now: Timestamp) -> store::Result<()> {
    // Which another process, whose clock is not quite ours, may be in already.
    let ahead = now.plus_micros(APART);
    // In the order of its index: PostgreSQL, which does not know the time, takes a third of all for likely otherwise, and reads them.
    let there = "SELECT 1 AS there FROM allowances WHERE window_start > $1 ORDER BY window_start LIMIT 1";
    if db.read().opt(there, args![ahead], |_| Ok(())).await?.is_some() {
        OLD.made_between(db, ahead, Timestamp::MAX).await?;
    }
    Ok(())
}

/// So many in a window. A constant at each use.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    pub name: &'static str,
    pub window_seconds: i64,
    pub most: i64,
}

impl Allowance {
    /// Counts one more, in a transaction of its own: what is refused afterwards has still been asked for.
    /// Refused with `RATE_LIMITED` when it was one too many.
    pub async fn take(&self, cx: &Cx, who: &str) -> Result<()> {
        // A flood beyond the limit only reads.
        self.check(&mut cx.db.read(), cx, who).await?;
        let mut tx = cx.db.begin().await?;
        let used = self.count(&mut tx, cx, who).await?;
        tx.commit().await?;
        if used > self.most { Err(self.refusal(cx.now())) } else { Ok(()) }
    }

    /// Counts one more in the caller's transaction, which is not to be committed where this refuses.
    pub async fn take_in(&self, tx: &mut Tx, cx: &Cx, who: &str) -> Result<()> {
        if self.count(tx, cx, who).await? > self.most { Err(self.refusal(cx.now())) } else { Ok(()) }
    }

    /// Refuses when all of it is used, and counts nothing.
    pub async fn check(&self, sql: &mut impl Sql, cx: &Cx, who: &str) -> Result<()> {
        self.allows(cx, self.used(sql, cx, who).await?)
    }

    /// Refuses when so many, counted in this window, are all of it.
    pub fn allows(&self, cx: &Cx, used: i64) -> Result<()> {
        if used >= self.most { Err(self.refusal(cx.now())) } else { Ok(()) }
    }

    /// Whether all of it is used; counts nothing.
    pub async fn is_spent(&self, sql: &mut impl Sql, cx: &Cx, who: &str) -> Result<bool> {
        Ok(self.used(sql, cx, who).await? >= self.most)
    }

    /// How many were counted in this window.
    pub async fn used(&self, sql: &mut impl Sql, cx: &Cx, who: &str) -> Result<i64> {
        let query = "SELECT used FROM allowances WHERE subject = $1 AND window_start = $2";
        let used = sql.opt(query, args![self.subject(cx, who), self.window(cx.now())], |row| row.get::<i64>("used")).await?;
        Ok(used.unwrap_or(0))
    }

    /// The same as an expression, for a statement that reads more than that: its values are bound there.
    pub fn counted(&self, cx: &Cx, who: &str, statement: &mut Filter) -> String {
        let (subject, window) = (statement.arg(self.subject(cx, who)), statement.arg(self.window(cx.now())));
        format!("COALESCE((SELECT used FROM allowances WHERE subject = {subject} AND window_start = {window}), 0)")
    }

    /// Counts one more in the caller's transaction; answers how many that makes.
    pub async fn count(&self, tx: &mut Tx, cx: &Cx, who: &str) -> Result<i64> {
        let sql = "INSERT INTO allowances (subject, window_start, used) VALUES ($1, $2, 1) \
                   ON CONFLICT (subject, window_start) DO UPDATE SET used = allowances.used + 1 RETURNING used";
        Ok(tx.one(sql, args![self.subject(cx, who), self.window(cx.now())], |row| row.get("used")).await?)
    }

    /// Counts one more, up to the most, in the caller's transaction; true once in a window, when that makes it the most.
    pub async fn reaches_most(&self, tx: &mut Tx, cx: &Cx, who: &str) -> Result<bool> {
        Ok(!self.is_spent(tx, cx, who).await? && self.count(tx, cx, who).await? == self.most)
    }

    /// Hashed: subjects may be e-mail addresses, or any length of text that a stranger sent.
    fn subject(&self, cx: &Cx, who: &str) -> String {
        format!("{} {}", self.name, hex::encode(cx.vault.hash(SUBJECT, who.as_bytes())))
    }

    fn window(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_unix(now.unix().div_euclid(self.window_seconds).saturating_mul(self.window_seconds))
    }

    fn refusal(&self, now: Timestamp) -> Fault {
        let ends = self.window(now).plus_seconds(self.window_seconds);
        Fault::new(Kind::Limited, "RATE_LIMITED", "操作过于频繁，请稍后再试", "Too often; please try again later")
            .retry_after(ends.seconds_since(now))
    }
}

/// So many in a window from one address, and more from the networks about it. For what costs us all something: whoever has a /48 has 65,536
/// times what one /64 may. The wider limits are the larger, as a provider's phones may share such a network.
#[derive(Debug, Clone, Copy)]
pub struct ByAddress {
    pub name: &'static str,
    pub window_seconds: i64,
    /// From an IPv4 address, or a /64 of IPv6.
    pub most: i64,
    pub most_of_56: i64,
    pub most_of_48: i64,
}

impl ByAddress {
    /// All that counts for an address, with the subject of each, the narrowest first. Pure.
    pub fn limits(&self, address: &str) -> Vec<(Allowance, String)> {
        let most = [self.most, self.most_of_56, self.most_of_48];
        let limit = |(network, most)| (Allowance { name: self.name, window_seconds: self.window_seconds, most }, network);
        networks_of(address).into_iter().zip(most).map(limit).collect()
    }

    /// Counts one more from where the request comes, in a transaction of its own: what is refused afterwards has still been asked for. What is
    /// refused here for the sake of one network takes nothing from the wider ones.
    pub async fn take(&self, cx: &Cx) -> Result<()> {
        let limits = self.limits(&cx.origin.address);
        // A flood beyond a limit only reads.
        for (allowance, who) in &limits {
            allowance.check(&mut cx.db.read(), cx, who).await?;
        }
        let mut tx = cx.db.begin().await?;
        for (allowance, who) in &limits {
            allowance.take_in(&mut tx, cx, who).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Who asks, as far as an address tells: an IPv6 customer holds a whole /64, and counts as one.
pub fn address(cx: &Cx) -> String {
    subject_of(&cx.origin.address)
}

/// Who is counted as one: an IPv4 address, or a /64 of IPv6, which is what one customer has of it at least.
pub fn subject_of(address: &str) -> String {
    match address.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(ip)) => ip.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// The networks that an address is of, the narrowest first: what [`subject_of`] says, and of IPv6 the /56 and the /48 about it.
pub fn networks_of(address: &str) -> Vec<String> {
    let mut all = vec![subject_of(address)];
    if let Ok(IpAddr::V6(ip)) = address.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        let [a, b, c, d, ..] = ip.segments();
        all.push(format!("{a:x}:{b:x}:{c:x}:{:x}::/56", d & 0xff00));
        all.push(format!("{a:x}:{b:x}:{c:x}::/48"));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;
    use std::sync::Arc;

    use kernel::{HOUR, MINUTE};
    use proptest::prelude::*;

    use super::*;
    use crate::Origin;
    use crate::testing::{ADDRESS, code};

    const THREE: Allowance = Allowance { name: "test", window_seconds: 60, most: 3 };
    const WIDE: ByAddress = ByAddress { name: "x", window_seconds: 60, most: 1, most_of_56: 2, most_of_48: 3 };

    proptest! {
        #[test]
        fn whoever_has_the_same_prefix_is_counted_together_and_nobody_else(bits in any::<u128>(), bit in 0_u32..128) {
            let of = |bits: u128| networks_of(&Ipv6Addr::from(bits).to_string());
            let (one, other) = (of(bits), of(bits ^ (1_u128 << (127 - bit))));
            // Not an IPv4 address that is written as one of IPv6.
            prop_assume!(one.len() == 3 && other.len() == 3);
            for (n, length) in [64, 56, 48].into_iter().enumerate() {
                prop_assert_eq!(one[n] == other[n], bit >= length, "/{} and bit {}", length, bit);
            }
        }

        #[test]
        fn the_narrowest_is_the_subject_and_each_has_its_own_limit(address in "\\PC{0,50}", bits in any::<u128>()) {
            for address in [address, Ipv6Addr::from(bits).to_string()] {
                let limits = WIDE.limits(&address);
                prop_assert_eq!(&limits[0].1, &subject_of(&address));
                let most: Vec<i64> = limits.iter().map(|(limit, _)| limit.most).collect();
                prop_assert!(most == [1, 2, 3] || most == [1], "{:?} for {}", most, address);
            }
        }
    }

    #[test]
    fn an_address_of_ipv4_is_of_no_wider_network() {
        assert_eq!(networks_of("::ffff:10.0.0.1"), ["10.0.0.1"]);
        assert_eq!(networks_of("2001:db8:1:2ff::1"), ["2001:db8:1:2ff::/64", "2001:db8:1:200::/56", "2001:db8:1::/48"]);
    }

    #[test]
    fn a_customer_of_ipv6_is_one_subject() {
        assert_eq!(subject_of("2001:db8:1:2:3:4:5:6"), subject_of("2001:db8:1:2::9"));
        assert_ne!(subject_of("2001:db8:1:2::1"), subject_of("2001:db8:1:3::1"));
        assert_eq!(subject_of("::ffff:10.0.0.1"), "10.0.0.1");
    }

    #[test]
    fn a_window_ends_where_the_next_begins() {
        let five = Allowance { name: "x", window_seconds: 60, most: 5 };
        let start = Timestamp::from_unix(120);
        assert_eq!(five.window(start.plus_micros(59_999_999)), start);
        assert_eq!(five.window(start.plus_seconds(60)), start.plus_seconds(60));
        assert_eq!(five.refusal(start.plus_seconds(59)).retry_after, Some(1));
    }

    on_platform! {
        async fn so_many_in_a_window_and_then_no_more(bench) {
            let cx = bench.visitor();
            for _ in 0..3 {
                THREE.take(&cx, "a").await.unwrap();
            }
            for _ in 0..2 {
                let refused = THREE.take(&cx, "a").await.unwrap_err();
                assert_eq!((refused.code, refused.retry_after), ("RATE_LIMITED", Some(60)));
            }
            bench.clock.step(MINUTE);
            THREE.take(&cx, "a").await.unwrap();
        }

        async fn who_used_all_up_while_the_clock_was_ahead_waits_for_no_more_than_a_window_after_it_was_set_back(bench) {
            let cx = bench.visitor();
            let use_up = async || while THREE.take(&cx, "a").await.is_ok() {};
            bench.clock.step(30 * MINUTE);
            use_up().await;
            bench.clock.step(30 * MINUTE);
            use_up().await;
            bench.clock.step(-HOUR);
            use_up().await;
            let used = "SELECT CAST(SUM(used) AS BIGINT) AS n FROM allowances";
            assert_eq!(bench.all(used, args![], |row| row.get::<i64>("n")).await, [9]);
            crate::upkeep::tick(&bench.system(), &[], bench.clock.now()).await.unwrap();
            assert_eq!(bench.all(used, args![], |row| row.get::<i64>("n")).await, [3], "those of now are counted on");
            assert_eq!(code(THREE.take(&cx, "a").await), "RATE_LIMITED");
            for _ in 0..2 {
                bench.clock.step(30 * MINUTE);
                THREE.take(&cx, "a").await.unwrap();
            }
        }

        async fn of_those_who_ask_at_once_no_more_than_the_allowance_get_it(bench) {
            let tasks: Vec<_> = (0..12).map(|_| {
                let cx = bench.visitor();
                tokio::spawn(async move { THREE.take(&cx, "a").await.is_ok() })
            }).collect();
            let mut passed = 0;
            for task in tasks {
                passed += i32::from(task.await.unwrap());
            }
            assert_eq!(passed, 3);
        }

        async fn whoever_asks_is_counted_apart_from_others_and_for_each_thing_apart(bench) {
            let (cx, other) = (bench.visitor(), Allowance { name: "other", ..THREE });
            let mut tx = cx.db.begin().await.unwrap();
            let mut counts = Vec::new();
            for (thing, who) in [(THREE, "a"), (THREE, "a"), (THREE, "b"), (other, "a"), (THREE, "a")] {
                counts.push(thing.count(&mut tx, &cx, who).await.unwrap());
            }
            tx.commit().await.unwrap();
            assert_eq!(counts, [1, 2, 1, 1, 3]);
        }

        async fn looking_uses_nothing_up_and_tells_when_all_is_used(bench) {
            let cx = bench.visitor();
            for used in 0..3 {
                for _ in 0..4 {
                    THREE.check(&mut cx.db.read(), &cx, "a").await.unwrap();
                    assert!(!THREE.is_spent(&mut cx.db.read(), &cx, "a").await.unwrap(), "{used} of 3");
                }
                THREE.take(&cx, "a").await.unwrap();
            }
            assert_eq!(code(THREE.check(&mut cx.db.read(), &cx, "a").await), "RATE_LIMITED");
            assert!(THREE.is_spent(&mut cx.db.read(), &cx, "a").await.unwrap());
            assert!(!THREE.is_spent(&mut cx.db.read(), &cx, "b").await.unwrap(), "somebody else's");
        }

        async fn what_a_transaction_takes_is_taken_where_it_commits_and_one_too_many_is_refused(bench) {
            let cx = bench.visitor();
            // Given up: as if nobody had asked.
            for _ in 0..4 {
                let mut tx = cx.db.begin().await.unwrap();
                THREE.take_in(&mut tx, &cx, "a").await.unwrap();
            }
            for _ in 0..3 {
                let mut tx = cx.db.begin().await.unwrap();
                THREE.take_in(&mut tx, &cx, "a").await.unwrap();
                tx.commit().await.unwrap();
            }
            let mut tx = cx.db.begin().await.unwrap();
            let refused = THREE.take_in(&mut tx, &cx, "a").await.unwrap_err();
            assert_eq!((refused.code, refused.retry_after), ("RATE_LIMITED", Some(60)));
        }

        async fn who_asked_is_not_written_down(bench) {
            let cx = bench.visitor();
            for who in ["alice@example.com", &"长".repeat(10_000)] {
                THREE.take(&cx, who).await.unwrap();
            }
            let subjects = bench.all("SELECT subject FROM allowances", args![], |row| row.get::<String>("subject")).await;
            assert_eq!(subjects.len(), 2);
            for subject in subjects {
                let hash = subject.strip_prefix("test ").unwrap();
                assert!(hash.len() == 64 && hash.bytes().all(|c| c.is_ascii_hexdigit()), "{subject}");
            }
        }

        async fn a_request_is_counted_for_the_network_that_it_came_from(bench) {
            let mut cx = bench.visitor();
            assert_eq!(address(&cx), ADDRESS);
            cx.origin = Arc::new(Origin { address: "2001:db8:1:2:3::9".into(), ..Origin::default() });
            assert_eq!(address(&cx), "2001:db8:1:2::/64");
        }
    }
}
