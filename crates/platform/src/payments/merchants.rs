//! Which networks can be paid by, who we are there, and who we were.
//!
//! **Invariant**: what is placed at a network belongs to the merchant with whom it was placed. It is asked about, closed, taken and given back as
//! that merchant, by whatever parameters of it are the newest, and believed by these alone; whoever we are by then ([`kept`], [`earlier`],
//! [`by_hand`]).

mod accounts;
mod by_hand;
mod earlier;
mod gone;
mod kept;
mod needed;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use kernel::{Fault, Timestamp, Word};
use serde::Serialize;
use serde_json::json;
use store::jobs::{Crew, JobKind};
use store::{Sql, args};

use super::channel::{BadParameter, Channel, ChannelKind, Channels};
use super::error::PayError;
use super::model::{Attempt, MerchantId};
use super::parameters::{Form, Parameters, Shown};
use crate::identity::Permission;
use crate::vault::Purpose;
use crate::{Cx, Result, audit};
use gone::Gone;
use kept::Kept;

pub(super) use accounts::{Account, accounts};
pub use by_hand::set_earlier;
pub use earlier::Earlier;
pub(crate) use earlier::FORGET;
pub(super) use earlier::forget_job;

pub(crate) const SEALED: Purpose = Purpose("payment channel");

/// The networks that this process can speak to. One a process.
pub struct Payments {
    channels: Arc<dyn Channels>,
    opened: RwLock<HashMap<(ChannelKind, MerchantId), Opened>>,
}

/// A network spoken to with a merchant's parameters of one version.
type Opened = (i64, Arc<dyn Channel>);

impl Payments {
    pub fn new(channels: Arc<dyn Channels>) -> Self {
        Self { channels, opened: RwLock::default() }
    }
}

fn notify_url(cx: &Cx, kind: ChannelKind) -> String {
    format!("{}/callbacks/{kind}", cx.install.public_url)
}

/// The network, spoken to as this merchant.
fn speak(cx: &Cx, kind: ChannelKind, merchant: &Kept) -> Result<Arc<dyn Channel>> {
    let (opened, whose) = (&cx.payments.opened, (kind, merchant.id));
    let known = opened.read().unwrap_or_else(PoisonError::into_inner).get(&whose).cloned();
    if let Some((version, channel)) = known
        && version == merchant.version
    {
        return Ok(channel);
    }
    let Some(parameters) = merchant.open(cx)? else {
        opened.write().unwrap_or_else(PoisonError::into_inner).remove(&whose);
        return Ok(Arc::new(Gone));
    };
    let channel = cx.payments.channels.open(&parameters.spoken_by(kind), &notify_url(cx, kind));
    let channel = channel.map_err(|bad| Fault::internal(format!("{}: {}", bad.field, bad.en)))?;
    opened.write().unwrap_or_else(PoisonError::into_inner).insert(whose, (merchant.version, Arc::clone(&channel)));
    Ok(channel)
}

/// What is forgotten of merchants goes from this process's memory, whichever process has forgotten it.
pub(crate) async fn evict(cx: &Cx) -> Result<()> {
    let mut known = Vec::new();
    for network in [ChannelKind::Wechat, ChannelKind::Alipay] {
        known.extend(kept::all(&mut cx.db.read(), network).await?.into_iter().map(|one| one.id));
    }
    cx.payments.opened.write().unwrap_or_else(PoisonError::into_inner).retain(|(_, id), _| known.contains(id));
    Ok(())
}

/// The network by which this is paid, as the merchant with whom it was placed; whether new payments may be made by it is not asked.
pub(super) async fn channel(cx: &Cx, attempt: &Attempt) -> Result<Arc<dyn Channel>> {
    let merchant = kept::find(&mut cx.db.read(), attempt.merchant).await?;
    let merchant = merchant.ok_or_else(|| Fault::internal(format!("payment {} was placed with nobody", attempt.id)))?;
    speak(cx, attempt.channel(), &merchant)
}

