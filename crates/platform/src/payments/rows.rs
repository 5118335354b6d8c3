//! Orders and attempts in the database.

use kernel::{Fault, Timestamp, Word};
use serde::de::DeserializeOwned;
use store::{Row, Sql, Tx, args};

use super::channel::Method;
use super::model::{
    Attempt, AttemptId, AttemptState, Order, OrderId, OrderState, PayProblemCode, Problem, Purpose, Refund, RefundId, WrittenOff, between,
};
use crate::Result;
use crate::ledger::AccountId;

pub(super) const ORDER: &str = "o.id, o.wallet, o.purpose, o.detail, o.subject, o.amount, o.state, o.refunded, o.captured, \
     o.created_at, o.expires_at, o.paid_at, o.written_off_at, o.written_off_note";

pub(super) fn read_order(row: &Row) -> store::Result<Order> {
    let (at, note): (Option<Timestamp>, Option<String>) = (row.get("written_off_at")?, row.get("written_off_note")?);
    Ok(Order {
        id: row.get("id")?,
        wallet: row.get("wallet")?,
        purpose: row.word("purpose")?,
        detail: row.get("detail")?,
        subject: row.get("subject")?,
        amount: row.get("amount")?,
        state: row.word("state")?,
        refunded: row.get("refunded")?,
        captured: row.get("captured")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        paid_at: row.get("paid_at")?,
        written_off: at.zip(note).map(|(at, note)| WrittenOff { at, note }),
    })
}

/// Of an attempt.
pub(super) const PROBLEM: &str = "problem, problem_amount, problem_number, problem_said";

/// What does not fit about an attempt, with all that there is to say of it.
pub(super) fn read_attempt_problem(row: &Row) -> store::Result<Option<Problem>> {
    let (amount_fen, number) = (row.get("problem_amount")?, row.get("problem_number")?);
    Ok(read_problem(row)?.map(|problem| Problem { amount_fen, number, ..problem }))
}

/// A problem of which there is no more to say than what the network has said.
pub(super) fn read_problem(row: &Row) -> store::Result<Option<Problem>> {
    let code: Option<PayProblemCode> = row.opt_word("problem")?;
    let said: Option<String> = row.get("problem_said")?;
    Ok(code.map(|code| Problem { said, ..code.into() }))
}

/// The same, as it is stored.
pub(super) fn stored(problem: Option<&Problem>) -> (Option<&'static str>, Option<&str>) {
    (problem.map(|problem| problem.code.as_str()), problem.and_then(|problem| problem.said.as_deref()))
}

const ATTEMPT: &str = "id, order_id, merchant_id, method, state, ask, handed, channel_no, created_at, checked_at, paid_at, \
                       problem, problem_amount, problem_number, problem_said";

/// A row whose JSON is still text.
struct Stored {
    attempt: Attempt,
    ask: String,
    handed: Option<String>,
}

fn read_attempt(row: &Row) -> store::Result<Stored> {
    Ok(Stored {
        ask: row.get("ask")?,
        handed: row.get("handed")?,
        attempt: Attempt {
            id: row.get("id")?,
            order: row.get("order_id")?,
            merchant: row.get("merchant_id")?,
            method: row.word("method")?,
            state: row.word("state")?,
            ask: super::model::Asking::default(),
            handed: None,
            channel_no: row.get("channel_no")?,
            created_at: row.get("created_at")?,
            checked_at: row.get("checked_at")?,
            paid_at: row.get("paid_at")?,
            problem: read_attempt_problem(row)?,
        },
    })
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Fault::internal)
}

fn opened(stored: Stored) -> Result<Attempt> {
    let handed = stored.handed.as_deref().map(json).transpose()?;
    Ok(Attempt { ask: json(&stored.ask)?, handed, ..stored.attempt })
}

pub async fn order(sql: &mut impl Sql, id: OrderId) -> Result<Order> {
    let query = format!("SELECT {ORDER} FROM pay_orders o WHERE o.id = $1");
    sql.opt(&query, args![id], read_order).await?.ok_or_else(Fault::not_found)
}

