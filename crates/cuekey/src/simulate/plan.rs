//! Who comes when, to which table, for how long, and what goes wrong meanwhile: decided by a seed before the day begins. Pure.

use kernel::{Random, Word as _};
use platform::payments::Method;
use sandbox::Trouble;
use venue::devices::Driver;

use super::outages::outages;

/// Tables in a hall; the last one has what is left.
pub const HALL: usize = 20;
/// How many people play at a table in turns.
pub const REGULARS: usize = 3;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
/// From scanning to the light, with a payment and a second try at it.
const LAG: i64 = 2 * MINUTE;
/// From the end until the table is free again, with a lamp that takes its time.
const CLOSES: i64 = 2 * MINUTE;
/// How long before it is scanned a lamp has gone that is found to be away.
pub const AWAY_BEFORE: i64 = 2 * MINUTE;
/// How long somebody takes to mend a lamp.
pub const MENDED_AFTER: i64 = 15 * MINUTE;
const EXTENSION: i64 = 30;
/// The mean pause at a table before somebody else comes, by day.
const PAUSE: u64 = 55;

/// What is asked of a day.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    pub tables: usize,
    pub hours: i64,
    pub seed: u64,
    pub faults: Faults,
    /// How often a whole hall's network is away.
    pub outages: usize,
}

/// In ten-thousandths.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// Of visits: the lamp drops out.
    pub dropping: u64,
    /// Of visits: if a payment is made, an answer or a notice of it is lost.
    pub timeouts: u64,
    /// Of visits: if a payment is made, its notice comes twice at once, and again later.
    pub doubled: u64,
    /// Of visits: if a payment is made, its notice comes after that of a later one.
    pub reordered: u64,
}

/// What switches the light over a table: of ten, five are Tasmota, four Shelly, and one is a relay board.
pub const fn driver(table: usize) -> Driver {
    match table % 10 {
        5 => Driver::Modbus,
        1 | 3 | 7 | 9 => Driver::Shelly,
        _ => Driver::Tasmota,
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub table: usize,
    pub customer: usize,
    /// Seconds since the day's beginning.
    pub at: i64,
    pub minutes: i64,
    /// So many seconds after the light came on; none: until the time is up.
    pub leaves_after: Option<i64>,
    /// Asks for half an hour more, three minutes before the end.
    pub extends: bool,
    pub means: Means,
    pub drop: Option<Drop>,
    pub payment: Payment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// Opened with what is in the wallet, which is filled before if it is too little.
    Wallet(Method),
    /// Paid for this table alone, or frozen for it.
    Order(Method),
}

/// How the wallet is filled: as often by WeChat Pay as by Alipay, each in all the ways that the customers' app knows ([`Method`]).
const FILLED_BY: [Method; 6] = [Method::Jsapi, Method::H5, Method::Native, Method::Precreate, Method::Wap, Method::Wap];
/// How a table is paid for. What is only frozen does not fill a wallet.
const PAID_BY: [Method; 9] = [
    Method::Jsapi,
    Method::H5,
    Method::Native,
    Method::Precreate,
    Method::Wap,
    Method::Wap,
    Method::Freeze,
    Method::Freeze,
    Method::Freeze,
];

impl Means {
    pub const fn method(self) -> Method {
        match self {
            Self::Wallet(method) | Self::Order(method) => method,
        }
    }

    /// As it is counted: the wallet, however it was filled, or the way in which the table was paid.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wallet(_) => "wallet",
            Self::Order(method) => method.as_str(),
        }
    }
}

/// How a lamp drops out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drop {
    /// It has lost its power before anybody came.
    Before,
    /// It fails in this way when the table is opened.
    Opening(Trouble),
    /// It loses its power so many seconds after it came on.
    InPlay(i64),
}

/// What goes wrong with a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    Well,
    /// The network takes the order in, and its answer is lost. Nothing of one that the payer's browser brings there: that is answered to nobody else.
    AnswerLost,
    /// It is paid, and the network never says so by itself.
    NoticeLost,
    /// The notice comes twice at the same moment, and once more when what was paid for is over.
    Doubled,
    /// The notice is kept back until another payment, which was made later, was told.
    Reordered,
}

