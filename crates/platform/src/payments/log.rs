//! What networks were asked about an order, and what they said, each time: only ever added to. What they tell by themselves is kept as notices.
//!
//! A network is asked about one payment again and again. What it says in the same words as the last time is not written again: the first line says
//! since when it is so.

use kernel::{Timestamp, Word as _};
use serde::Serialize;
use store::{Row, Sql, args};
use uuid::Uuid;

use super::channel::{ChannelError, Handed, RefundStanding, Standing};
use super::model::{Attempt, AttemptId, OrderId, Refund};
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

/// What is kept of a text of a network's.
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
    /// The network's number, or why.
    detail: Option<String>,
}

impl Line {
    fn new(call: PayCall, said: PaySaid, detail: Option<&str>) -> Self {
        Self { call, said, detail: detail.map(|text| text.chars().take(LONGEST).collect()) }
    }

    fn failed(call: PayCall, error: &ChannelError) -> Self {
        let said = match error {
            ChannelError::Unclear(_) => PaySaid::Unclear,
            ChannelError::Refused { .. } => PaySaid::Refused,
        };
        Self::new(call, said, Some(&error.to_string()))
    }

    pub(super) fn placed(answer: &Answer<Handed>) -> Self {
        match answer {
            Ok(_) => Self::new(PayCall::Place, PaySaid::Done, None),
            Err(error) => Self::failed(PayCall::Place, error),
        }
    }

    pub(super) fn queried(answer: &Answer<Standing>) -> Self {
        let call = PayCall::Query;
        match answer {
            Ok(Standing::Paid(paid)) => Self::new(call, PaySaid::Paid, Some(&format!("{}: {} fen", paid.channel_no, paid.amount))),
            Ok(Standing::Waiting) => Self::new(call, PaySaid::Waiting, None),
            Ok(Standing::Closed) => Self::new(call, PaySaid::Closed, None),
            Ok(Standing::Unknown) => Self::new(call, PaySaid::Unknown, None),
            Err(error) => Self::failed(call, error),
        }
    }

    pub(super) fn closed(answer: &Answer<()>) -> Self {
        match answer {
            Ok(()) => Self::new(PayCall::Close, PaySaid::Done, None),
            Err(error) => Self::failed(PayCall::Close, error),
        }
    }

    pub(super) fn refunded(call: PayCall, answer: &Answer<RefundStanding>) -> Self {
        match answer {
            Ok(RefundStanding::Done { channel_no }) => Self::new(call, PaySaid::Done, Some(channel_no.as_str())),
            Ok(RefundStanding::Pending) => Self::new(call, PaySaid::Pending, None),
            Ok(RefundStanding::Unknown) => Self::new(call, PaySaid::Unknown, None),
            Ok(RefundStanding::Failed(why)) => Self::new(call, PaySaid::Refused, Some(why.as_str())),
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
    let query = "SELECT said, detail FROM pay_log WHERE subject = $1 AND call = $2 ORDER BY id DESC LIMIT 1";
    let read = |row: &Row| Ok(Line { call: line.call, said: row.word("said")?, detail: row.get("detail")? });
    let last = cx.db.read().opt(query, args![about.subject, line.call.as_str()], read).await?;
    if !line.is_news(last.as_ref()) {
        return Ok(());
    }
    let mut tx = cx.db.begin().await?;
    let sql = "INSERT INTO pay_log (id, order_id, attempt_id, subject, at, call, said, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let id = cx.random.uuid_v7(cx.now());
    let (call, said) = (line.call.as_str(), line.said.as_str());
    tx.exec(sql, args![id, about.order, about.attempt, about.subject, cx.now(), call, said, line.detail]).await?;
    Ok(tx.commit().await?)
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
    /// The network's own number, or why.
    pub detail: Option<String>,
}

/// Of an order, oldest first.
pub(super) async fn of_order(sql: &mut impl Sql, order: OrderId) -> Result<Vec<LogRow>> {
    let query = "SELECT subject, at, call, said, detail FROM pay_log WHERE order_id = $1 ORDER BY id DESC LIMIT $2";
    let read = |row: &Row| {
        Ok(LogRow {
            number: row.get::<Uuid>("subject")?.simple().to_string(),
            at: row.get("at")?,
            call: row.word("call")?,
            said: row.word("said")?,
            detail: row.get("detail")?,
        })
    };
    let mut lines = sql.all(query, args![order, SHOWN], read).await?;
    lines.reverse();
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_1_what_is_said_again_in_the_same_words_is_no_news_but_each_refusal_of_a_refund_is() {
        let unclear = || ChannelError::Unclear("status 503".into());
        let refused = |code: &str| ChannelError::Refused { code: code.into(), message: "no".into() };
        let waiting = Line::queried(&Ok(Standing::Waiting));
        assert!(waiting.is_news(None) && !waiting.is_news(Some(&waiting)));
        assert!(Line::queried(&Err(unclear())).is_news(Some(&waiting)));
        assert!(!Line::closed(&Err(refused("A"))).is_news(Some(&Line::closed(&Err(refused("A"))))));
        assert!(Line::closed(&Err(refused("B"))).is_news(Some(&Line::closed(&Err(refused("A"))))));
        let no = Line::refunded(PayCall::Refund, &Err(refused("A")));
        assert!(no.is_news(Some(&no)));
        let failed = Line::refunded(PayCall::Refund, &Ok(RefundStanding::Failed("no".into())));
        assert_eq!((failed.said, failed.is_news(Some(&failed))), (PaySaid::Refused, true));
        let silent = Line::refunded(PayCall::Refund, &Err(unclear()));
        assert!(!silent.is_news(Some(&silent)));
    }

    #[test]
    fn k12_1_no_more_of_a_networks_text_is_kept_than_people_read() {
        let line = Line::placed(&Err(ChannelError::Unclear("长".repeat(10_000))));
        assert_eq!((line.said, line.detail.map(|text| text.chars().count())), (PaySaid::Unclear, Some(LONGEST)));
    }
}
