//! A code that is sent to one's phone (V2.2): six digits, good for five minutes; and so seldom that nobody can send floods of them at our
//! cost, or keep others from theirs.
//!
//! The day has so many texts in all, and some of them are for numbers that are customers' already: whoever floods us with new numbers, from
//! however many networks, keeps newcomers out for the day, and nobody else. That it has come to this is told to everybody who asks, for what
//! a newcomer alone were told would tell who is none.
//!
//! Whoever asks is told a ticket, and a code is good with its ticket alone. So it is of no use to ask for a code to somebody else's phone: that
//! phone's owner has a ticket of its own, and the tries at one ticket take nothing from another.

use kernel::{APART, Fault, HOUR, MINUTE, Timestamp};
use platform::allowance::{Allowance, ByAddress};
use platform::messages::SmsKind;
use platform::vault::Purpose;
use platform::{Cx, Result};
use serde::Serialize;
use store::jobs::JobKind;
use store::{Sql as _, Sweep, Tx, args};

use super::model::CustomerId;
use super::phone;
use crate::texts::{self, DAILY_LIMIT, Text, To};

pub(crate) const FORGET: JobKind = JobKind::new("customers.forget");
/// Codes that were never used. Some time later: nobody who is about to use one waits for this.
pub(crate) const UNUSED: Sweep = Sweep::by_time("phone_codes", "ticket_hash", "expires_at", HOUR);
pub(crate) const NUMBER: Purpose = Purpose("customer phone");
const CODE: Purpose = Purpose("phone code");
const TICKET: Purpose = Purpose("phone code ticket");

const LASTS: i64 = 5 * MINUTE;
/// To one number. As a code lasts five minutes, no more than some six are good at once. Of an hour and a day as many as the providers send: what we
/// took beyond that would be answered, and never come.
const A_MINUTE: Allowance = Allowance { name: "sms minute", window_seconds: 60, most: 1 };
const AN_HOUR: Allowance = Allowance { name: "sms hour", window_seconds: 3_600, most: 5 };
const A_DAY: Allowance = Allowance { name: "sms day", window_seconds: 86_400, most: 10 };
/// From one address to one number: somebody else's asking leaves some for the number's owner, even with a whole network to ask from.
const PAIR_HOUR: ByAddress = ByAddress { name: "sms pair hour", window_seconds: 3_600, most: 3, most_of_56: 4, most_of_48: 4 };
const PAIR_DAY: ByAddress = ByAddress { name: "sms pair day", window_seconds: 86_400, most: 7, most_of_56: 8, most_of_48: 8 };
/// From one address: a hall's guests may share one, and a provider's phones a /48.
const FROM_HOUR: ByAddress = ByAddress { name: "sms address hour", window_seconds: 3_600, most: 40, most_of_56: 100, most_of_48: 300 };
const FROM_DAY: ByAddress = ByAddress { name: "sms address day", window_seconds: 86_400, most: 200, most_of_56: 500, most_of_48: 1_500 };
/// In all: what a flood from many addresses to many numbers may cost in a day. One address has a fiftieth of it.
const ALL_DAY: Allowance = Allowance { name: "sms all", window_seconds: 86_400, most: 10_000 };
/// To numbers that are nobody's yet: what is left of all is kept for customers. A /48 has a quarter of it. What is asked for beyond it counts on.
const NEW_DAY: Allowance = Allowance { name: "sms new numbers", window_seconds: 86_400, most: 6_000 };
/// Of both, the subject.
const EVERYBODY: &str = "";
/// Codes that are not sent, so many a day, have a line in the log: whoever is asked about one finds the reason there, and no flood fills it.
const WITHHELD: i64 = 1_000;

