//! A code that is sent to one's phone (V2.2): six digits, good for five minutes; and so seldom that nobody can send floods of them at our
//! cost, or keep others from theirs.
//!
//! The day has so many texts in all, and some of them are for numbers that are customers' already: whoever floods us with new numbers, from
//! however many networks, keeps newcomers out for the day, and nobody else.
//!
//! Whoever asks is told a ticket, and a code is good with its ticket alone. So it is of no use to ask for a code to somebody else's phone: that
//! phone's owner has a ticket of its own, and the tries at one ticket take nothing from another.

use kernel::{Fault, HOUR, MINUTE};
use platform::allowance::{Allowance, ByAddress};
use platform::messages::SmsKind;
use platform::vault::Purpose;
use platform::{Cx, Result};
use serde::Serialize;
use store::jobs::JobKind;
use store::{Sql as _, Sweep, args};

use super::model::CustomerId;
use super::phone;
use crate::texts::{self, Text, To};

pub(crate) const FORGET: JobKind = JobKind::new("customers.forget");
/// Codes that were never used. Some time later: nobody who is about to use one waits for this.
pub(crate) const UNUSED: Sweep = Sweep::by_time("phone_codes", "ticket_hash", "expires_at", HOUR);
pub(crate) const NUMBER: Purpose = Purpose("customer phone");
const CODE: Purpose = Purpose("phone code");
const TICKET: Purpose = Purpose("phone code ticket");

const LASTS: i64 = 5 * MINUTE;
/// To one number. As a code lasts five minutes, no more than some six are good at once.
const A_MINUTE: Allowance = Allowance { name: "sms minute", window_seconds: 60, most: 1 };
const AN_HOUR: Allowance = Allowance { name: "sms hour", window_seconds: 3_600, most: 6 };
const A_DAY: Allowance = Allowance { name: "sms day", window_seconds: 86_400, most: 12 };
/// From one address to one number: somebody else's asking leaves some for the number's owner, even with a whole network to ask from.
const PAIR_HOUR: ByAddress = ByAddress { name: "sms pair hour", window_seconds: 3_600, most: 4, most_of_56: 5, most_of_48: 5 };
const PAIR_DAY: ByAddress = ByAddress { name: "sms pair day", window_seconds: 86_400, most: 8, most_of_56: 10, most_of_48: 10 };
/// From one address: a hall's guests may share one, and a provider's phones a /48.
const FROM_HOUR: ByAddress = ByAddress { name: "sms address hour", window_seconds: 3_600, most: 40, most_of_56: 100, most_of_48: 300 };
const FROM_DAY: ByAddress = ByAddress { name: "sms address day", window_seconds: 86_400, most: 200, most_of_56: 500, most_of_48: 1_500 };
/// In all: what a flood from many addresses to many numbers may cost in a day. One address has a fiftieth of it.
const ALL_DAY: Allowance = Allowance { name: "sms all", window_seconds: 86_400, most: 10_000 };
/// To numbers that are nobody's yet: what is left of all is kept for customers. A /48 has a quarter of it.
const NEW_DAY: Allowance = Allowance { name: "sms new numbers", window_seconds: 86_400, most: 6_000 };

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CodeSent {
    /// Is to come back with the code; told once.
    pub ticket: String,
    /// How long it is good.
    pub valid_seconds: i64,
    /// When another can be asked for.
    pub again_seconds: i64,
}

pub(crate) fn number(text: &str) -> Result<String> {
    phone::read(text).ok_or_else(|| Fault::field("phone", "INVALID", "请输入 11 位手机号码", "A mobile number of eleven digits is needed"))
}

/// All that counts for a text to a number that is asked for from an address, with the subject of each. `known`: the number is a customer's. Pure.
///
/// The number's own come first: what is refused for its sake takes nothing from others at the same address.
fn limits(digits: &str, from: &str, known: bool) -> Vec<(Allowance, String)> {
    let own = [A_MINUTE, AN_HOUR, A_DAY].map(|allowance| (allowance, digits.to_owned()));
    let pairs = [PAIR_HOUR, PAIR_DAY].into_iter().flat_map(|pair| pair.limits(from));
    let pairs = pairs.map(|(allowance, network)| (allowance, format!("{network} {digits}")));
    let addresses = [FROM_HOUR, FROM_DAY].into_iter().flat_map(|each| each.limits(from));
    let all = [ALL_DAY].into_iter().chain((!known).then_some(NEW_DAY)).map(|allowance| (allowance, String::new()));
    own.into_iter().chain(pairs).chain(addresses).chain(all).collect()
}

/// Whether the number is a customer's.
async fn known(cx: &Cx, digits: &str) -> Result<bool> {
    let sql = "SELECT id FROM customers WHERE phone_hash = $1";
    Ok(cx.db.read().opt(sql, args![phone_hash(cx, digits)], |row| row.get::<CustomerId>("id")).await?.is_some())
}