/// Nobody else changes it, its attempts or its refunds until the transaction ends. Taken before accounts of the ledger.
pub async fn lock(tx: &mut Tx, id: OrderId) -> Result<Order> {
    let query = format!("SELECT {ORDER} FROM pay_orders o WHERE o.id = $1{}", tx.for_update());
    tx.opt(&query, args![id], read_order).await?.ok_or_else(Fault::not_found)
}

pub(super) async fn insert_order(tx: &mut Tx, order: &Order) -> Result<()> {
    let sql = "INSERT INTO pay_orders (id, wallet, purpose, detail, subject, amount, state, refunded, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = args![
        order.id,
        order.wallet,
        order.purpose.as_str(),
        order.detail.as_str(),
        order.subject.as_str(),
        order.amount,
        order.state.as_str(),
        order.refunded,
        order.created_at,
        order.expires_at
    ];
    tx.exec(sql, values).await?;
    Ok(())
}

pub(super) async fn insert_attempt(tx: &mut Tx, attempt: &Attempt) -> Result<()> {
    let sql = "INSERT INTO pay_attempts (id, order_id, channel, merchant_id, method, state, ask, created_at, checked_at, problem, problem_said) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)";
    let ask = serde_json::to_string(&attempt.ask).map_err(Fault::internal)?;
    let (channel, method, state) = (attempt.channel().as_str(), attempt.method.as_str(), attempt.state.as_str());
    let (problem, said) = stored(attempt.problem.as_ref());
    let whose = args![attempt.id, attempt.order, channel, attempt.merchant];
    tx.exec(sql, [whose, args![method, state, ask, attempt.created_at, problem, said]].concat()).await?;
    Ok(())
}

/// Of an order, oldest first: the last hundred, among which is what pays it or may. Only what was frozen is asked for that often, where the
/// network closes it again and again.
pub(super) async fn attempts(sql: &mut impl Sql, order: OrderId) -> Result<Vec<Attempt>> {
    let query =
        format!("SELECT {ATTEMPT} FROM (SELECT * FROM pay_attempts WHERE order_id = $1 ORDER BY id DESC LIMIT 100) few ORDER BY id");
    sql.all(&query, args![order], read_attempt).await?.into_iter().map(opened).collect()
}

pub(super) async fn attempt(sql: &mut impl Sql, id: AttemptId) -> Result<Option<Attempt>> {
    let query = format!("SELECT {ATTEMPT} FROM pay_attempts WHERE id = $1");
    sql.opt(&query, args![id], read_attempt).await?.map(opened).transpose()
}

/// Keeps what about it is for people to look at. False where that was known.
pub(super) async fn note(tx: &mut Tx, id: AttemptId, problem: &Problem) -> Result<bool> {
    let known = format!("SELECT {PROBLEM} FROM pay_attempts WHERE id = $1{}", tx.for_update());
    if tx.one(&known, args![id], read_attempt_problem).await?.as_ref() == Some(problem) {
        return Ok(false);
    }
    let sql = "UPDATE pay_attempts SET problem = $1, problem_amount = $2, problem_number = $3, problem_said = $4, \
               seen_at = NULL, seen_by = NULL, seen_note = NULL WHERE id = $5";
    let Problem { code, amount_fen, number, said } = problem;
    tx.exec(sql, args![code.as_str(), *amount_fen, number.as_deref(), said.as_deref(), id]).await?;
    Ok(true)
}

/// When an order was paid, by our clock. The network says when; but not before it was asked to take it, and not after it told us, for clocks
/// differ.
pub async fn paid_when(sql: &mut impl Sql, order: OrderId) -> Result<Option<Timestamp>> {
    let query = "SELECT a.created_at, a.paid_at, o.paid_at AS heard_at FROM pay_attempts a JOIN pay_orders o ON o.id = a.order_id \
                 WHERE a.order_id = $1 AND a.state = 'taken'";
    let read = |row: &Row| {
        let (asked, paid): (Timestamp, Option<Timestamp>) = (row.get("created_at")?, row.get("paid_at")?);
        let heard: Option<Timestamp> = row.get("heard_at")?;
        Ok(paid.zip(heard).map(|(paid, heard)| between(asked, paid, heard)))
    };
    Ok(sql.opt(query, args![order], read).await?.flatten())
}

