//! The network's bill of a day against ours.

mod missing;
mod returned;

use std::collections::BTreeMap;

use kernel::{Fen, HOUR, Timestamp, Word};
use store::jobs::{JobKind, Outcome};
use store::{Sql, Tx, args};

use super::channel::{BillLine, ChannelError};
use super::log::{self, Line as LogLine};
use super::merchants::{self, Account};
use super::model::{AttemptId, PayProblemCode, RefundEntity, RefundId, from_number, number};
use super::settle::settle;
use super::{channel, people, rows, watch};
use crate::{Cx, Result};
use missing::NotCompared;

pub const RECONCILE: JobKind = JobKind::new("pay.reconcile");

/// Networks' days are Beijing's.
const ZONE: &str = "Asia/Shanghai";
/// Bills of yesterday are there from ten o'clock on.
const READY_HOUR: i64 = 10;
const DAY_SECONDS: i64 = 86_400;
/// A day that was missed is compared later: so many days long, where the server was down or a network away.
pub(super) const DAYS_BACK: i64 = 14;
/// What we heard of so shortly before midnight may be the next day's by the network's clock: it is looked for in that day's bill.
pub(super) const NEAR: i64 = HOUR;
/// From this age on a day without a bill has none: until then the bill may be late.
const SURELY_EMPTY: i64 = 2;

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

/// A day in Beijing whose bill is there to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Day {
    /// 2026-11-28
    pub name: String,
    pub from: Timestamp,
    pub to: Timestamp,
    /// How many days ago: yesterday is 1.
    pub age: i64,
}

/// The days to be compared, oldest first: yesterday in any case, and of those before it the ones since the first payment. What lies before
/// that is no concern of ours: the merchant may be older than we are.
pub(super) fn days_to_compare(now: Timestamp, first: Option<Timestamp>) -> Vec<Day> {
    // Beijing has had no summer time since 1991.
    let local = now.unix() + 8 * 3_600;
    if local.rem_euclid(DAY_SECONDS) < READY_HOUR * 3_600 {
        return Vec::new();
    }
    let today = local.div_euclid(DAY_SECONDS) * DAY_SECONDS - 8 * 3_600;
    let days = (1..=DAYS_BACK).rev().filter_map(|age| {
        let from = Timestamp::from_unix(today - age * DAY_SECONDS);
        let to = from.plus_seconds(DAY_SECONDS);
        let name = from.in_zone(ZONE)?.chars().take(10).collect();
        (age == 1 || first.is_some_and(|first| first < to)).then_some(Day { name, from, to, age })
    });
    days.collect()
}

/// Whether a bill that has nothing in it, or is not there, may still be on its way: it ought to have what we have.
pub(super) fn may_be_late(bill: &[BillLine], ours: &BTreeMap<Line, Fen>, age: i64) -> bool {
    bill.is_empty() && !ours.is_empty() && age < SURELY_EMPTY
}

