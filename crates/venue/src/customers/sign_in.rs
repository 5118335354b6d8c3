//! Signing in with the code that is on one's phone (V2.2).

use kernel::{Fault, Kind};
use platform::allowance::{Allowance, ByAddress};
use platform::payments::Payer;
use platform::{Cx, Result};
use store::{Sql, Tx, args};

use super::code::{code_hash, latest, number, phone_hash, ticket_hash};
use super::join::{comes_along, of_phone};
use super::model::Customer;
use super::session::{Welcome, welcome};

/// With one ticket.
const TRIES: i64 = 5;
/// The same where somebody guesses: each guess costs a text then, and those are limited. Whoever types their code right notices nothing, so that
/// nobody who guesses keeps others from signing in.
const TRIES_WHERE_GUESSED: i64 = 1;
/// Wrong codes from one address, beyond which it is taken for guessing: a hall's guests may share one, and a provider's phones a /48.
const WRONG: ByAddress = ByAddress { name: "wrong codes", window_seconds: 3_600, most: 20, most_of_56: 40, most_of_48: 80 };
/// From all addresses. Thousands of people do not mistype so many in a day; a code in a million is guessed.
const WRONG_DAY: Allowance = Allowance { name: "wrong codes in all", window_seconds: 86_400, most: 1_000 };
/// Tries from one address with tickets that are none, or none any more. Whoever brings one that is good is not held up by them: a hall's guests
/// may share an address, and their tickets have so many tries each.
const ASTRAY: ByAddress =
    ByAddress { name: "sign-ins without a ticket", window_seconds: 3_600, most: 60, most_of_56: 150, most_of_48: 450 };

/// What somebody brings who signs in.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// As [`send_code`](super::send_code) has told it.
    pub ticket: &'a str,
    pub phone: &'a str,
    pub code: &'a str,
    /// Whoever is signed in by WeChat alone becomes that customer too, and brings along what they have, WeChat's name as well.
    pub join: bool,
}

/// Signs in whoever has the phone, now that its code is here. A guest becomes that customer, and carries everything over; somebody whom WeChat
/// knows does where that is asked for, and otherwise stays who they are. `payer`: as whom WeChat knows the phone that it happens on.
///
/// Which of ticket, number and code is wrong, or whether they are too old, makes no difference to the answer.
pub async fn sign_in(cx: &Cx, who: Option<&Customer>, payer: Option<&Payer>, ask: SignIn<'_>) -> Result<Welcome> {
    let digits = number(ask.phone)?;
    if !is_good(cx, &digits, ask.ticket).await? {
        return Err(wrong());
    }
    let mut tx = cx.db.begin().await?;
    if !is_right(&mut tx, cx, &digits, ask.ticket, ask.code).await? {
        tx.commit().await?;
        return Err(wrong());
    }
    use_up(&mut tx, cx, ask.ticket).await?;
    let who = comes_along(&mut tx, who, ask.join).await?;
    let (id, new) = of_phone(&mut tx, cx, who, &digits).await?;
    welcome(tx, cx, id, payer, new).await
}

/// What is said of a wrong code, whatever is wrong with it.
pub(super) const WRONG_CODE: (&str, &str, &str) = (
    "CODE_WRONG",
    "验证码不正确或已失效，请核对或重新获取",
    "This is not the code, or it is not good any more; look again, or ask for another",
);

fn wrong() -> Fault {
    let (code, zh, en) = WRONG_CODE;
    Fault::new(Kind::Unauthenticated, code, zh, en)
}

/// Whether a ticket is this number's, and has tries left; looked at before anybody waits for it. Where not, it is counted as one gone astray.
pub(super) async fn is_good(cx: &Cx, digits: &str, ticket: &str) -> Result<bool> {
    let (phone, ticket) = (phone_hash(cx, digits), ticket_hash(cx, ticket));
    let most = tries(&mut cx.db.read(), cx).await?;
    let sql =
        "SELECT tries FROM phone_codes WHERE ticket_hash = $1 AND phone_hash = $2 AND expires_at > $3 AND tries < $4 AND expires_at <= $5";
    let now = cx.now();
    let good = cx.db.read().opt(sql, args![ticket, phone, now, most, latest(now)], |row| row.get::<i64>("tries")).await?.is_some();
    if !good {
        ASTRAY.take(cx).await?;
    }
    Ok(good)
}

/// Whether the code is the ticket's, which is locked. A wrong one is counted, if the caller commits.
pub(super) async fn is_right(tx: &mut Tx, cx: &Cx, digits: &str, ticket: &str, code: &str) -> Result<bool> {
    let hash = ticket_hash(cx, ticket);
    let Some(wanted) = lock(tx, cx, phone_hash(cx, digits), hash).await? else { return Ok(false) };
    if wanted == code_hash(cx, digits, code.trim()) {
        return Ok(true);
    }
    tx.exec("UPDATE phone_codes SET tries = tries + 1 WHERE ticket_hash = $1", args![hash]).await?;
    guessed(tx, cx).await?;
    Ok(false)
}

