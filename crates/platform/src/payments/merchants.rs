//! Which networks can be paid by, and with which parameters.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use kernel::{Fault, Timestamp, Word};
use serde::Serialize;
use serde_json::json;
use store::jobs::{Crew, JobKind};
use store::{Sql, args};

use super::channel::{BadParameter, Channel, ChannelKind, Channels};
use super::error::PayError;
use super::parameters::{Form, Parameters, Shown};
use crate::identity::Permission;
use crate::vault::Purpose;
use crate::{Cx, Result, audit};

pub(crate) const SEALED: Purpose = Purpose("payment channel");

/// The networks that this process can speak to. One a process.
pub struct Payments {
    channels: Arc<dyn Channels>,
    opened: RwLock<HashMap<ChannelKind, Opened>>,
}

/// A network spoken to with the parameters of one version.
type Opened = (i64, Arc<dyn Channel>);

impl Payments {
    pub fn new(channels: Arc<dyn Channels>) -> Self {
        Self { channels, opened: RwLock::default() }
    }
}

struct Stored {
    parameters: Vec<u8>,
    enabled: bool,
    version: i64,
    updated_at: Timestamp,
}

async fn stored(sql: &mut impl Sql, kind: ChannelKind) -> Result<Option<Stored>> {
    let query = "SELECT parameters, enabled, version, updated_at FROM pay_channels WHERE channel = $1";
    let read = |row: &store::Row| {
        Ok(Stored {
            parameters: row.get("parameters")?,
            enabled: row.get("enabled")?,
            version: row.get("version")?,
            updated_at: row.get("updated_at")?,
        })
    };
    Ok(sql.opt(query, args![kind.as_str()], read).await?)
}

fn open(cx: &Cx, sealed: &[u8]) -> Result<Parameters> {
    serde_json::from_slice(&cx.vault.open(SEALED, sealed)?).map_err(Fault::internal)
}

/// With what a network is spoken to: a pre-authorisation is Alipay's, and has its parameters.
async fn spoken(cx: &Cx, sql: &mut impl Sql, kind: ChannelKind) -> Result<Option<(Parameters, i64)>> {
    let of = if kind == ChannelKind::AlipayFreeze { ChannelKind::Alipay } else { kind };
    let Some(found) = stored(sql, of).await? else { return Ok(None) };
    Ok(Some(match (kind, open(cx, &found.parameters)?) {
        (ChannelKind::AlipayFreeze, Parameters::Alipay(own)) => (Parameters::AlipayFreeze(own), found.version),
        (_, own) => (own, found.version),
    }))
}

fn notify_url(cx: &Cx, kind: ChannelKind) -> String {
    format!("{}/callbacks/{kind}", cx.install.public_url)
}

/// The network, with the parameters as they are now; whether new payments may be made by it is not asked.
pub(super) async fn channel(cx: &Cx, kind: ChannelKind) -> Result<Arc<dyn Channel>> {
    let (parameters, version) = spoken(cx, &mut cx.db.read(), kind).await?.ok_or(PayError::NoChannel)?;
    if let Some((opened, channel)) = cx.payments.opened.read().unwrap_or_else(PoisonError::into_inner).get(&kind)
        && *opened == version
    {
        return Ok(Arc::clone(channel));
    }
    let opened = cx.payments.channels.open(&parameters, &notify_url(cx, kind));
    let channel = opened.map_err(|bad| Fault::internal(format!("{}: {}", bad.field, bad.en)))?;
    let mut all = cx.payments.opened.write().unwrap_or_else(PoisonError::into_inner);
    all.insert(kind, (version, Arc::clone(&channel)));
    Ok(channel)
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

/// Where we are known, whether payments may be made by it now or not.
pub(super) async fn known(sql: &mut impl Sql) -> Result<Vec<ChannelKind>> {
    Ok(sql.all("SELECT channel FROM pay_channels ORDER BY channel LIMIT 10", args![], |row| row.word("channel")).await?)
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
}

async fn merchant(cx: &Cx, kind: ChannelKind) -> Result<Merchant> {
    let found = stored(&mut cx.db.read(), kind).await?;
    let parameters = spoken(cx, &mut cx.db.read(), kind).await?.map(|(parameters, _)| parameters);
    Ok(Merchant {
        channel: kind,
        enabled: found.as_ref().is_some_and(|found| found.enabled),
        notify_url: notify_url(cx, kind),
        parameters: parameters.map(|parameters| parameters.shown()),
        version: found.as_ref().map_or(0, |found| found.version),
        updated_at: found.map(|found| found.updated_at),
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

/// Stores a network's parameters; secrets that are left out stay as they were. A pre-authorisation has none of its own, and comes without a form.
/// With `looked_at`, only if that is its version still.
pub async fn set_merchant(cx: &Cx, kind: ChannelKind, enabled: bool, form: Option<Form>, looked_at: Option<i64>) -> Result<Merchant> {
    cx.require(Permission::PaymentsManage)?;
    let mut tx = cx.db.begin().await?;
    let version = format!("SELECT version FROM pay_channels WHERE channel = $1{}", tx.for_update());
    let version = tx.opt(&version, args![kind.as_str()], |row| row.get::<i64>("version")).await?.unwrap_or(0);
    if looked_at.is_some_and(|looked_at| looked_at != version) {
        return Err(Fault::changed_meanwhile());
    }
    let before = spoken(cx, &mut tx, kind).await?.map(|(parameters, _)| parameters);
    let parameters = match (kind, form, before) {
        (ChannelKind::AlipayFreeze, None, Some(alipay)) => alipay,
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

/// Of two who are first there was no row to be locked: here the second finds one that was not looked at.
async fn write(tx: &mut store::Tx, cx: &Cx, parameters: &Parameters, enabled: bool, looked_at: Option<i64>) -> Result<()> {
    let kind = parameters.channel();
    let bad = |bad: BadParameter| Fault::field(bad.field, "PARAMETER_INVALID", bad.zh, bad.en);
    cx.payments.channels.open(parameters, &notify_url(cx, kind)).map_err(bad)?;
    // What a pre-authorisation is spoken to with is Alipay's: it has nothing of its own to keep.
    let own = (kind != ChannelKind::AlipayFreeze).then_some(parameters);
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(&own).map_err(Fault::internal)?);
    let sql = "INSERT INTO pay_channels (channel, parameters, enabled, version, updated_at) VALUES ($1, $2, $3, 1, $4) \
               ON CONFLICT (channel) DO UPDATE SET parameters = $2, enabled = $3, version = pay_channels.version + 1, updated_at = $4 \
               WHERE pay_channels.version = COALESCE($5, pay_channels.version)";
    let written = tx.exec(sql, args![kind.as_str(), cx.vault.seal(SEALED, &plain), enabled, cx.now(), looked_at]).await?;
    if written == 0 { Err(Fault::changed_meanwhile()) } else { Ok(()) }
}