pub(super) async fn reconcile_job(cx: Cx) -> Outcome {
    match reconcile(&cx).await {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// Compares of each of our accounts at the networks the days that were not compared yet, also of those that we had before others. A network that does
/// not answer keeps no other waiting, and is no fault of ours: its day is asked for again the next time, and people are told when it is missing.
async fn reconcile(cx: &Cx) -> Result<()> {
    let mut outcome = Ok(());
    for of in merchants::accounts(&mut cx.db.read()).await? {
        let first = of.first_paid(&mut cx.db.read()).await?;
        let mut missing = Vec::new();
        for day in days_to_compare(cx.now(), first) {
            if let Err(why) = compare_day(cx, &of, &day).await {
                tracing::warn!(channel = %of.kind, account = %of.number, day = %day.name, %why, "a network's bill could not be compared");
                if day.age >= missing::MISSING {
                    missing.push((day.name, why.problem()));
                }
                if let NotCompared::Ours(fault) = why {
                    outcome = Err(fault);
                }
            }
        }
        missing::keep(cx, &of, &missing).await?;
    }
    outcome
}

async fn compare_day(cx: &Cx, of: &Account, day: &Day) -> std::result::Result<(), NotCompared> {
    let sql = "SELECT 1 AS one FROM pay_days WHERE channel = $1 AND account = $2 AND day = $3";
    let known = cx.db.read().opt(sql, args![of.kind.as_str(), of.number.as_str(), day.name.as_str()], |_| Ok(())).await?.is_some();
    if known || !of.concerns(&mut cx.db.read(), day).await? {
        return Ok(());
    }
    let bill = of.channel(cx)?.bill(&day.name).await.map_err(NotCompared::NoBill)?;
    heal(cx, of, &bill).await?;
    let denied = returned::hear_of(cx, of, &bill).await?;
    let theirs = bill.iter().map(|line| ((line.number.clone(), line.refund_number.clone()), line.amount)).collect();
    let mut found = refunds_of(&mut cx.db.read(), of, &bill).await?;
    found.retain(|one| !denied.contains(&one.id));
    let mut ours = ours(&mut cx.db.read(), of, day).await?;
    ours.extend(found.iter().map(|one| (one.line.clone(), one.amount)));
    if may_be_late(&bill, &ours, day.age) {
        return Err(NotCompared::NoBill(ChannelError::Unclear(PayProblemCode::NoBill.into())));
    }
    let mut tx = cx.db.begin().await?;
    for one in &found {
        tx.exec("UPDATE pay_refunds SET billed_on = $1 WHERE id = $2", args![day.name.as_str(), one.id]).await?;
    }
    store_day(&mut tx, cx, of, &day.name, &bill, &compare(&ours, &theirs)).await?;
    Ok(tx.commit().await?)
}

/// Of attempts: those that are paid into this account. What is only frozen is in no bill.
const INTO: &str = "a.channel = $1 AND a.merchant_id IN (SELECT m.id FROM pay_merchants m WHERE m.channel = $1 AND m.account = $2)";

/// A refund of ours that a bill has.
struct Billed {
    id: RefundId,
    line: Line,
    amount: Fen,
}

/// Those refunds of a bill that are ours, whenever we have heard of them: the network's day is that on which it was made, and its answer may have
/// been lost, or have come after midnight. Those too that are not made by our books, for another amount stands in the bill.
async fn refunds_of(sql: &mut impl Sql, of: &Account, bill: &[BillLine]) -> Result<Vec<Billed>> {
    let query = format!(
        "SELECT r.attempt_id, r.amount FROM pay_refunds r JOIN pay_attempts a ON a.id = r.attempt_id \
         WHERE {INTO} AND r.id = $3 AND r.state IN ('asked', 'stuck', 'done')"
    );
    let mut found = Vec::new();
    for line in bill {
        let Some(id) = line.refund_number.as_deref().and_then(from_number::<RefundEntity>) else { continue };
        let read = |row: &store::Row| Ok((number(row.get::<AttemptId>("attempt_id")?), row.get::<Fen>("amount")?));
        if let Some((attempt, amount)) = sql.opt(&query, args![of.kind.as_str(), of.number.as_str(), id], read).await? {
            found.push(Billed { id, line: (attempt, Some(number(id))), amount });
        }
    }
    Ok(found)
}

/// A payment of ours that the network has and we have not taken yet is taken now, as its notice would have been.
async fn heal(cx: &Cx, of: &Account, bill: &[BillLine]) -> Result<()> {
    for line in bill.iter().filter(|line| line.refund_number.is_none()) {
        let Some(id) = from_number::<super::model::AttemptEntity>(&line.number) else { continue };
        let Some(attempt) = rows::attempt(&mut cx.db.read(), id).await?.filter(|attempt| attempt.paid_at.is_none()) else { continue };
        // Who is paid there may use any number. Of one that was placed with another merchant of ours it says nothing.
        if !of.is_of(&mut cx.db.read(), attempt.merchant).await? {
            continue;
        }
        let answer = merchants::channel(cx, &attempt).await?.query(&line.number).await;
        log::add(cx, &attempt, LogLine::queried(&answer)).await?;
        match answer {
            Ok(channel::Standing::Paid(paid)) => {
                let arrived = settle(cx, attempt.id, &paid).await?;
                tracing::warn!(attempt = %attempt.id, %arrived, "a payment was found in the bill alone");
            }
            Ok(_) => {
                let mut tx = cx.db.begin().await?;
                watch::note(&mut tx, cx, attempt.id, &PayProblemCode::BillOnly.into()).await?;
                tx.commit().await?;
            }
            Err(why) => tracing::warn!(attempt = %attempt.id, %why, "a payment of the bill could not be looked up"),
        }
    }
    Ok(())
}

/// What a day's bill has to have: what was taken on it, by the network's clock, and what we have heard of as given back until then and no bill has had.
async fn ours(sql: &mut impl Sql, of: &Account, day: &Day) -> Result<BTreeMap<Line, Fen>> {
    let (kind, account) = (of.kind.as_str(), of.number.as_str());
    let query = format!(
        "SELECT a.id, o.amount FROM pay_attempts a JOIN pay_orders o ON o.id = a.order_id \
         WHERE {INTO} AND a.paid_at >= $3 AND a.paid_at < $4 ORDER BY a.id"
    );
    let paid = sql.all(&query, args![kind, account, day.from, day.to], |row| {
        let id: AttemptId = row.get("id")?;
        Ok(((number(id), None), row.get::<Fen>("amount")?))
    });
    let mut lines: BTreeMap<Line, Fen> = paid.await?.into_iter().collect();
    let query = format!(
        "SELECT r.id, r.attempt_id, r.amount FROM pay_refunds r JOIN pay_attempts a ON a.id = r.attempt_id \
         WHERE {INTO} AND r.state = 'done' AND r.billed_on IS NULL AND r.settled_at >= $3 AND r.settled_at < $4 ORDER BY r.id"
    );
    let (from, to) = (day.from.plus_micros(-NEAR), day.to.plus_micros(-NEAR));
    let refunded = sql.all(&query, args![kind, account, from, to], |row| {
        let (id, attempt): (RefundId, AttemptId) = (row.get("id")?, row.get("attempt_id")?);
        Ok(((number(attempt), Some(number(id))), row.get::<Fen>("amount")?))
    });
    lines.extend(refunded.await?);
    Ok(lines)
}

async fn store_day(tx: &mut Tx, cx: &Cx, of: &Account, day: &str, bill: &[BillLine], differences: &[Difference]) -> Result<()> {
    let sum = |refunds: bool| bill.iter().filter(|line| line.refund_number.is_some() == refunds).map(|line| line.amount.fen()).sum::<i64>();
    let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
    let (channel, account) = (of.kind.as_str(), of.number.as_str());
    let sql = "INSERT INTO pay_days (channel, account, day, lines, paid, refunded, differences, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
               ON CONFLICT DO NOTHING";
    let values = args![channel, account, day, count(bill.len()), sum(false), sum(true), count(differences.len()), cx.now()];
    if tx.exec(sql, values).await? == 0 {
        return Ok(());
    }
    for one in differences {
        let sql = "INSERT INTO pay_differences (id, channel, account, day, kind, number, refund_number, ours, theirs, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let id = cx.random.uuid_v7(cx.now());
        let (what, number, refund) = (one.kind.as_str(), one.line.0.as_str(), one.line.1.as_deref());
        tx.exec(sql, args![id, channel, account, day, what, number, refund, one.ours, one.theirs, cx.now()]).await?;
    }
    if !differences.is_empty() {
        people::day(tx, cx, of, day, differences.len()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
