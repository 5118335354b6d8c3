//! How many codes are sent: to a number, from an address to a number, from an address, and in all. Pure.
//!
//! Whoever knows a number can ask for codes to it, from as many addresses as they have. So of what a number gets some is kept for where its customer
//! has signed in before ([`networks`](super::super::networks)): strangers who use up the rest keep its owner out of strange networks for a while, and
//! never out of those. In all it is no more than the providers send to one number: what we took beyond that would be answered, and never come.
//!
//! **Invariant**: what is answered depends on the number and on where it is asked for, never on whose the number is, or where that one has been. So
//! beyond a number's open part everybody is told that a code comes to known networks alone, has as many asks there, and a ticket for each.

use platform::allowance::{Allowance, ByAddress};

use super::super::networks::coarse;

/// To one number, whoever asks. As a code lasts five minutes, no more than some six are good at once.
pub(super) const A_MINUTE: Allowance = Allowance { name: "sms minute", window_seconds: 60, most: 1 };
pub(super) const AN_HOUR: Allowance = Allowance { name: "sms hour", window_seconds: 3_600, most: 4 };
pub(super) const A_DAY: Allowance = Allowance { name: "sms day", window_seconds: 86_400, most: 7 };
/// To one number beyond those, where its customer has signed in before.
pub(super) const KEPT_HOUR: Allowance = Allowance { name: "sms kept hour", window_seconds: 3_600, most: 1 };
pub(super) const KEPT_DAY: Allowance = Allowance { name: "sms kept day", window_seconds: 86_400, most: 3 };
/// Asking for those, from one network and for one number: who shares a network with the customer leaves some for the others that are known.
const BEYOND_HOUR: Allowance = Allowance { name: "sms beyond hour", window_seconds: 3_600, most: 1 };
const BEYOND_DAY: Allowance = Allowance { name: "sms beyond day", window_seconds: 86_400, most: 2 };
/// From one address to one number: somebody else's asking leaves some for a newcomer, who is known nowhere, even with a whole network to ask from.
const PAIR_HOUR: ByAddress = ByAddress { name: "sms pair hour", window_seconds: 3_600, most: 3, most_of_56: 3, most_of_48: 3 };
const PAIR_DAY: ByAddress = ByAddress { name: "sms pair day", window_seconds: 86_400, most: 6, most_of_56: 6, most_of_48: 6 };
/// From one address: a hall's guests may share one, and a provider's phones a /48.
const FROM_HOUR: ByAddress = ByAddress { name: "sms address hour", window_seconds: 3_600, most: 40, most_of_56: 100, most_of_48: 300 };
const FROM_DAY: ByAddress = ByAddress { name: "sms address day", window_seconds: 86_400, most: 200, most_of_56: 500, most_of_48: 1_500 };
/// In all: what a flood from many addresses to many numbers may cost in a day. One address has a fiftieth of it.
pub(super) const ALL_DAY: Allowance = Allowance { name: "sms all", window_seconds: 86_400, most: 10_000 };
/// To numbers that are nobody's yet: what is left of all is kept for customers. A /48 has a quarter of it. What is asked for beyond it counts on.
pub(super) const NEW_DAY: Allowance = Allowance { name: "sms new numbers", window_seconds: 86_400, most: 6_000 };
/// Of both, the subject.
pub(super) const EVERYBODY: &str = "";

/// Whose a number is, and whether that one has signed in from where it is asked for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whose {
    pub customers: bool,
    /// Nobody's number is known anywhere.
    pub known_here: bool,
}

/// What everybody is told who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub customers_only: bool,
    pub known_networks_only: bool,
}

/// What was counted before this ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    /// Asked for today for numbers that are nobody's.
    pub new: i64,
    /// The number's open part of the hour or the day is used up.
    pub beyond: bool,
    /// Of what is kept for the number's known networks, in this hour and on this day.
    pub kept: (i64, i64),
}

/// Whether a number, to which so many were sent in this hour and on this day, has had its open part.
pub(super) const fn is_beyond(hour: i64, day: i64) -> bool {
    hour >= AN_HOUR.most || day >= A_DAY.most
}

/// All that counts for asking for a text to a number from an address, whosever the number is, with the subject of each.
///
/// The number's own come first: what is refused for its sake takes nothing from others at the same address.
pub(super) fn counted(digits: &str, from: &str, beyond: bool) -> Vec<(Allowance, String)> {
    let own = if beyond { beyond_of(digits, from) } else { [A_MINUTE, AN_HOUR, A_DAY].map(|each| (each, digits.to_owned())).into() };
    let pairs = [PAIR_HOUR, PAIR_DAY].into_iter().flat_map(|pair| pair.limits(from));
    let pairs = pairs.map(|(allowance, network)| (allowance, format!("{network} {digits}")));
    let addresses = [FROM_HOUR, FROM_DAY].into_iter().flat_map(|each| each.limits(from));
    own.into_iter().chain(pairs).chain(addresses).collect()
}

/// Beyond a number's open part, how often it may be asked for from a network.
pub(super) fn beyond_of(digits: &str, from: &str) -> Vec<(Allowance, String)> {
    let who = format!("{} {digits}", coarse(from));
    [BEYOND_HOUR, BEYOND_DAY].map(|each| (each, who.clone())).into()
}

/// What everybody is told; and whether a text comes.
pub(super) const fn answer(whose: Whose, before: Before) -> (Told, bool) {
    let told = Told { customers_only: before.new >= NEW_DAY.most, known_networks_only: before.beyond };
    let left = before.kept.0 < KEPT_HOUR.most && before.kept.1 < KEPT_DAY.most;
    let comes = if before.beyond { whose.known_here && left } else { whose.customers || !told.customers_only };
    (told, comes)
}

/// To one number in an hour and a day, as the providers have it.
const PROVIDERS: (i64, i64) = (5, 10);

const _: () = assert!(
    AN_HOUR.most + KEPT_HOUR.most <= PROVIDERS.0
        && A_DAY.most + KEPT_DAY.most <= PROVIDERS.1
        && BEYOND_DAY.most < KEPT_DAY.most
        && PAIR_HOUR.most_of_48 < AN_HOUR.most
        && PAIR_DAY.most_of_48 < A_DAY.most
        && NEW_DAY.most < ALL_DAY.most
        && FROM_DAY.most_of_48 * 4 <= NEW_DAY.most
);

#[cfg(test)]
mod tests;
