//! Our accounts at the networks: the bills are theirs. Several apps of Alipay's may have one.

use std::sync::Arc;

use kernel::{HOUR, Timestamp, Word as _};
use store::{Sql, args};

use super::kept::{self, Kept};
use crate::payments::capture;
use crate::payments::channel::{Channel, ChannelKind};
use crate::payments::model::MerchantId;
use crate::payments::reconcile::{Day, NEAR};
use crate::{Cx, Result};

/// Whoever is about to pay has paid within this time: what is asked about for longer than that is in no later day's bill. What takes of what was
/// frozen may be so for as long as that is frozen.
const LATE: i64 = HOUR;

pub(in crate::payments) struct Account {
    pub kind: ChannelKind,
    /// The merchant's number, the seller's id.
    pub number: String,
    asked_as: Kept,
}

/// Those that we have, and those that we had and that are not forgotten.
pub(in crate::payments) async fn accounts(sql: &mut impl Sql) -> Result<Vec<Account>> {
    let mut accounts: Vec<Account> = Vec::new();
    for kind in [ChannelKind::Alipay, ChannelKind::Wechat] {
        for asked_as in kept::all(sql, kind).await? {
            if !accounts.iter().any(|known| known.kind == kind && known.number == asked_as.account) {
                accounts.push(Account { kind, number: asked_as.account.clone(), asked_as });
            }
        }
    }
    Ok(accounts)
}

impl Account {
    /// The network, asked as whoever was last paid into it.
    pub fn channel(&self, cx: &Cx) -> Result<Arc<dyn Channel>> {
        super::speak(cx, self.kind, &self.asked_as)
    }

    /// Which one it is, where it is not the one that people know as theirs.
    pub fn earlier(&self) -> Option<&str> {
        self.asked_as.replaced_at.map(|_| self.number.as_str())
    }

    /// Whether what is placed with this merchant is paid into it.
    pub async fn is_of(&self, sql: &mut impl Sql, merchant: MerchantId) -> Result<bool> {
        let query = "SELECT 1 AS one FROM pay_merchants WHERE id = $1 AND channel = $2 AND account = $3";
        let found = sql.opt(query, args![merchant, self.kind.as_str(), self.number.as_str()], |_| Ok(())).await?;
        Ok(found.is_some())
    }

    /// When the first payment was made into it, by the network's clock.
    pub async fn first_paid(&self, sql: &mut impl Sql) -> Result<Option<Timestamp>> {
        let query = "SELECT (SELECT a.paid_at FROM pay_attempts a WHERE a.merchant_id = m.id AND a.channel = $1 AND a.paid_at IS NOT NULL \
                     ORDER BY a.paid_at LIMIT 1) AS earliest FROM pay_merchants m WHERE m.channel = $1 AND m.account = $2 ORDER BY m.id LIMIT 100";
        let first = sql.all(query, args![self.kind.as_str(), self.number.as_str()], |row| row.get::<Option<Timestamp>>("earliest")).await?;
        Ok(first.into_iter().flatten().min())
    }

    /// Whether the bill of a day may have something that concerns us. Each of one that we have may: somebody may give money back past the program.
    /// Of one that we had, those of its time, and of each day on which it took or gave back something of ours, or may have: what goes back did so at
    /// some time between when it was asked for and when we heard of it.
    pub async fn concerns(&self, sql: &mut impl Sql, day: &Day) -> Result<bool> {
        if self.asked_as.replaced_at.is_none_or(|at| day.from < at.plus_micros(LATE)) {
            return Ok(true);
        }
        let query = "SELECT 1 AS one FROM pay_merchants m WHERE m.channel = $1 AND m.account = $2 AND (\
                     EXISTS (SELECT 1 FROM pay_attempts a WHERE a.merchant_id = m.id AND a.paid_at >= $3 AND a.paid_at < $4) \
                     OR EXISTS (SELECT 1 FROM pay_attempts a WHERE a.merchant_id = m.id AND a.state IN ('asked', 'waiting') AND a.created_at < $4 \
                         AND (a.created_at >= $6 OR (a.method = 'capture' AND a.created_at >= $7))) \
                     OR EXISTS (SELECT 1 FROM pay_refunds r JOIN pay_attempts a ON a.id = r.attempt_id \
                         WHERE a.merchant_id = m.id AND r.created_at < $4 AND r.settled_at >= $5) \
                     OR EXISTS (SELECT 1 FROM pay_refunds r JOIN pay_attempts a ON a.id = r.attempt_id \
                         WHERE a.merchant_id = m.id AND r.state IN ('asked', 'stuck') AND r.created_at < $4)) LIMIT 1";
        let before = |micros: i64| day.from.plus_micros(-micros);
        let (kind, number) = (self.kind.as_str(), self.number.as_str());
        let values = args![kind, number, day.from, day.to, before(NEAR), before(LATE), before(capture::LASTS)];
        Ok(sql.opt(query, values, |_| Ok(())).await?.is_some())
    }
}