/// The network as each merchant that we are and were there: whoever believes a notice is whom it is told to. None where we have never been known.
pub(super) async fn hearers(cx: &Cx, kind: ChannelKind) -> Result<Vec<(MerchantId, Arc<dyn Channel>)>> {
    let all = kept::all(&mut cx.db.read(), kind.network()).await?;
    let hearers = all.iter().filter_map(|one| match speak(cx, kind, one) {
        Ok(channel) => Some((one.id, channel)),
        // It keeps no other from being told.
        Err(fault) => {
            tracing::error!(channel = %kind, merchant = %one.id, %fault, "a merchant's parameters cannot be used");
            None
        }
    });
    Ok(hearers.collect())
}

/// With whom new payments are placed.
pub(super) async fn current(sql: &mut impl Sql, kind: ChannelKind) -> Result<MerchantId> {
    Ok(kept::current(sql, kind.network()).await?.ok_or(PayError::NoChannel)?.id)
}

/// A merchant as people know it.
pub(super) struct Named {
    pub number: String,
    /// It is one that we were.
    pub earlier: bool,
}

/// All merchants that we are and were.
pub(super) async fn names(sql: &mut impl Sql) -> Result<HashMap<MerchantId, Named>> {
    let query = "SELECT id, account, replaced_at FROM pay_merchants ORDER BY id LIMIT 1000";
    let read = |row: &store::Row| {
        let replaced_at: Option<Timestamp> = row.get("replaced_at")?;
        Ok((row.get::<MerchantId>("id")?, Named { number: row.get("account")?, earlier: replaced_at.is_some() }))
    };
    Ok(sql.all(query, args![], read).await?.into_iter().collect())
}

/// Such a job, by the crew that asks this network: of two networks neither waits for the other.
pub(super) const fn job(kind: JobKind, of: ChannelKind) -> JobKind {
    kind.by(match of {
        ChannelKind::Wechat => Crew::Wechat,
        ChannelKind::Alipay | ChannelKind::AlipayFreeze => Crew::Alipay,
    })
}

/// By which networks one can pay now.
pub async fn enabled(sql: &mut impl Sql) -> Result<Vec<ChannelKind>> {
    Ok(sql.all("SELECT channel FROM pay_channels WHERE enabled ORDER BY channel DESC LIMIT 10", args![], |row| row.word("channel")).await?)
}

/// A network as the console shows it: none of its secrets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Merchant {
    pub channel: ChannelKind,
    pub enabled: bool,
    /// What the network has to be told as the address of its notices.
    pub notify_url: String,
    /// None: never set.
    pub parameters: Option<Shown>,
    /// Counts its changes, 0 before the first: whoever changes it says which one was looked at.
    pub version: i64,
    pub updated_at: Option<Timestamp>,
    /// Whom we were there before, and are still paid by or give back as; the latest first.
    pub earlier: Vec<Earlier>,
}

async fn merchant(cx: &Cx, kind: ChannelKind) -> Result<Merchant> {
    let mut sql = cx.db.read();
    let query = "SELECT enabled, version, updated_at FROM pay_channels WHERE channel = $1";
    let read = |row: &store::Row| Ok((row.get::<bool>("enabled")?, row.get::<i64>("version")?, row.get::<Timestamp>("updated_at")?));
    let set = sql.opt(query, args![kind.as_str()], read).await?;
    let parameters = match kept::current(&mut sql, kind.network()).await? {
        Some(current) => current.open(cx)?,
        None => None,
    };
    Ok(Merchant {
        channel: kind,
        enabled: set.is_some_and(|(enabled, ..)| enabled),
        notify_url: notify_url(cx, kind),
        parameters: parameters.map(|parameters| parameters.shown()),
        version: set.map_or(0, |(_, version, _)| version),
        updated_at: set.map(|(.., at)| at),
        // Those of a pre-authorisation are Alipay's, and shown there.
        earlier: if kind.network() == kind { earlier::shown(cx, kind).await? } else { Vec::new() },
    })
}

