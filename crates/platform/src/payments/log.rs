//! What networks were asked about an order, and what they said, each time: only ever added to. What they tell by themselves is kept as notices.
//!
//! A network is asked about one payment again and again. What it says in the same words as the last time is not written again: the first line says
//! since when it is so.

use kernel::{Fen, Timestamp, Word as _, text};
use serde::Serialize;
use store::{Row, Sql, args};
use uuid::Uuid;

use super::channel::{ChannelError, Handed, RefundStanding, Standing};
use super::model::{Attempt, AttemptId, OrderId, Problem, Refund};
use super::rows::{read_problem, stored};
use crate::{Cx, Result};

kernel::words! {
    pub enum PayCall {
        Place = "place",
        Query = "query",
        Close = "close",
        Refund = "refund",
        RefundQuery = "refund_query",
    }
}

kernel::words! {
    pub enum PaySaid {
        /// It is placed, closed, or sent back.
        Done = "done",
        Paid = "paid",
        /// Not paid yet.
        Waiting = "waiting",
        Closed = "closed",
        /// Nothing is known of it.
        Unknown = "unknown",
        /// On its way back.
        Pending = "pending",
        Refused = "refused",
        /// No answer, or none that can be believed.
        Unclear = "unclear",
    }
}

/// What is kept of a number of a network's.
const LONGEST: usize = 300;
/// What is shown of an order: the last.
const SHOWN: i64 = 200;

/// The payment, or the refund, that a network was asked about.
pub(super) struct About {
    order: OrderId,
    attempt: AttemptId,
    subject: Uuid,
}

impl From<&Attempt> for About {
    fn from(attempt: &Attempt) -> Self {
        Self { order: attempt.order, attempt: attempt.id, subject: attempt.id.uuid() }
    }
}

impl From<&Refund> for About {
    fn from(refund: &Refund) -> Self {
        Self { order: refund.order, attempt: refund.attempt, subject: refund.id.uuid() }
    }
}

type Answer<T> = std::result::Result<T, ChannelError>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    call: PayCall,
    said: PaySaid,
    /// The network's.
    channel_no: Option<String>,
    amount: Option<Fen>,
    /// Why not.
    problem: Option<Problem>,
}

impl Line {
    const fn new(call: PayCall, said: PaySaid) -> Self {
        Self { call, said, channel_no: None, amount: None, problem: None }
    }

    fn numbered(self, channel_no: &str) -> Self {
        Self { channel_no: Some(text::quoted(channel_no, LONGEST)), ..self }
    }

    fn failed(call: PayCall, error: &ChannelError) -> Self {
        let said = match error {
            ChannelError::Unclear(_) => PaySaid::Unclear,
            ChannelError::Refused { .. } | ChannelError::NotAsked(_) => PaySaid::Refused,
        };
        Self { problem: Some(error.problem()), ..Self::new(call, said) }
    }

    pub(super) fn placed(answer: &Answer<Handed>) -> Self {
        match answer {
            Ok(_) => Self::new(PayCall::Place, PaySaid::Done),
            Err(error) => Self::failed(PayCall::Place, error),
        }
    }

    pub(super) fn queried(answer: &Answer<Standing>) -> Self {
        let call = PayCall::Query;
        match answer {
            Ok(Standing::Paid(paid)) => Self { amount: Some(paid.amount), ..Self::new(call, PaySaid::Paid).numbered(&paid.channel_no) },
            Ok(Standing::Waiting) => Self::new(call, PaySaid::Waiting),
            Ok(Standing::Closed) => Self::new(call, PaySaid::Closed),
            Ok(Standing::Unknown) => Self::new(call, PaySaid::Unknown),
            Err(error) => Self::failed(call, error),
        }
    }

    pub(super) fn closed(answer: &Answer<()>) -> Self {
        match answer {
            Ok(()) => Self::new(PayCall::Close, PaySaid::Done),
            Err(error) => Self::failed(PayCall::Close, error),
        }
    }

    pub(super) fn refunded(call: PayCall, answer: &Answer<RefundStanding>) -> Self {
        match answer {
            Ok(RefundStanding::Done { channel_no }) => Self::new(call, PaySaid::Done).numbered(channel_no),
            Ok(RefundStanding::Pending) => Self::new(call, PaySaid::Pending),
            Ok(RefundStanding::Unknown) => Self::new(call, PaySaid::Unknown),
            Ok(RefundStanding::Failed(why)) => Self { problem: Some(why.clone()), ..Self::new(call, PaySaid::Refused) },
            Err(error) => Self::failed(call, error),
        }
    }

    /// Whether it says something that the last line about the same call does not. Refusals of a refund are counted: each is written.
    fn is_news(&self, last: Option<&Self>) -> bool {
        (self.call == PayCall::Refund && self.said == PaySaid::Refused) || last != Some(self)
    }
}