/// Sends a code to a phone. Whose it is, and whether it is anybody's, makes no difference to the answer, until new numbers have used up their part
/// of a day: then those that are nobody's are refused. Whoever wants to learn that has had to ask for thousands of texts first.
pub async fn send_code(cx: &Cx, text: &str) -> Result<CodeSent> {
    let digits = number(text)?;
    let limits = limits(&digits, &cx.origin.address, known(cx, &digits).await?);
    for (allowance, who) in &limits {
        allowance.check(&mut cx.db.read(), cx, who).await?;
    }
    let code = format!("{:06}", cx.random.below(1_000_000));
    let ticket = cx.random.secret::<24>("ckt_");
    let now = cx.now();
    let mut tx = cx.db.begin().await?;
    // Counted with the text itself, and not at all where one of them refuses.
    for (allowance, who) in &limits {
        allowance.take_in(&mut tx, cx, who).await?;
    }
    let sql = "INSERT INTO phone_codes (ticket_hash, phone_hash, code_hash, expires_at, tries) VALUES ($1, $2, $3, $4, 0)";
    let (phone, expires) = (phone_hash(cx, &digits), now.plus_micros(LASTS));
    tx.exec(sql, args![ticket_hash(cx, &ticket), phone, code_hash(cx, &digits, &code), expires]).await?;
    let to = To::new(cx, &digits);
    texts::write(&mut tx, cx, &Text { kind: SmsKind::Code, venue: None, to: &to, params: vec![("code", code)] }).await?;
    tx.commit().await?;
    Ok(CodeSent { ticket, valid_seconds: 300, again_seconds: 60 })
}

pub(crate) fn phone_hash(cx: &Cx, digits: &str) -> [u8; 32] {
    cx.vault.hash(NUMBER, digits.as_bytes())
}

pub(super) fn ticket_hash(cx: &Cx, ticket: &str) -> [u8; 32] {
    cx.vault.hash(TICKET, ticket.as_bytes())
}

pub(super) fn code_hash(cx: &Cx, digits: &str, code: &str) -> [u8; 32] {
    cx.vault.hash(CODE, format!("{digits} {code}").as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    /// Counters as [`send_code`] keeps them, within one window of each.
    #[derive(Default)]
    struct Day(HashMap<(&'static str, String), i64>);

    impl Day {
        /// Whether a text goes out.
        fn asks(&mut self, digits: &str, from: &str, known: bool) -> bool {
            let limits = limits(digits, from, known);
            let used = |(limit, who): &(Allowance, String)| self.0.get(&(limit.name, who.clone())).copied().unwrap_or(0);
            if limits.iter().any(|limit| used(limit) >= limit.0.most) {
                return false;
            }
            for (limit, who) in limits {
                *self.0.entry((limit.name, who)).or_default() += 1;
            }
            true
        }
    }

    fn new_number(n: u32) -> String {
        format!("139{n:08}")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn v2_2_a_48_has_no_more_than_its_share_however_it_is_spread(within in prop::collection::vec(any::<u128>(), 600)) {
            let mut day = Day::default();
            let mut sent = 0;
            for (n, bits) in (0..).zip(within) {
                let from = Ipv6Addr::from((0x2001_0db8_0001_u128 << 80) | (bits >> 48)).to_string();
                sent += i64::from(day.asks(&new_number(n), &from, false));
            }
            prop_assert!(sent <= FROM_HOUR.most_of_48);
            prop_assert!(day.asks(&new_number(700), "2001:db8:2::1", false), "the next network has its own");
        }

        #[test]
        fn v2_2_whatever_strangers_have_spent_a_customer_still_has_a_text(flood in prop::collection::vec(any::<u32>(), 6_100), owner in any::<u32>()) {
            let mut day = Day::default();
            for (n, address) in (0..).zip(flood) {
                day.asks(&new_number(n), &Ipv4Addr::from(address).to_string(), false);
            }
            // From an address that has not asked for hundreds itself.
            let from = format!("2001:db8::{:x}", owner & 0xffff);
            prop_assert!(!day.asks("13800138000", &from, false));
            prop_assert!(day.asks("13800138000", &from, true));
        }

        #[test]
        fn v2_2_a_customer_is_limited_by_all_that_a_stranger_is_but_one(from in "\\PC{0,40}", bits in any::<u128>()) {
            for from in [from, Ipv6Addr::from(bits).to_string()] {
                let named = |known| -> Vec<(&'static str, String)> {
                    limits("13800138000", &from, known).into_iter().map(|(limit, who)| (limit.name, who)).collect()
                };
                let (mut stranger, customer) = (named(false), named(true));
                prop_assert_eq!(stranger.pop().map(|(name, _)| name), Some(NEW_DAY.name));
                prop_assert_eq!(stranger, customer);
            }
        }

        #[test]
        fn v2_2_somebody_elses_network_leaves_a_text_for_the_numbers_owner(within in prop::collection::vec(any::<u128>(), 60)) {
            let mut day = Day::default();
            let minutes: Vec<bool> = within
                .into_iter()
                .map(|bits| {
                    // A minute later.
                    day.0.retain(|(name, _), _| *name != A_MINUTE.name);
                    day.asks("13800138000", &Ipv6Addr::from((0x2001_0db8_0001_u128 << 80) | (bits >> 48)).to_string(), true)
                })
                .collect();
            prop_assert!(minutes.iter().any(|sent| *sent));
            day.0.retain(|(name, _), _| *name != A_MINUTE.name);
            prop_assert!(day.asks("13800138000", "10.0.0.1", true));
        }
    }

    const _: () = assert!(NEW_DAY.most < ALL_DAY.most && FROM_DAY.most_of_48 * 4 <= NEW_DAY.most && PAIR_HOUR.most_of_48 < AN_HOUR.most);
}
