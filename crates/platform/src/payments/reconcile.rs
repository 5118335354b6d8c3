//! The network's bill of a day against ours.

use std::collections::BTreeMap;

use kernel::{Fen, Timestamp, Word};
use store::jobs::{JobKind, Outcome};
use store::{Sql, Tx, args};

use super::channel::{BillLine, Channel, ChannelKind};
use super::model::{AttemptId, RefundId, from_number, number};
use super::settle::settle;
use super::{channel, merchants, rows, watch};
use crate::{Cx, Result};

pub const RECONCILE: JobKind = JobKind::new("pay.reconcile");

/// Networks' days are Beijing's.
const ZONE: &str = "Asia/Shanghai";
/// Bills of yesterday are there from ten o'clock on.
const READY_HOUR: i64 = 10;
const DAY_SECONDS: i64 = 86_400;

kernel::words! {
    pub enum DifferenceKind {
        /// The network has it, and we do not.
        NotHere = "not_here",
        /// We have it, and the network does not.
        NotThere = "not_there",
        Amount = "amount",
    }
}

/// A payment or a refund, whoever says so.
pub(super) type Line = (String, Option<String>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub kind: DifferenceKind,
    pub line: Line,
    pub ours: Option<Fen>,
    pub theirs: Option<Fen>,
}

/// What does not agree, in the order of the numbers.
pub(super) fn compare(ours: &BTreeMap<Line, Fen>, theirs: &BTreeMap<Line, Fen>) -> Vec<Difference> {
    let mut lines: Vec<&Line> = ours.keys().chain(theirs.keys()).collect();
    lines.sort_unstable();
    lines.dedup();
    let differences = lines.into_iter().filter_map(|line| {
        let (here, there) = (ours.get(line).copied(), theirs.get(line).copied());
        let kind = match (here, there) {
            (Some(here), Some(there)) if here == there => return None,
            (Some(_), Some(_)) => DifferenceKind::Amount,
            (Some(_), None) => DifferenceKind::NotThere,
            (None, _) => DifferenceKind::NotHere,
        };
        Some(Difference { kind, line: line.clone(), ours: here, theirs: there })
    });
    differences.collect()
}

/// The day in Beijing whose bill is there to be had, and its first and last moment.
pub(super) fn day_to_compare(now: Timestamp) -> Option<(String, Timestamp, Timestamp)> {
    // Beijing has had no summer time since 1991.
    let local = now.unix() + 8 * 3_600;
    if local.rem_euclid(DAY_SECONDS) < READY_HOUR * 3_600 {
        return None;
    }
    let start = local.div_euclid(DAY_SECONDS) * DAY_SECONDS - DAY_SECONDS - 8 * 3_600;
    let start = Timestamp::from_unix(start);
    let day = start.in_zone(ZONE)?.chars().take(10).collect();
    Some((day, start, start.plus_seconds(DAY_SECONDS)))
}