/// A code is good once.
pub(super) async fn use_up(tx: &mut Tx, cx: &Cx, ticket: &str) -> Result<()> {
    tx.exec("DELETE FROM phone_codes WHERE ticket_hash = $1", args![ticket_hash(cx, ticket)]).await?;
    Ok(())
}

/// All that wrong codes from an address count for, with the subject of each. Pure.
fn counts(from: &str) -> Vec<(Allowance, String)> {
    WRONG.limits(from).into_iter().chain([(WRONG_DAY, String::new())]).collect()
}

/// How many tries a ticket has for whoever asks, as things are.
async fn tries(sql: &mut impl Sql, cx: &Cx) -> Result<i64> {
    for (allowance, who) in counts(&cx.origin.address) {
        if allowance.is_spent(sql, cx, &who).await? {
            return Ok(TRIES_WHERE_GUESSED);
        }
    }
    Ok(TRIES)
}

/// Counts a wrong code. Once a day it is said that they are too many.
async fn guessed(tx: &mut Tx, cx: &Cx) -> Result<()> {
    for (allowance, who) in counts(&cx.origin.address) {
        let used = allowance.count(tx, cx, &who).await?;
        if allowance.name == WRONG_DAY.name && used == allowance.most {
            tracing::warn!(used, "somebody guesses codes that are sent to phones: a ticket has one try until tomorrow");
        }
    }
    Ok(())
}

/// What the ticket's code is, while it is good. All that are good for the phone are locked: of two who sign in with one phone at once, and
/// with tickets of their own, the second finds the customer whom the first has made.
async fn lock(tx: &mut Tx, cx: &Cx, phone: [u8; 32], ticket: [u8; 32]) -> Result<Option<Vec<u8>>> {
    let sql = format!(
        "SELECT ticket_hash, code_hash, tries FROM phone_codes WHERE phone_hash = $1 AND expires_at > $2 AND expires_at <= $3 ORDER BY ticket_hash{}",
        tx.for_update()
    );
    let read = |row: &store::Row| Ok((row.get::<Vec<u8>>("ticket_hash")?, row.get::<Vec<u8>>("code_hash")?, row.get::<i64>("tries")?));
    let now = cx.now();
    let good = tx.all(&sql, args![phone, now, latest(now)], read).await?;
    let most = tries(tx, cx).await?;
    Ok(good.into_iter().find(|(of, _, tried)| *of == ticket && *tried < most).map(|(_, code, _)| code))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::Ipv6Addr;

    use proptest::prelude::*;

    use super::*;

    /// Counters as [`sign_in`] keeps them, within one window of each.
    #[derive(Default)]
    struct Day(HashMap<(&'static str, String), i64>);

    impl Day {
        fn tries(&self, from: &str) -> i64 {
            let used = |(limit, who): &(Allowance, String)| self.0.get(&(limit.name, who.clone())).copied().unwrap_or(0);
            if counts(from).iter().any(|count| used(count) >= count.0.most) { TRIES_WHERE_GUESSED } else { TRIES }
        }

        /// Guesses at one ticket until no more is looked at; answers how often that was.
        fn guesses_at_a_ticket(&mut self, from: &str) -> i64 {
            let mut tried = 0;
            while tried < self.tries(from) {
                tried += 1;
                for (limit, who) in counts(from) {
                    *self.0.entry((limit.name, who)).or_default() += 1;
                }
            }
            tried
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn v2_2_whoever_guesses_from_a_48_has_one_guess_for_each_text(tickets in prop::collection::vec(any::<u128>(), 1..200)) {
            let mut day = Day::default();
            let texts = i64::try_from(tickets.len()).unwrap();
            let mut looked_at = 0;
            for bits in tickets {
                let from = Ipv6Addr::from((0x2001_0db8_0001_u128 << 80) | (bits >> 48)).to_string();
                looked_at += day.guesses_at_a_ticket(&from);
            }
            prop_assert!(looked_at <= WRONG.most_of_48 + texts * TRIES_WHERE_GUESSED, "{} with {}", looked_at, texts);
        }

        #[test]
        fn v2_2_whoever_guesses_from_everywhere_has_one_guess_for_each_text(tickets in prop::collection::vec(any::<u128>(), 1..600)) {
            let mut day = Day::default();
            let texts = i64::try_from(tickets.len()).unwrap();
            let mut looked_at = 0;
            for bits in tickets {
                looked_at += day.guesses_at_a_ticket(&Ipv6Addr::from(bits).to_string());
            }
            prop_assert!(looked_at <= WRONG_DAY.most + texts * TRIES_WHERE_GUESSED, "{} with {}", looked_at, texts);
            prop_assert!(day.tries("10.9.9.9") >= 1, "and the code on one's own phone is always looked at");
        }
    }
}
