//! A day's asks, counted as [`send_code`](crate::customers::send_code) counts them.

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

/// A customer's.
const PHONE: &str = "13800138000";
const NOBODYS: Whose = Whose { customers: false, known_here: false };
const CUSTOMERS: Whose = Whose { customers: true, known_here: false };

/// Counters as they are kept, within one window of each.
#[derive(Default)]
struct Day {
    counts: HashMap<(&'static str, String), i64>,
    /// Texts to the customer's number, in this hour and on this day.
    sent: (i64, i64),
    /// Where the customer has signed in before.
    known: HashSet<String>,
}

impl Day {
    fn used(&self, limit: Allowance, who: &str) -> i64 {
        self.counts.get(&(limit.name, who.to_owned())).copied().unwrap_or(0)
    }

    /// Answers how many there were before.
    fn count(&mut self, limit: Allowance, who: &str) -> i64 {
        let used = self.counts.entry((limit.name, who.to_owned())).or_default();
        *used += 1;
        *used - 1
    }

    /// What the asker is told, which is nothing where it is refused; and whether a text goes out.
    fn asks(&mut self, digits: &str, from: &str, whose: Whose) -> (Option<Told>, bool) {
        let beyond = is_beyond(self.used(AN_HOUR, digits), self.used(A_DAY, digits));
        let limits = counted(digits, from, beyond);
        let is_spent = |(limit, who): &(Allowance, String)| self.used(*limit, who) >= limit.most;
        if limits.iter().any(is_spent) || is_spent(&(A_MINUTE, digits.to_owned())) || is_spent(&(ALL_DAY, EVERYBODY.to_owned())) {
            return (None, false);
        }
        for (limit, who) in &limits {
            self.count(*limit, who);
        }
        let new = if whose.customers || beyond { self.used(NEW_DAY, EVERYBODY) } else { self.count(NEW_DAY, EVERYBODY) };
        let mut kept = (0, 0);
        if beyond && whose.known_here {
            kept.0 = self.count(KEPT_HOUR, digits);
            kept.1 = if kept.0 < KEPT_HOUR.most { self.count(KEPT_DAY, digits) } else { self.used(KEPT_DAY, digits) };
        }
        let (told, comes) = answer(whose, Before { new, beyond, kept });
        if comes {
            self.count(ALL_DAY, EVERYBODY);
        }
        (Some(told), comes)
    }

    /// Whether a text goes out.
    fn sends(&mut self, digits: &str, from: &str, whose: Whose) -> bool {
        self.asks(digits, from, whose).1
    }

    /// Somebody asks for the customer's number, from wherever.
    fn asks_for_the_customers(&mut self, from: &str) -> (Option<Told>, bool) {
        let whose = Whose { customers: true, known_here: self.known.contains(&coarse(from)) };
        let answered = self.asks(PHONE, from, whose);
        self.sent = (self.sent.0 + i64::from(answered.1), self.sent.1 + i64::from(answered.1));
        answered
    }

    /// As after a flood of new numbers.
    fn spent() -> Self {
        let all = [(NEW_DAY.name, NEW_DAY.most), (ALL_DAY.name, NEW_DAY.most)];
        Self { counts: all.map(|(name, used)| ((name, EVERYBODY.to_owned()), used)).into(), ..Self::default() }
    }

    /// The customer has signed in from these.
    fn known_at(addresses: &[&str]) -> Self {
        Self { known: addresses.iter().map(|address| coarse(address)).collect(), ..Self::default() }
    }

    /// A minute later.
    fn minute(&mut self) {
        self.counts.retain(|(name, _), _| *name != A_MINUTE.name);
    }

    /// An hour later, of the same day.
    fn hour(&mut self) {
        let ended = [A_MINUTE.name, AN_HOUR.name, KEPT_HOUR.name, BEYOND_HOUR.name, PAIR_HOUR.name, FROM_HOUR.name];
        self.counts.retain(|(name, _), _| !ended.contains(name));
        self.sent.0 = 0;
    }
}

fn new_number(n: u32) -> String {
    format!("139{n:08}")
}

/// Within one /48.
fn within(bits: u128) -> String {
    Ipv6Addr::from((0x2001_0db8_0001_u128 << 80) | (bits >> 48)).to_string()
}

/// From where a stranger asks, and after how long: a minute, or an hour.
fn strangers() -> impl Strategy<Value = Vec<(u32, bool)>> {
    // From a few addresses each of a few networks, and none of them the customer's.
    let address = (0_u32..12, 0_u32..3).prop_map(|(network, n)| 0x0b00_0000 + (network << 8) + n);
    prop::collection::vec((address, prop::bool::weighted(0.1)), 1..150)
}

const HOME: &str = "10.1.1.1";
const WORK: &str = "2001:db8:9::1";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn v2_2_a_48_has_no_more_than_its_share_however_it_is_spread(bits in prop::collection::vec(any::<u128>(), 600)) {
        let mut day = Day::default();
        let mut sent = 0;
        for (n, bits) in (0..).zip(bits) {
            sent += i64::from(day.sends(&new_number(n), &within(bits), NOBODYS));
        }
        prop_assert!(sent <= FROM_HOUR.most_of_48);
        prop_assert!(day.sends(&new_number(700), "2001:db8:2::1", NOBODYS), "the next network has its own");
    }