pub(super) async fn reconcile_job(cx: Cx) -> Outcome {
    match reconcile(&cx).await {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// Compares yesterday with each network, unless that was done. One that does not answer keeps no other waiting.
async fn reconcile(cx: &Cx) -> Result<()> {
    let Some((day, from, to)) = day_to_compare(cx.now()) else { return Ok(()) };
    let mut outcome = Ok(());
    // What is only frozen is in no bill.
    let known = merchants::known(&mut cx.db.read()).await?.into_iter().filter(|kind| *kind != ChannelKind::AlipayFreeze);
    for kind in known {
        if let Err(fault) = compare_day(cx, kind, &day, from, to).await {
            tracing::warn!(channel = %kind, %day, %fault, "a network's bill could not be compared");
            outcome = Err(fault);
        }
    }
    outcome
}

async fn compare_day(cx: &Cx, kind: ChannelKind, day: &str, from: Timestamp, to: Timestamp) -> Result<()> {
    let sql = "SELECT 1 AS one FROM pay_days WHERE channel = $1 AND day = $2";
    if cx.db.read().opt(sql, args![kind.as_str(), day], |_| Ok(())).await?.is_some() {
        return Ok(());
    }
    let channel = merchants::channel(cx, kind).await?;
    let bill = channel.bill(day).await.map_err(|error| kernel::Fault::unavailable(error.to_string()))?;
    heal(cx, channel.as_ref(), &bill).await?;
    let theirs = bill.iter().map(|line| ((line.number.clone(), line.refund_number.clone()), line.amount)).collect();
    let ours = ours(&mut cx.db.read(), kind, from, to).await?;
    let mut tx = cx.db.begin().await?;
    store_day(&mut tx, cx, kind, day, &bill, &compare(&ours, &theirs)).await?;
    Ok(tx.commit().await?)
}

/// A payment of ours that the network has and we have not taken yet is taken now, as its notice would have been.
async fn heal(cx: &Cx, channel: &dyn Channel, bill: &[BillLine]) -> Result<()> {
    for line in bill.iter().filter(|line| line.refund_number.is_none()) {
        let Some(id) = from_number::<super::model::AttemptEntity>(&line.number) else { continue };
        let Some(attempt) = rows::attempt(&mut cx.db.read(), id).await?.filter(|attempt| attempt.paid_at.is_none()) else { continue };
        match channel.query(&line.number).await {
            Ok(channel::Standing::Paid(paid)) => {
                let arrived = settle(cx, attempt.id, &paid).await?;
                tracing::warn!(attempt = %attempt.id, %arrived, "a payment was found in the bill alone");
            }
            Ok(_) => {
                let mut tx = cx.db.begin().await?;
                watch::note(&mut tx, attempt.id, "in the network's bill, and unpaid by its answer").await?;
                tx.commit().await?;
            }
            Err(why) => tracing::warn!(attempt = %attempt.id, %why, "a payment of the bill could not be looked up"),
        }
    }
    Ok(())
}

/// What we have taken and given back in this time, by the networks' clocks where they say when.
async fn ours(sql: &mut impl Sql, kind: ChannelKind, from: Timestamp, to: Timestamp) -> Result<BTreeMap<Line, Fen>> {
    let query = "SELECT a.id, o.amount FROM pay_attempts a JOIN pay_orders o ON o.id = a.order_id WHERE a.channel = $1 AND a.paid_at >= $2 AND a.paid_at < $3 ORDER BY a.id";
    let paid = sql.all(query, args![kind.as_str(), from, to], |row| {
        let id: AttemptId = row.get("id")?;
        Ok(((number(id), None), row.get::<Fen>("amount")?))
    });
    let mut lines: BTreeMap<Line, Fen> = paid.await?.into_iter().collect();
    let query = "SELECT r.id, r.attempt_id, r.amount FROM pay_refunds r JOIN pay_attempts a ON a.id = r.attempt_id \
                 WHERE a.channel = $1 AND r.state = 'done' AND r.settled_at >= $2 AND r.settled_at < $3 ORDER BY r.id";
    let refunded = sql.all(query, args![kind.as_str(), from, to], |row| {
        let (id, attempt): (RefundId, AttemptId) = (row.get("id")?, row.get("attempt_id")?);
        Ok(((number(attempt), Some(number(id))), row.get::<Fen>("amount")?))
    });
    lines.extend(refunded.await?);
    Ok(lines)
}

async fn store_day(tx: &mut Tx, cx: &Cx, kind: ChannelKind, day: &str, bill: &[BillLine], differences: &[Difference]) -> Result<()> {
    let sum = |refunds: bool| bill.iter().filter(|line| line.refund_number.is_some() == refunds).map(|line| line.amount.fen()).sum::<i64>();
    let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
    let sql = "INSERT INTO pay_days (channel, day, lines, paid, refunded, differences, at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let values = args![kind.as_str(), day, count(bill.len()), sum(false), sum(true), count(differences.len()), cx.now()];
    if tx.exec(sql, values).await? == 0 {
        return Ok(());
    }
    for one in differences {
        let sql = "INSERT INTO pay_differences (id, channel, day, kind, number, refund_number, ours, theirs, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let id = cx.random.uuid_v7(cx.now());
        let (kind, what) = (kind.as_str(), one.kind.as_str());
        tx.exec(sql, args![id, kind, day, what, one.line.0.as_str(), one.line.1.as_deref(), one.ours, one.theirs, cx.now()]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(of: &[(u8, i64)]) -> BTreeMap<Line, Fen> {
        of.iter().map(|(number, fen)| ((format!("{number}"), None), Fen::new(*fen))).collect()
    }

    proptest! {
        #[test]
        fn k12_1_days_differ_exactly_where_they_do(ours in proptest::collection::vec((0_u8..6, 1_i64..4), 0..6), theirs in proptest::collection::vec((0_u8..6, 1_i64..4), 0..6)) {
            let (ours, theirs) = (lines(&ours), lines(&theirs));
            let found = compare(&ours, &theirs);
            for number in 0..6 {
                let line = (format!("{number}"), None);
                let same = ours.get(&line) == theirs.get(&line);
                let told = found.iter().filter(|one| one.line == line).collect::<Vec<_>>();
                prop_assert_eq!(told.len(), usize::from(!same));
                if let Some(one) = told.first() {
                    prop_assert_eq!((one.ours, one.theirs), (ours.get(&line).copied(), theirs.get(&line).copied()));
                }
            }
            prop_assert!(compare(&ours, &ours).is_empty());
        }
    }

    #[test]
    fn k12_1_the_day_that_is_compared_is_yesterday_in_beijing_once_its_bill_is_there() {
        let at = |text: &str| day_to_compare(text.parse().unwrap());
        assert_eq!(at("2026-11-28T01:59:59Z"), None, "09:59:59 in Beijing");
        let (day, from, to) = at("2026-11-28T02:00:00Z").unwrap();
        assert_eq!(
            (day.as_str(), from.to_string(), to.to_string()),
            ("2026-11-27", "2026-11-26T16:00:00Z".into(), "2026-11-27T16:00:00Z".into())
        );
        assert_eq!(at("2026-11-28T15:59:59Z").unwrap().0, "2026-11-27");
        assert_eq!(at("2026-11-28T16:00:00Z"), None);
    }
}