impl Visit {
    /// When the table is free again at the latest.
    pub const fn free_at(&self) -> i64 {
        let more = if self.extends { EXTENSION * MINUTE } else { 0 };
        self.at + LAG + self.minutes * MINUTE + more + CLOSES
    }
}

/// In the order in which they come. About the time at which a hall's network is away none of its lamps fails besides: whatever became of that table
/// would have two causes.
pub fn plan(day: &Day) -> Vec<Visit> {
    let mut visits: Vec<Visit> = (0..day.tables).flat_map(|table| at_table(day, table)).collect();
    visits.sort_by_key(|visit| (visit.at, visit.table));
    let outages = outages(day);
    for visit in &mut visits {
        if outages.iter().any(|outage| outage.is_about(visit)) {
            visit.drop = None;
        }
    }
    visits
}

/// A table's numbers are its own: with more tables the others' day stays what it was.
fn at_table(day: &Day, table: usize) -> Vec<Visit> {
    let random = Random::seeded(day.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(table as u64));
    let mut visits: Vec<Visit> = Vec::new();
    let mut at = AWAY_BEFORE + below(&random, PAUSE * 60);
    while at < day.hours * HOUR {
        let customer = table * REGULARS + visits.len() % REGULARS;
        let visit = visit(day, &random, table, customer, at);
        let free_at = visit.free_at();
        // Whoever mends the lamp has time for it.
        let mended_at = if visit.drop.is_some() { free_at + MENDED_AFTER } else { free_at };
        at = mended_at + AWAY_BEFORE + pause(&random, free_at);
        visits.push(visit);
    }
    visits
}

/// Shorter in the evening, longer at night.
fn pause(random: &Random, at: i64) -> i64 {
    let mean = match at.rem_euclid(24 * HOUR) / HOUR {
        0..=8 => PAUSE * 3 / 2,
        18..=23 => PAUSE / 2,
        _ => PAUSE,
    };
    below(random, mean * 2 * 60)
}

fn visit(day: &Day, random: &Random, table: usize, customer: usize, at: i64) -> Visit {
    let minutes = pick(random, &[30, 30, 60, 60, 60, 60, 120, 120, 180]);
    let extends = chance(random, 1_500);
    // At half seconds, and so never where the ends of minutes are.
    let leaves_after = chance(random, 5_500).then(|| minutes * MINUTE / 5 + below(random, (minutes * MINUTE * 3 / 4).unsigned_abs()));
    let means = if chance(random, 5_000) { Means::Wallet(pick(random, &FILLED_BY)) } else { Means::Order(pick(random, &PAID_BY)) };
    let drop = chance(random, day.faults.dropping).then(|| drop(random, minutes));
    let payment = if chance(random, day.faults.timeouts) {
        pick(random, &[Payment::AnswerLost, Payment::NoticeLost])
    } else if chance(random, day.faults.doubled) {
        Payment::Doubled
    } else if chance(random, day.faults.reordered) {
        Payment::Reordered
    } else {
        Payment::Well
    };
    Visit { table, customer, at, minutes, leaves_after, extends: extends && leaves_after.is_none(), means, drop, payment }
}

fn drop(random: &Random, minutes: i64) -> Drop {
    match random.below(10) {
        0..2 => Drop::Before,
        2..7 => Drop::Opening(pick(random, &[Trouble::Deaf, Trouble::Mute, Trouble::Stuck])),
        _ => Drop::InPlay(MINUTE + below(random, (minutes * MINUTE / 2).unsigned_abs())),
    }
}

fn chance(random: &Random, of_ten_thousand: u64) -> bool {
    random.below(10_000) < of_ten_thousand
}

fn pick<T: Copy>(random: &Random, among: &[T]) -> T {
    among[usize::try_from(random.below(among.len() as u64)).unwrap_or(0)]
}