    #[test]
    fn v2_2_whatever_strangers_have_spent_a_customer_still_has_a_text(flood in prop::collection::vec(any::<u32>(), 6_100), owner in any::<u32>()) {
        let mut day = Day::default();
        for (n, address) in (0..).zip(flood) {
            day.asks(&new_number(n), &Ipv4Addr::from(address).to_string(), NOBODYS);
        }
        // From an address that has not asked for hundreds itself.
        let from = format!("2001:db8::{:x}", owner & 0xffff);
        let told = Some(Told { customers_only: true, known_networks_only: false });
        prop_assert_eq!(day.asks(&new_number(7_000), &from, NOBODYS), (told, false));
        prop_assert_eq!(day.asks(PHONE, &from, CUSTOMERS), (told, true));
    }

    #[test]
    fn v2_2_once_strangers_have_spent_theirs_a_number_is_answered_alike_whosever_it_is(asks in prop::collection::vec((0_u32..4, any::<bool>()), 1..80)) {
        let (mut one, mut other) = (Day::spent(), Day::spent());
        for (address, is_later) in asks {
            if is_later {
                one.minute();
                other.minute();
            }
            let from = Ipv4Addr::from(address).to_string();
            let (customers, nobodys) = (one.asks(PHONE, &from, CUSTOMERS), other.asks(PHONE, &from, NOBODYS));
            prop_assert_eq!(customers.0, nobodys.0);
            prop_assert_eq!((customers.1, nobodys.1), (customers.0.is_some_and(|told| !told.known_networks_only), false));
        }
        prop_assert_eq!(other.used(ALL_DAY, EVERYBODY), NEW_DAY.most, "nothing is taken of what is kept for customers");
    }

    #[test]
    fn v2_2_somebody_elses_network_leaves_a_text_for_the_numbers_owner(bits in prop::collection::vec(any::<u128>(), 60)) {
        let mut day = Day::default();
        let minutes: Vec<bool> = bits
            .into_iter()
            .map(|bits| {
                day.minute();
                day.sends(PHONE, &within(bits), CUSTOMERS)
            })
            .collect();
        prop_assert!(minutes.iter().any(|sent| *sent));
        day.minute();
        prop_assert!(day.sends(PHONE, "10.0.0.1", CUSTOMERS));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn v2_2_wherever_strangers_ask_from_a_customer_has_texts_where_it_has_signed_in_before(asks in strangers()) {
        let mut day = Day::known_at(&[HOME, WORK]);
        for (address, is_hour_later) in asks {
            if is_hour_later { day.hour() } else { day.minute() }
            day.asks_for_the_customers(&Ipv4Addr::from(address).to_string());
        }
        day.minute();
        prop_assert!(day.asks_for_the_customers(HOME).1);
        for network in [HOME, WORK] {
            day.hour();
            prop_assert!(day.asks_for_the_customers(network).1, "and one more an hour later, from {}", network);
        }
    }

    #[test]
    fn v2_2_who_shares_a_network_with_the_customer_leaves_a_text_for_another_that_is_known(asks in strangers(), hours in 1_usize..20) {
        let mut day = Day::known_at(&[HOME, WORK]);
        for (address, is_hour_later) in asks {
            if is_hour_later { day.hour() } else { day.minute() }
            day.asks_for_the_customers(&Ipv4Addr::from(address).to_string());
        }
        for n in 0..hours {
            day.hour();
            day.asks_for_the_customers(&format!("10.1.1.{n}"));
            day.minute();
            day.asks_for_the_customers(&format!("10.1.1.{}", 100 + n));
        }
        day.hour();
        prop_assert!(day.asks_for_the_customers(WORK).1);
    }

    #[test]
    fn v2_2_a_number_is_sent_no_more_than_the_providers_do_whoever_asks_from_wherever(asks in strangers(), own in prop::collection::vec(any::<bool>(), 150)) {
        let mut day = Day::known_at(&[HOME, WORK]);
        for ((address, is_hour_later), is_own) in asks.into_iter().zip(own) {
            if is_hour_later { day.hour() } else { day.minute() }
            let stranger = Ipv4Addr::from(address).to_string();
            let from = match (is_own, is_hour_later) {
                (false, _) => stranger.as_str(),
                (true, true) => HOME,
                (true, false) => WORK,
            };
            day.asks_for_the_customers(from);
            prop_assert!(day.sent.0 <= PROVIDERS.0 && day.sent.1 <= PROVIDERS.1, "{:?}", day.sent);
        }
    }

    #[test]
    fn v2_2_an_answer_does_not_tell_whose_a_number_is_nor_where_its_customer_has_been(asks in strangers()) {
        let networks: Vec<String> = asks.iter().map(|(address, _)| Ipv4Addr::from(*address).to_string()).collect();
        let known: Vec<&str> = networks.iter().map(String::as_str).collect();
        let (mut nobodys, mut strange, mut known) = (Day::default(), Day::default(), Day::known_at(&known));
        for ((_, is_hour_later), from) in asks.iter().zip(&networks) {
            for day in [&mut nobodys, &mut strange, &mut known] {
                if *is_hour_later { day.hour() } else { day.minute() }
            }
            let told = nobodys.asks(PHONE, from, NOBODYS).0;
            prop_assert_eq!(strange.asks_for_the_customers(from).0, told);
            prop_assert_eq!(known.asks_for_the_customers(from).0, told);
        }
    }
}
