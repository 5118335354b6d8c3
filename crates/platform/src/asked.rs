//! How often a user may ask for what costs nothing, mails somebody each time, and stays in the operation log for ever: so that nobody fills others'
//! mailboxes and the log by asking and taking it back, again and again.
//!
//! Each thing is counted apart, by the hour and by the day; how often is the operator's to say ([`defs::ASKED_PER_HOUR`]).

use store::Tx;

use crate::allowance::Allowance;
use crate::settings::defs;
use crate::{Cx, Result};

/// So many hours' worth in a day.
const A_DAY: i64 = 5;

/// A thing that is asked for, by the names of what is counted.
pub struct Asked {
    hour: &'static str,
    day: &'static str,
}

pub const WITHDRAWALS: Asked = Asked { hour: "withdrawals", day: "withdrawals a day" };
pub const APPLICATIONS: Asked = Asked { hour: "applications", day: "applications a day" };
/// Users who are made, by those who run no installation.
pub const USERS: Asked = Asked { hour: "users made", day: "users made a day" };
pub const ADDRESSES: Asked = Asked { hour: "addresses", day: "addresses a day" };

impl Asked {
    /// Counts one more of the asker's in the caller's transaction, which is not to be committed where this refuses. What is refused for another
    /// reason mails nobody, and is not counted.
    pub async fn take_in(&self, tx: &mut Tx, cx: &Cx) -> Result<()> {
        let (who, most) = (cx.user()?.id.to_string(), cx.settings.get(defs::ASKED_PER_HOUR));
        let hour = Allowance { name: self.hour, window_seconds: 3_600, most };
        let day = Allowance { name: self.day, window_seconds: 86_400, most: most.saturating_mul(A_DAY) };
        hour.take_in(tx, cx, &who).await?;
        day.take_in(tx, cx, &who).await
    }
}

#[cfg(test)]
mod tests {
    use kernel::{DAY, HOUR};
    use serde_json::json;

    use super::*;
    use crate::identity::Role;
    use crate::testing::{Bench, code};

    /// Asks until it is refused; answers how often it was not.
    async fn asks(bench: &Bench, cx: &Cx, asked: &Asked) -> (i64, &'static str) {
        for n in 0.. {
            let mut tx = bench.platform.db.begin().await.unwrap();
            match asked.take_in(&mut tx, cx).await {
                Ok(()) => tx.commit().await.unwrap(),
                refused => return (n, code(refused)),
            }
        }
        unreachable!("it goes on for ever")
    }

    on_platform! {
        async fn k7_2_a_user_asks_so_often_in_an_hour_and_in_a_day_as_the_operator_wants_and_others_are_no_concern_of_it(bench) {
            let (alice, _) = bench.user(Role::Agent, "alice").await;
            let (bob, _) = bench.user(Role::Agent, "bob").await;
            let (alice, bob) = (bench.visitor().as_user(alice), bench.visitor().as_user(bob));
            assert_eq!(code(WITHDRAWALS.take_in(&mut alice.db.begin().await.unwrap(), &bench.visitor()).await), "SIGN_IN_REQUIRED");
            assert_eq!(asks(bench, &alice, &WITHDRAWALS).await, (60, "RATE_LIMITED"));
            assert_eq!(asks(bench, &alice, &WITHDRAWALS).await, (0, "RATE_LIMITED"));
            // Another thing, and somebody else.
            assert_eq!(asks(bench, &alice, &APPLICATIONS).await, (60, "RATE_LIMITED"));
            assert_eq!(asks(bench, &bob, &WITHDRAWALS).await, (60, "RATE_LIMITED"));
            bench.set("security.asked_per_hour", json!(70)).await;
            assert_eq!(asks(bench, &alice, &WITHDRAWALS).await, (10, "RATE_LIMITED"));
            for _ in 0..4 {
                bench.clock.step(HOUR);
                assert_eq!(asks(bench, &alice, &WITHDRAWALS).await, (70, "RATE_LIMITED"));
            }
            // It is the day's, and not the hour's.
            bench.clock.step(HOUR);
            assert_eq!(asks(bench, &alice, &WITHDRAWALS).await, (0, "RATE_LIMITED"));
            bench.clock.step(DAY);
            assert_eq!(asks(bench, &alice, &WITHDRAWALS).await, (70, "RATE_LIMITED"));
        }
    }
}