pub async fn merchants(cx: &Cx) -> Result<Vec<Merchant>> {
    cx.require(Permission::PaymentsManage)?;
    let mut all = Vec::new();
    for kind in ChannelKind::ALL {
        all.push(merchant(cx, *kind).await?);
    }
    Ok(all)
}

/// Stores a network's parameters; secrets that are left out stay as they were of the same merchant. Where they are another's, who we were is kept for
/// as long as it is needed. A pre-authorisation has none of its own, and comes without a form. With `looked_at`, only if that is its version still.
pub async fn set_merchant(cx: &Cx, kind: ChannelKind, enabled: bool, form: Option<Form>, looked_at: Option<i64>) -> Result<Merchant> {
    cx.require(Permission::PaymentsManage)?;
    let mut tx = cx.db.begin().await?;
    let version = format!("SELECT version FROM pay_channels WHERE channel = $1{}", tx.for_update());
    let version = tx.opt(&version, args![kind.as_str()], |row| row.get::<i64>("version")).await?.unwrap_or(0);
    if looked_at.is_some_and(|looked_at| looked_at != version) {
        return Err(Fault::changed_meanwhile());
    }
    let before = match &form {
        Some(form) => kept::named(&mut tx, kind.network(), form.who(kind)).await?,
        None => kept::current(&mut tx, kind.network()).await?,
    };
    let before = before.map(|before| before.open(cx)).transpose()?.flatten();
    let parameters = match (kind, form, before) {
        (ChannelKind::AlipayFreeze, None, Some(alipay)) => alipay.spoken_by(kind),
        (ChannelKind::AlipayFreeze, None, None) => return Err(PayError::AlipayFirst.into()),
        (ChannelKind::AlipayFreeze, Some(_), _) => {
            return Err(Fault::field(
                "parameters",
                "NOT_EXPECTED",
                "预授权使用支付宝的参数",
                "A pre-authorisation has Alipay's parameters",
            ));
        }
        (_, Some(form), before) => form.complete(kind, before)?,
        (_, None, _) => return Err(Fault::field("parameters", "REQUIRED", "请填写", "Please fill this in")),
    };
    write(&mut tx, cx, &parameters, enabled, looked_at).await?;
    let detail = json!({"channel": kind, "enabled": enabled, "parameters": parameters.shown()});
    audit::record(&mut tx, cx, &audit::PAYMENT_CHANNEL_SET, None, &detail).await?;
    tx.commit().await?;
    merchant(cx, kind).await
}

/// The same without a form, whatever is there: the demo's.
pub async fn put(tx: &mut store::Tx, cx: &Cx, parameters: &Parameters, enabled: bool) -> Result<()> {
    write(tx, cx, parameters, enabled, None).await
}

/// Refuses those by which nobody could speak.
fn try_out(cx: &Cx, parameters: &Parameters) -> Result<()> {
    let bad = |bad: BadParameter| Fault::field(bad.field, "PARAMETER_INVALID", bad.zh, bad.en);
    cx.payments.channels.open(parameters, &notify_url(cx, parameters.channel())).map(drop).map_err(bad)
}

/// Of two who are first there was no row to be locked: here the second finds one that was not looked at.
async fn write(tx: &mut store::Tx, cx: &Cx, parameters: &Parameters, enabled: bool, looked_at: Option<i64>) -> Result<()> {
    let kind = parameters.channel();
    try_out(cx, parameters)?;
    let sql = "INSERT INTO pay_channels (channel, enabled, version, updated_at) VALUES ($1, $2, 1, $3) \
               ON CONFLICT (channel) DO UPDATE SET enabled = $2, version = pay_channels.version + 1, updated_at = $3 \
               WHERE pay_channels.version = COALESCE($4, pay_channels.version)";
    if tx.exec(sql, args![kind.as_str(), enabled, cx.now(), looked_at]).await? == 0 {
        return Err(Fault::changed_meanwhile());
    }
    // What a pre-authorisation is spoken to with is Alipay's: it has nothing of its own to keep.
    if kind == kind.network() {
        kept::set(tx, cx, parameters).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
