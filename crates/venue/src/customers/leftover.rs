//! What a walk-in 散客 leaves behind, and whoever else has shown nobody who they are: money of a customer of whom nothing but a number is known, their own
//! or a phone's that was said at a desk, and who can be asked nothing once they have gone.
//!
//! While they are there, whoever serves at the desk pays it out. Later nobody but who serves there would know of it: then it takes somebody who
//! manages the hall, and who sees in its cash what each has paid out to walk-ins ([`crate::cash`]).
//!
//! **Invariant**: what costs nothing keeps no such wallet open: neither a table that is opened and closed for nothing, nor a coin. (A minute that is
//! billed does: docs/known-gaps.md.)

use kernel::{Amount, Fault, Fen, Kind, MINUTE, Timestamp};
use platform::identity::Permission;
use platform::ledger::{self, EntryKind};
use platform::{Cx, Result};
use store::Sql;

use super::model::{Customer, CustomerId};
use super::wallet::account;
use crate::play;
use crate::told::yuan;

/// For so long after they have played, or handed over cash, they are taken to be there.
const MINUTES: i64 = 15;

/// What paying it out takes later: what shows somebody the cash of everybody in a hall. Who holds that looks at who pays out more than others, and so
/// may do it. `TablesOperate`, which cashiers do not have either, is for helping who is there, and says nothing of whose work it is to count.
const LATER: Permission = Permission::VenuesManage;

/// They have gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HasGone {
    /// As much as has just come in.
    pub payable: Fen,
}

impl From<HasGone> for Fault {
    fn from(HasGone { payable }: HasGone) -> Self {
        let (mut zh, mut en) = (
            format!(
                "这位顾客没有验证过的手机号或微信：付费打球结束或交来现金 {MINUTES} 分钟后，余款由门店管理人员付还，或由顾客登录后再付"
            ),
            format!(
                "This customer has no phone or WeChat that was verified: {MINUTES} minutes after paid play, or after cash was handed over, what is \
                 left is paid out by somebody who manages the hall, or once they have signed in"
            ),
        );
        if payable.is_positive() {
            zh = format!("{zh}；您现在最多可付 {} 元", yuan(payable));
            en = format!("{en}; you can pay out {} yuan now", yuan(payable));
        }
        Self::new(Kind::Forbidden, "MANAGER_PAYS_OUT", zh, en)
    }
}

/// How much whoever asks can pay out now of a customer's wallet, in which so much is cash.
pub(super) async fn payable(sql: &mut impl Sql, cx: &Cx, customer: &Customer, cash: Fen) -> Result<Fen> {
    if !customer.unproven || cx.user()?.role.may(LATER) {
        return Ok(cash);
    }
    let (now, wallet) = (cx.now(), account(customer.id));
    let played = played(sql, customer.id, now).await?;
    let moved = ledger::moved_since(sql, wallet, (EntryKind::CashRecharge, EntryKind::CashPayout), since(now)).await?;
    let moved: Vec<Fen> = moved.into_iter().map(Amount::fen).collect();
    Ok(by_the_desk(cash, played, &moved, now))
}

/// Until when somebody has played for money: until now, if ending it now would cost something. What cost nothing proves nobody there.
async fn played(sql: &mut impl Sql, customer: CustomerId, now: Timestamp) -> Result<Option<Timestamp>> {
    let live = play::live_of(sql, customer).await?;
    let costs = live.map_or(Ok(Fen::ZERO), |session| play::cost_so_far(&session, now))?;
    if costs.is_positive() { Ok(Some(now)) } else { Ok(play::last_billed(sql, customer).await?) }
}

fn since(now: Timestamp) -> Timestamp {
    now.plus_micros(-MINUTES * MINUTE)
}

/// How much of the cash in a walk-in's wallet the desk pays out without a manager: all of it while they play, and some minutes after; otherwise what has
/// come in within those minutes and not gone since, and nothing that was there before. `moved`: what cash came and went over the counter within them,
/// the first first. Pure.
fn by_the_desk(cash: Fen, played: Option<Timestamp>, moved: &[Fen], now: Timestamp) -> Fen {
    if played.is_some_and(|until| until > since(now)) {
        return cash;
    }
    let fresh = moved.iter().fold(0, |fresh: i64, moved| fresh.saturating_add(moved.fen()).max(0));
    cash.min(Fen::new(fresh))
}

#[cfg(test)]
mod tests {
    use kernel::SECOND;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_248_000_000_000);

    fn ago(micros: i64) -> Timestamp {
        NOW.plus_micros(-micros)
    }

    fn by(cash: i64, played: Option<Timestamp>, moved: &[i64]) -> i64 {
        let moved: Vec<Fen> = moved.iter().copied().map(Fen::new).collect();
        by_the_desk(Fen::new(cash), played, &moved, NOW).fen()
    }

    #[test]
    fn v4_1_what_a_walk_in_has_left_is_the_desks_to_pay_out_for_a_quarter_of_an_hour() {
        let after = |micros: i64| by(3_700, Some(ago(micros)), &[]);
        assert_eq!([after(0), after(15 * MINUTE - SECOND), after(15 * MINUTE), by(3_700, None, &[])], [3_700, 3_700, 0, 0]);
        // Who has not played gets back what they have just handed over; a coin opens nothing else.
        assert_eq!([by(3_700, None, &[5_000]), by(3_700, None, &[1]), by(3_700, Some(ago(60 * MINUTE)), &[2_000])], [3_700, 1, 2_000]);
        // What went after it is gone, and what went before it is nothing to it.
        assert_eq!([by(3_700, None, &[2_000, -1_500]), by(3_700, None, &[-900, 2_000]), by(3_700, None, &[-900])], [500, 2_000, 0]);
    }

    proptest! {
        #[test]
        fn v4_1_nobody_pays_out_more_than_is_there_nor_without_a_manager_what_lay_there(
            cash in 0..1_000_000_i64, played in prop::option::of(0..120 * MINUTE), moved in prop::collection::vec(-100_000..100_000_i64, 0..6),
        ) {
            let paid = by(cash, played.map(ago), &moved);
            prop_assert!((0..=cash).contains(&paid));
            if played.is_some_and(|micros| micros < MINUTES * MINUTE) {
                prop_assert_eq!(paid, cash);
            } else {
                // All that came; and of what came last, what has not gone since.
                prop_assert!(paid <= moved.iter().filter(|moved| **moved > 0).sum::<i64>());
                prop_assert!(moved.last().is_none_or(|last| paid >= cash.min(*last)));
            }
        }
    }
}