/// When a code expires at the latest, by whichever process it was sent. One that does later was sent by a clock that was ahead, and is not good.
pub(super) fn latest(now: Timestamp) -> Timestamp {
    now.plus_micros(LASTS + APART)
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CodeSent {
    /// Is to come back with the code; told once.
    pub ticket: String,
    /// How long it is good.
    pub valid_seconds: i64,
    /// When another can be asked for.
    pub again_seconds: i64,
    /// The day's texts for new numbers are used up: a code comes only where the number is a customer's. Told to everybody, whosever the number is.
    pub customers_only: bool,
}

pub(crate) fn number(text: &str) -> Result<String> {
    phone::read(text).ok_or_else(|| Fault::field("phone", "INVALID", "请输入 11 位手机号码", "A mobile number of eleven digits is needed"))
}

/// All that counts for asking for a text to a number from an address, whosever the number is, with the subject of each. Pure.
///
/// The number's own come first: what is refused for its sake takes nothing from others at the same address.
fn limits(digits: &str, from: &str) -> Vec<(Allowance, String)> {
    let own = [A_MINUTE, AN_HOUR, A_DAY].map(|allowance| (allowance, digits.to_owned()));
    let pairs = [PAIR_HOUR, PAIR_DAY].into_iter().flat_map(|pair| pair.limits(from));
    let pairs = pairs.map(|(allowance, network)| (allowance, format!("{network} {digits}")));
    let addresses = [FROM_HOUR, FROM_DAY].into_iter().flat_map(|each| each.limits(from));
    own.into_iter().chain(pairs).chain(addresses).collect()
}

/// Whether codes come to customers' numbers alone, where so many were asked for before on this day for numbers that are nobody's; and whether one
/// comes to this number. Pure.
const fn left(before: i64, known: bool) -> (bool, bool) {
    let customers_only = before >= NEW_DAY.most;
    (customers_only, known || !customers_only)
}

/// Whether the number is a customer's.
async fn known(cx: &Cx, digits: &str) -> Result<bool> {
    let sql = "SELECT id FROM customers WHERE phone_hash = $1";
    Ok(cx.db.read().opt(sql, args![phone_hash(cx, digits)], |row| row.get::<CustomerId>("id")).await?.is_some())
}

/// Sends a code to a phone. Whose it is, and whether it is anybody's, makes no difference to the answer. Where new numbers have used up their part of
/// a day, one that is nobody's gets a ticket as any other, and no text; it takes nothing of what is kept for customers. That is a row less to write,
/// which nobody measures in the few times an hour that a number can be asked about.
pub async fn send_code(cx: &Cx, text: &str) -> Result<CodeSent> {
    let digits = number(text)?;
    let known = known(cx, &digits).await?;
    let limits = limits(&digits, &cx.origin.address);
    for (allowance, who) in &limits {
        allowance.check(&mut cx.db.read(), cx, who).await?;
    }
    ALL_DAY.check(&mut cx.db.read(), cx, EVERYBODY).await?;
    let code = format!("{:06}", cx.random.below(1_000_000));
    let ticket = cx.random.secret::<24>("ckt_");
    let now = cx.now();
    let mut tx = cx.db.begin().await?;
    // Counted with the text itself, and not at all where one of them refuses.
    for (allowance, who) in &limits {
        allowance.take_in(&mut tx, cx, who).await?;
    }
    let before = if known { NEW_DAY.used(&mut tx, cx, EVERYBODY).await? } else { NEW_DAY.count(&mut tx, cx, EVERYBODY).await? - 1 };
    let (customers_only, comes) = left(before, known);
    let sql = "INSERT INTO phone_codes (ticket_hash, phone_hash, code_hash, expires_at, tries) VALUES ($1, $2, $3, $4, 0)";
    let (phone, expires) = (phone_hash(cx, &digits), now.plus_micros(LASTS));
    tx.exec(sql, args![ticket_hash(cx, &ticket), phone, code_hash(cx, &digits, &code), expires]).await?;
    let to = To::new(cx, &digits);
    let text = Text { kind: SmsKind::Code, venue: None, to: &to, params: vec![("code", code)] };
    if comes {
        ALL_DAY.take_in(&mut tx, cx, EVERYBODY).await?;
        texts::write(&mut tx, cx, &text).await?;
    } else {
        ALL_DAY.check(&mut tx, cx, EVERYBODY).await?;
        withhold(&mut tx, cx, &text, before - NEW_DAY.most).await?;
    }
    tx.commit().await?;
    Ok(CodeSent { ticket, valid_seconds: 300, again_seconds: 60, customers_only })
}

/// Does not send it; so many were not sent before on this day.
async fn withhold(tx: &mut Tx, cx: &Cx, text: &Text<'_>, before: i64) -> Result<()> {
    if before == 0 {
        tracing::warn!(
            most = NEW_DAY.most,
            "the day's texts for new numbers are used up: codes come to customers' numbers alone until tomorrow"
        );
        texts::spent(tx, cx, NEW_DAY.most).await?;
    }
    if before < WITHHELD { texts::withhold(tx, cx, text, DAILY_LIMIT).await } else { Ok(()) }
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
        fn used(&self, limit: Allowance, who: &str) -> i64 {
            self.0.get(&(limit.name, who.to_owned())).copied().unwrap_or(0)
        }

        fn count(&mut self, limit: Allowance, who: &str) {
            *self.0.entry((limit.name, who.to_owned())).or_default() += 1;
        }

        /// What the asker is told of the day, which is nothing where it is refused; and whether a text goes out.
        fn asks(&mut self, digits: &str, from: &str, known: bool) -> (Option<bool>, bool) {
            let limits = limits(digits, from);
            let is_spent = |(limit, who): &(Allowance, String)| self.used(*limit, who) >= limit.most;
            if limits.iter().any(is_spent) || self.used(ALL_DAY, EVERYBODY) >= ALL_DAY.most {
                return (None, false);
            }
            for (limit, who) in &limits {
                self.count(*limit, who);
            }
            let before = self.used(NEW_DAY, EVERYBODY);
            if !known {
                self.count(NEW_DAY, EVERYBODY);
            }
            let (customers_only, comes) = left(before, known);
            if comes {
                self.count(ALL_DAY, EVERYBODY);
            }
            (Some(customers_only), comes)
        }

        /// Whether a text goes out.
        fn sends(&mut self, digits: &str, from: &str, known: bool) -> bool {
            self.asks(digits, from, known).1
        }

        /// As after a flood of new numbers.
        fn spent() -> Self {
            let all = [(NEW_DAY.name, NEW_DAY.most), (ALL_DAY.name, NEW_DAY.most)];
            Self(all.map(|(name, used)| ((name, EVERYBODY.to_owned()), used)).into())
        }

        /// A minute later.
        fn minute(&mut self) {
            self.0.retain(|(name, _), _| *name != A_MINUTE.name);
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
                sent += i64::from(day.sends(&new_number(n), &from, false));
            }
            prop_assert!(sent <= FROM_HOUR.most_of_48);
            prop_assert!(day.sends(&new_number(700), "2001:db8:2::1", false), "the next network has its own");
        }

        #[test]
        fn v2_2_whatever_strangers_have_spent_a_customer_still_has_a_text(flood in prop::collection::vec(any::<u32>(), 6_100), owner in any::<u32>()) {
            let mut day = Day::default();
            for (n, address) in (0..).zip(flood) {
                day.asks(&new_number(n), &Ipv4Addr::from(address).to_string(), false);
            }
            // From an address that has not asked for hundreds itself.
            let from = format!("2001:db8::{:x}", owner & 0xffff);
            prop_assert_eq!(day.asks(&new_number(7_000), &from, false), (Some(true), false));
            prop_assert_eq!(day.asks("13800138000", &from, true), (Some(true), true));
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
                let (customers, nobodys) = (one.asks("13800138000", &from, true), other.asks("13800138000", &from, false));
                prop_assert_eq!(customers.0, nobodys.0);
                prop_assert_eq!((customers.1, nobodys.1), (customers.0.is_some(), false));
            }
            prop_assert_eq!(other.used(ALL_DAY, EVERYBODY), NEW_DAY.most, "nothing is taken of what is kept for customers");
        }

        #[test]
        fn v2_2_somebody_elses_network_leaves_a_text_for_the_numbers_owner(within in prop::collection::vec(any::<u128>(), 60)) {
            let mut day = Day::default();
            let minutes: Vec<bool> = within
                .into_iter()
                .map(|bits| {
                    day.minute();
                    day.sends("13800138000", &Ipv6Addr::from((0x2001_0db8_0001_u128 << 80) | (bits >> 48)).to_string(), true)
                })
                .collect();
            prop_assert!(minutes.iter().any(|sent| *sent));
            day.minute();
            prop_assert!(day.sends("13800138000", "10.0.0.1", true));
        }
    }

    const _: () = assert!(
        NEW_DAY.most < ALL_DAY.most
            && FROM_DAY.most_of_48 * 4 <= NEW_DAY.most
            && PAIR_HOUR.most_of_48 < AN_HOUR.most
            && PAIR_DAY.most_of_48 < A_DAY.most
    );
}
