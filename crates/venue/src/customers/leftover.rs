//! What a walk-in 散客 leaves behind, and whoever else has shown nobody who they are: money of a customer of whom nothing but a number is known, their own
//! or a phone's that was said at a desk, and who can be asked nothing once they have gone.
//!
//! While they are there, whoever serves at the desk pays out what they have handed over since they came. Later, and of what lay there before, nobody but
//! who serves there would know: then it takes somebody who manages the hall, and who sees in its cash what each has paid out to walk-ins
//! ([`crate::cash`]).
//!
//! **Invariant**: at a desk alone no more is paid out than was handed over in one visit 一次到店, less what that visit cost. So neither a coin nor a table
//! that is opened for a minute opens what lay there before.

use kernel::{Fault, Fen, Kind, MINUTE, Timestamp};
use platform::identity::Permission;
use platform::ledger::{self, EntryKind, RecentLine};
use platform::{Cx, Result};
use store::Sql;

use super::model::Customer;
use super::wallet::account;
use crate::told::yuan;

/// For so long after anything has moved in their wallet they are taken to be there: cash, or the end of play.
const MINUTES: i64 = 15;
/// More than one visit writes. Of a longer one the last of it counts, which is never more.
const MOST_LINES: i64 = 1_000;

/// What paying it out takes later: what shows somebody the cash of everybody in a hall. Who holds that looks at who pays out more than others, and so
/// may do it. `TablesOperate`, which cashiers do not have either, is for helping who is there, and says nothing of whose work it is to count.
const LATER: Permission = Permission::VenuesManage;

/// They have gone, or it lay there before they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NeedsManager {
    /// As much as whoever asks may.
    pub payable: Fen,
}

impl From<NeedsManager> for Fault {
    fn from(NeedsManager { payable }: NeedsManager) -> Self {
        let (mut zh, mut en) = (
            format!(
                "这位顾客没有验证过的手机号或微信：前台只能付还本次到店交来而未用完的现金；账户 {MINUTES} 分钟没有变动后，或者是以前留下的余款，由门店管理人员付还，或由顾客登录后再付"
            ),
            format!(
                "This customer has no phone or WeChat that was verified: the desk pays out what is left of the cash of this visit. What lay there before, \
                 or after {MINUTES} minutes in which nothing moved, is paid out by somebody who manages the hall, or once they have signed in"
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
    let lines = ledger::recent(sql, account(customer.id), MOST_LINES).await?;
    Ok(cash.min(handed_over(visit(&lines, cx.now()))))
}

/// The lines of the visit that lasts now, of all lines, the newest first: between two of one visit no more than some minutes go by, unless something
/// is held meanwhile, as it is while they play. Pure.
fn visit(lines: &[RecentLine], now: Timestamp) -> &[RecentLine] {
    let mut next = now;
    let of_visit = lines.iter().take_while(|line| {
        let still_there = line.held_after.fen().is_positive() || next.micros() - line.at.micros() < MINUTES * MINUTE;
        next = line.at;
        still_there
    });
    &lines[..of_visit.count()]
}

/// What is left of the cash that came by these lines, the newest first: all that went since is taken to have gone from it. Pure.
fn handed_over(lines: &[RecentLine]) -> Fen {
    let left = lines.iter().rev().fold(0_i64, |left, line| match line.delta.fen().fen() {
        delta if delta < 0 || line.kind == EntryKind::CashRecharge => left.saturating_add(delta).max(0),
        _ => left,
    });
    Fen::new(left)
}

#[cfg(test)]
mod tests {
    use kernel::SECOND;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_248_000_000_000);
    const CASH: EntryKind = EntryKind::CashRecharge;

    fn line(minutes_ago: i64, kind: EntryKind, delta: i64, held_after: i64) -> RecentLine {
        let at = NOW.plus_micros(-minutes_ago * MINUTE);
        RecentLine { at, kind, delta: Fen::new(delta).into(), held_after: Fen::new(held_after).into() }
    }

    /// Of lines that are told in the order in which they were written.
    fn left(lines: &[RecentLine], now: Timestamp) -> i64 {
        let newest_first: Vec<_> = lines.iter().rev().copied().collect();
        handed_over(visit(&newest_first, now)).fen()
    }

    #[test]
    fn v4_1_what_a_walk_in_has_left_is_the_desks_to_pay_out_for_a_quarter_of_an_hour() {
        let (held, played) = (line(90, EntryKind::Play, 0, 3_600), line(0, EntryKind::Play, -1_800, 0));
        let after = |micros: i64| left(&[line(90, CASH, 5_000, 0), held, played], NOW.plus_micros(micros));
        assert_eq!([after(0), after(15 * MINUTE - SECOND), after(15 * MINUTE)], [3_200, 3_200, 0]);
        // While they play, however long.
        assert_eq!(left(&[line(600, CASH, 5_000, 0), line(600, EntryKind::Play, 0, 3_600)], NOW), 5_000);
        // What was let go as a light had failed is theirs again, and they are there.
        let let_go = line(1, EntryKind::Play, 0, 0);
        assert_eq!(left(&[line(60, CASH, 5_000, 0), line(60, EntryKind::Play, 0, 3_600), let_go], NOW), 5_000);
    }

    #[test]
    fn v4_1_what_lay_there_before_a_visit_is_a_managers_to_pay_out() {
        let before = [line(200, CASH, 3_000, 0)];
        let and = |more: &[RecentLine]| left(&[&before[..], more].concat(), NOW);
        assert_eq!((and(&[]), and(&[line(1, CASH, 100, 0)])), (0, 100), "a coin brings nothing back");
        assert_eq!(and(&[line(9, EntryKind::Play, 0, 60), line(8, EntryKind::Play, -60, 0)]), 0, "nor does a minute that is played");
        // It goes from what was handed over, and never from what was there before.
        let paid = [line(9, CASH, 2_000, 0), line(5, EntryKind::CashPayout, -1_500, 0)];
        assert_eq!((and(&paid), and(&[paid[1], paid[0]])), (500, 2_000));
        assert_eq!(and(&[line(3, EntryKind::GivenBack, 900, 0), line(2, EntryKind::Gift, 900, 0)]), 0, "nobody has handed it over");
    }

    proptest! {
        #[test]
        fn v4_1_no_more_is_paid_out_at_a_desk_than_was_handed_over_nor_less_the_longer_it_is_looked_back(
            lines in prop::collection::vec((0..30_i64, any::<bool>(), -5_000..5_000_i64, 0..2_i64), 0..8),
        ) {
            let mut ago = lines.iter().map(|line| line.0).sum::<i64>();
            let lines: Vec<_> = lines.into_iter().map(|(gap, cash, delta, held)| {
                ago -= gap;
                line(ago, if cash { CASH } else { EntryKind::Payment }, delta, held)
            }).collect();
            let all = left(&lines, NOW);
            let handed: i64 = lines.iter().filter(|line| line.kind == CASH).map(|line| line.delta.fen().fen().max(0)).sum();
            prop_assert!((0..=handed).contains(&all));
            for skipped in 0..lines.len() {
                prop_assert!(left(&lines[skipped..], NOW) <= all);
            }
        }
    }
}
