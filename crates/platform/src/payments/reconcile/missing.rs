//! Days whose bill cannot be had: they are somebody's to look at, long before nobody asks for them any more.

use std::fmt;

use kernel::{Fault, Word as _};
use store::args;

use crate::payments::channel::ChannelError;
use crate::payments::merchants::Account;
use crate::payments::model::{PayProblemCode, Problem};
use crate::payments::{people, rows};
use crate::{Cx, Result};

/// At this age a day that could not be compared is missing: yesterday's bill may come in the course of today.
pub(super) const MISSING: i64 = 2;

/// Why a day is not compared.
pub(super) enum NotCompared {
    /// The network has not handed out its bill, or there is none yet.
    NoBill(ChannelError),
    Ours(Fault),
}

impl NotCompared {
    /// For people.
    pub(super) fn problem(&self) -> Problem {
        match self {
            Self::NoBill(why) => why.problem(),
            Self::Ours(_) => PayProblemCode::Ours.into(),
        }
    }
}

impl From<Fault> for NotCompared {
    fn from(fault: Fault) -> Self {
        Self::Ours(fault)
    }
}

impl From<store::Error> for NotCompared {
    fn from(error: store::Error) -> Self {
        Self::Ours(error.into())
    }
}

impl fmt::Display for NotCompared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBill(why) => why.fmt(f),
            Self::Ours(fault) => fault.fmt(f),
        }
    }
}

/// Keeps these days of an account at a network, each with why, and tells people of those that were not known to be missing. What is compared after
/// all is not shown as missing any more; that somebody was told of it stays.
pub(super) async fn keep(cx: &Cx, of: &Account, days: &[(String, Problem)]) -> Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    let mut tx = cx.db.begin().await?;
    let mut fresh = Vec::new();
    for (day, why) in days {
        let sql = "INSERT INTO pay_days_missing (channel, account, day, problem, problem_said, since) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT DO NOTHING";
        let (problem, said) = rows::stored(Some(why));
        let (channel, account) = (of.kind.as_str(), of.number.as_str());
        if tx.exec(sql, args![channel, account, day.as_str(), problem, said, cx.now()]).await? == 1 {
            fresh.push((day.as_str(), why));
        }
    }
    if let Some((_, why)) = fresh.last() {
        let names: Vec<&str> = fresh.iter().map(|(day, _)| *day).collect();
        people::missing(&mut tx, cx, of, &names, why).await?;
    }
    Ok(tx.commit().await?)
}