/// Adds a line, in a transaction of its own: whatever follows from it, it was said. Waits for nobody who holds the order.
pub(super) async fn add(cx: &Cx, about: impl Into<About>, line: Line) -> Result<()> {
    let about: About = about.into();
    let query =
        "SELECT said, channel_no, amount, problem, problem_said FROM pay_log WHERE subject = $1 AND call = $2 ORDER BY id DESC LIMIT 1";
    let read = |row: &Row| read_line(row, line.call);
    let last = cx.db.read().opt(query, args![about.subject, line.call.as_str()], read).await?;
    if !line.is_news(last.as_ref()) {
        return Ok(());
    }
    let mut tx = cx.db.begin().await?;
    let sql = "INSERT INTO pay_log (id, order_id, attempt_id, subject, at, call, said, channel_no, amount, problem, problem_said) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let id = cx.random.uuid_v7(cx.now());
    let (call, said) = (line.call.as_str(), line.said.as_str());
    let (problem, words) = stored(line.problem.as_ref());
    let values =
        args![id, about.order, about.attempt, about.subject, cx.now(), call, said, line.channel_no.as_deref(), line.amount, problem, words];
    tx.exec(sql, values).await?;
    Ok(tx.commit().await?)
}

fn read_line(row: &Row, call: PayCall) -> store::Result<Line> {
    Ok(Line { call, said: row.word("said")?, channel_no: row.get("channel_no")?, amount: row.get("amount")?, problem: read_problem(row)? })
}

/// What a network was asked, and what it said.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PayLogLine)]
pub struct LogRow {
    /// Of the payment or the refund, as the network knows it.
    pub number: String,
    pub at: Timestamp,
    pub call: PayCall,
    pub said: PaySaid,
    /// The network's own number.
    pub channel_no: Option<String>,
    /// What was paid, as the network says.
    pub amount_fen: Option<Fen>,
    /// Why not.
    pub problem: Option<Problem>,
}

/// Of an order, oldest first.
pub(super) async fn of_order(sql: &mut impl Sql, order: OrderId) -> Result<Vec<LogRow>> {
    let query = "SELECT subject, at, call, said, channel_no, amount, problem, problem_said FROM pay_log WHERE order_id = $1 ORDER BY id DESC LIMIT $2";
    let read = |row: &Row| {
        let Line { call, said, channel_no, amount, problem } = read_line(row, row.word("call")?)?;
        let number = row.get::<Uuid>("subject")?.simple().to_string();
        Ok(LogRow { number, at: row.get("at")?, call, said, channel_no, amount_fen: amount, problem })
    };
    let mut lines = sql.all(query, args![order, SHOWN], read).await?;
    lines.reverse();
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::channel::Paid;
    use crate::payments::model::PayProblemCode;

    #[test]
    fn k12_1_what_is_said_again_in_the_same_words_is_no_news_but_each_refusal_of_a_refund_is() {
        let unclear = || ChannelError::Unclear(Problem::saying(PayProblemCode::InTrouble, "HTTP 503"));
        let refused = |code: &str| ChannelError::Refused { code: code.into(), message: "no".into(), signed: true };
        let waiting = Line::queried(&Ok(Standing::Waiting));
        assert!(waiting.is_news(None) && !waiting.is_news(Some(&waiting)));
        assert!(Line::queried(&Err(unclear())).is_news(Some(&waiting)));
        assert!(!Line::closed(&Err(refused("A"))).is_news(Some(&Line::closed(&Err(refused("A"))))));
        assert!(Line::closed(&Err(refused("B"))).is_news(Some(&Line::closed(&Err(refused("A"))))));
        let no = Line::refunded(PayCall::Refund, &Err(refused("A")));
        assert!(no.is_news(Some(&no)));
        let failed = Line::refunded(PayCall::Refund, &Ok(RefundStanding::Failed(PayProblemCode::Failed.into())));
        assert_eq!((failed.said, failed.is_news(Some(&failed))), (PaySaid::Refused, true));
        let silent = Line::refunded(PayCall::Refund, &Err(unclear()));
        assert!(!silent.is_news(Some(&silent)));
    }

    #[test]
    fn k12_1_what_was_paid_is_written_down_with_the_networks_number_which_is_not_endless() {
        let paid = |channel_no: String| {
            let paid = Paid { number: "n".into(), channel_no, amount: Fen::new(5_000), payer: None, at: Timestamp::from_unix(5) };
            Line::queried(&Ok(Standing::Paid(paid)))
        };
        let line = paid("4200".into());
        assert_eq!((line.said, line.channel_no.as_deref(), line.amount), (PaySaid::Paid, Some("4200"), Some(Fen::new(5_000))));
        assert_eq!(paid("长".repeat(10_000)).channel_no.map(|text| text.chars().count()), Some(LONGEST));
        assert!(paid("4201".into()).is_news(Some(&line)));
    }
}