/// Nothing was paid by it, and nothing will be.
pub(super) async fn close_attempt(tx: &mut Tx, id: AttemptId) -> Result<()> {
    let sql = "UPDATE pay_attempts SET state = $1 WHERE id = $2 AND state IN ('asked', 'waiting')";
    tx.exec(sql, args![AttemptState::Closed.as_str(), id]).await?;
    Ok(())
}

/// The same, for its network has refused it.
pub(super) async fn refuse_attempt(tx: &mut Tx, id: AttemptId, why: &Problem) -> Result<()> {
    let sql = "UPDATE pay_attempts SET state = $1, problem = $2, problem_amount = NULL, problem_number = NULL, problem_said = $3 \
               WHERE id = $4 AND state IN ('asked', 'waiting')";
    let (problem, said) = stored(Some(why));
    tx.exec(sql, args![AttemptState::Closed.as_str(), problem, said, id]).await?;
    Ok(())
}

/// The order ends unpaid, when nothing can pay it any more.
pub(super) async fn close_order(tx: &mut Tx, id: OrderId) -> Result<()> {
    let sql = "UPDATE pay_orders SET state = $1 WHERE id = $2 AND state = 'pending' \
               AND NOT EXISTS (SELECT 1 FROM pay_attempts a WHERE a.order_id = $2 AND a.state IN ('asked', 'waiting'))";
    tx.exec(sql, args![OrderState::Closed.as_str(), id]).await?;
    Ok(())
}

pub(super) const REFUND: &str = "r.id, r.order_id, r.attempt_id, r.amount, r.reason, r.state, r.transfer_id, r.tries, r.problem, r.problem_said, \
     r.created_at, r.asked_at, r.silent_since, r.settled_at, r.note, (SELECT a.method FROM pay_attempts a WHERE a.id = r.attempt_id) AS method";

pub(super) fn read_refund(row: &Row) -> store::Result<Refund> {
    let method: Method = row.word("method")?;
    Ok(Refund {
        id: row.get("id")?,
        order: row.get("order_id")?,
        attempt: row.get("attempt_id")?,
        amount: row.get("amount")?,
        reason: row.word("reason")?,
        state: row.word("state")?,
        transfer: row.get("transfer_id")?,
        tries: row.get("tries")?,
        problem: read_problem(row)?,
        created_at: row.get("created_at")?,
        asked_at: row.get("asked_at")?,
        silent_since: row.get("silent_since")?,
        settled_at: row.get("settled_at")?,
        note: row.get("note")?,
        channel: method.channel(),
        frozen: method == Method::Freeze,
    })
}

pub async fn refund(sql: &mut impl Sql, id: RefundId) -> Result<Option<Refund>> {
    Ok(sql.opt(&format!("SELECT {REFUND} FROM pay_refunds r WHERE r.id = $1"), args![id], read_refund).await?)
}

/// In how many parts an order `o` has gone back, or is on its way: such as a network has made, or may have.
pub(super) const PARTS: &str = "(SELECT CAST(COUNT(*) AS BIGINT) FROM pay_refunds p WHERE p.order_id = o.id AND p.reason <> 'surplus' \
     AND p.state NOT IN ('by_hand', 'kept')) AS parts";

/// The same of one order.
pub(super) async fn parts(sql: &mut impl Sql, order: OrderId) -> Result<i64> {
    Ok(sql.one(&format!("SELECT {PARTS} FROM pay_orders o WHERE o.id = $1"), args![order], |row| row.get("parts")).await?)
}

/// Of an order, oldest first.
pub(super) async fn refunds(sql: &mut impl Sql, order: OrderId) -> Result<Vec<Refund>> {
    Ok(sql
        .all(&format!("SELECT {REFUND} FROM pay_refunds r WHERE r.order_id = $1 ORDER BY r.id LIMIT 200"), args![order], read_refund)
        .await?)
}

/// Whose order, of whoever holds this wallet. What takes of what was frozen follows by itself, and is nobody's to change or to end.
pub(super) async fn own_order(sql: &mut impl Sql, wallet: AccountId, id: OrderId) -> Result<Order> {
    let found = order(sql, id).await?;
    if found.wallet == wallet && found.purpose != Purpose::Captured { Ok(found) } else { Err(Fault::not_found()) }
}
