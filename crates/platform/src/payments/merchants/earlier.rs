//! Merchants that we were. As long as something may still come of one we speak as it; then what we did so with is forgotten.

use kernel::Timestamp;
use serde::Serialize;
use store::jobs::{JobKind, Outcome};
use store::{Row, Sql, Tx, args};

use super::kept;
use super::needed::Dealings;
use crate::payments::channel::ChannelKind;
use crate::payments::model::MerchantId;
use crate::payments::parameters::Shown;
use crate::{Cx, Result};

pub const FORGET: JobKind = JobKind::new("pay.forget");

/// A merchant that we were, as the console shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = EarlierMerchant)]
pub struct Earlier {
    pub parameters: Shown,
    /// Since when new payments are another's.
    pub replaced_at: Timestamp,
    /// Payments that may still be made, and refunds that are on their way or wait for somebody. While there are any it is needed.
    pub open: i64,
    /// Until then its bills are compared, and money can go back that it has taken.
    pub needed_until: Timestamp,
}

async fn dealings(sql: &mut impl Sql, id: MerchantId) -> Result<Dealings> {
    let query = "SELECT (SELECT CAST(COUNT(*) AS BIGINT) FROM pay_attempts WHERE merchant_id = $1 AND state IN ('asked', 'waiting')) AS live, \
                 (SELECT CAST(COUNT(*) AS BIGINT) FROM pay_refunds r JOIN pay_attempts a ON a.id = r.attempt_id \
                  WHERE a.merchant_id = $1 AND r.state IN ('asked', 'stuck')) AS back, \
                 (SELECT created_at FROM pay_attempts WHERE merchant_id = $1 ORDER BY id DESC LIMIT 1) AS begun, \
                 (SELECT paid_at FROM pay_attempts WHERE merchant_id = $1 AND paid_at IS NOT NULL ORDER BY paid_at DESC LIMIT 1) AS paid, \
                 (SELECT r.settled_at FROM pay_refunds r JOIN pay_attempts a ON a.id = r.attempt_id \
                  WHERE a.merchant_id = $1 AND r.settled_at IS NOT NULL ORDER BY r.settled_at DESC LIMIT 1) AS went, \
                 (SELECT a.paid_at FROM pay_attempts a JOIN pay_orders o ON o.id = a.order_id WHERE a.merchant_id = $1 AND a.state = 'taken' \
                  AND a.paid_at IS NOT NULL AND o.refunded + o.captured < o.amount ORDER BY a.paid_at DESC LIMIT 1) AS returnable";
    let read = |row: &Row| {
        let (begun, paid, went): (Option<Timestamp>, Option<Timestamp>, Option<Timestamp>) =
            (row.get("begun")?, row.get("paid")?, row.get("went")?);
        let open = row.get::<i64>("live")? + row.get::<i64>("back")?;
        Ok(Dealings { open, last: begun.max(paid).max(went), returnable: row.get("returnable")? })
    };
    Ok(sql.one(query, args![id], read).await?)
}

/// Of a network, the latest first.
pub(super) async fn shown(cx: &Cx, network: ChannelKind) -> Result<Vec<Earlier>> {
    let mut sql = cx.db.read();
    let mut all = Vec::new();
    for one in kept::all(&mut sql, network).await? {
        let (Some(replaced_at), Some(parameters)) = (one.replaced_at, one.open(cx)?) else { continue };
        let dealings = dealings(&mut sql, one.id).await?;
        if !dealings.are_over(cx.now()) {
            let needed_until = dealings.until().unwrap_or(replaced_at);
            all.push(Earlier { parameters: parameters.shown(), replaced_at, open: dealings.open, needed_until });
        }
    }
    Ok(all)
}

/// Those of which nothing can come any more, and none that was replaced a moment ago.
async fn over(sql: &mut impl Sql, cx: &Cx, network: ChannelKind) -> Result<Vec<MerchantId>> {
    let mut over = Vec::new();
    for one in kept::all(sql, network).await? {
        let Some(replaced_at) = one.replaced_at else { continue };
        if dealings(sql, one.id).await?.can_be_forgotten(replaced_at, cx.now()) {
            over.push(one.id);
        }
    }
    Ok(over)
}

/// Forgets them.
async fn forget(tx: &mut Tx, cx: &Cx, network: ChannelKind) -> Result<()> {
    for id in over(tx, cx, network).await? {
        kept::forget(tx, id).await?;
        tracing::info!(merchant = %id, channel = %network, "nothing can come of a merchant that we were: what made us known as it is forgotten");
    }
    Ok(())
}

pub(in crate::payments) async fn forget_job(cx: Cx) -> Outcome {
    match forget_all(&cx).await {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

async fn forget_all(cx: &Cx) -> Result<()> {
    for network in [ChannelKind::Wechat, ChannelKind::Alipay] {
        // Mostly there are none, and nobody has to wait for this to write.
        if !over(&mut cx.db.read(), cx, network).await?.is_empty() {
            let mut tx = cx.db.begin().await?;
            forget(&mut tx, cx, network).await?;
            tx.commit().await?;
        }
    }
    super::evict(cx).await
}