pub fn below(random: &Random, bound: u64) -> i64 {
    i64::try_from(random.below(bound)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const FAULTS: Faults = Faults { dropping: 500, timeouts: 100, doubled: 100, reordered: 100 };

    fn day(tables: usize, hours: i64, seed: u64) -> Day {
        Day { tables, hours, seed, faults: FAULTS, outages: 0 }
    }

    proptest! {
        #[test]
        fn the_same_seed_plans_the_same_day_whatever_other_tables_there_are(tables in 1..30_usize, hours in 1..48_i64, seed: u64) {
            let visits = plan(&day(tables, hours, seed));
            prop_assert_eq!(&visits, &plan(&day(tables, hours, seed)));
            let first: Vec<Visit> = visits.into_iter().filter(|visit| visit.table == 0).collect();
            prop_assert_eq!(first, plan(&day(1, hours, seed)));
        }

        #[test]
        fn nobody_is_at_two_tables_at_once_and_no_table_has_two_visits(tables in 1..20_usize, hours in 1..48_i64, seed: u64) {
            let visits = plan(&day(tables, hours, seed));
            prop_assert!(visits.is_sorted_by_key(|visit| visit.at));
            let mut free = vec![0; tables];
            for visit in &visits {
                prop_assert!(visit.at >= AWAY_BEFORE && visit.at < hours * HOUR, "{visit:?}");
                prop_assert!(visit.at >= free[visit.table], "{visit:?}");
                prop_assert_eq!(visit.customer / REGULARS, visit.table, "each table has its own customers");
                prop_assert!(visit.leaves_after.is_none_or(|after| after < visit.minutes * MINUTE));
                free[visit.table] = visit.free_at();
            }
        }
    }

    #[test]
    fn a_day_at_a_thousand_tables_has_ten_thousand_visits_and_the_faults_that_were_asked_for() {
        let visits = plan(&day(1_000, 24, 7));
        let share = |holds: fn(&Visit) -> bool| visits.iter().filter(|visit| holds(visit)).count() as f64 / visits.len() as f64;
        assert!(visits.len() > 10_300, "{}", visits.len());
        assert!((0.045..0.055).contains(&share(|visit| visit.drop.is_some())));
        assert!((0.007..0.013).contains(&share(|visit| matches!(visit.payment, Payment::AnswerLost | Payment::NoticeLost))));
        assert!((0.007..0.013).contains(&share(|visit| visit.payment == Payment::Doubled)));
        assert!((0.007..0.013).contains(&share(|visit| visit.payment == Payment::Reordered)));
        assert!((0.45..0.55).contains(&share(|visit| matches!(visit.means, Means::Order(_)))));
        assert!((0.14..0.19).contains(&share(|visit| visit.means == Means::Order(Method::Freeze))));
        // Enough of each for a share of 99.5 % to say something.
        for method in [Method::Jsapi, Method::H5, Method::Native, Method::Precreate, Method::Wap] {
            let paid_so = visits.iter().filter(|visit| visit.means == Means::Order(method)).count();
            assert!(paid_so > 400, "{method}: {paid_so}");
        }
        assert!(share(|visit| driver(visit.table) == Driver::Modbus) > 0.08);
        assert!((0.35..0.45).contains(&share(|visit| driver(visit.table) == Driver::Shelly)));
    }

    #[test]
    fn v3_2_nothing_that_is_only_frozen_fills_a_wallet() {
        let visits = plan(&day(200, 24, 3));
        assert!(visits.iter().all(|visit| visit.means != Means::Wallet(Method::Freeze)));
    }

    #[test]
    fn v4_1_customers_pay_in_all_the_ways_that_their_app_knows() {
        let visits = plan(&day(200, 24, 3));
        let names: BTreeSet<&str> = visits.iter().map(|visit| visit.means.name()).collect();
        assert_eq!(Vec::from_iter(names), ["freeze", "h5", "jsapi", "native", "precreate", "wallet", "wap"]);
        let filled: BTreeSet<Method> =
            visits.iter().filter(|visit| matches!(visit.means, Means::Wallet(_))).map(|visit| visit.means.method()).collect();
        assert_eq!(filled.len(), 5);
    }

    #[test]
    fn a_day_without_faults_has_none() {
        let faults = Faults { dropping: 0, timeouts: 0, doubled: 0, reordered: 0 };
        let visits = plan(&Day { faults, ..day(50, 24, 1) });
        assert!(visits.iter().all(|visit| visit.drop.is_none() && visit.payment == Payment::Well));
    }
}
