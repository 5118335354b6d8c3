//! Merchants in the database: one row for each that we are at a network, or were.
//!
//! **Invariant**: of a network one is current. Its parameters are the newest that were set for this merchant, as those of any other are.

use kernel::{Fault, Timestamp, Word as _};
use store::{Row, Sql, Tx, args};
use zeroize::Zeroizing;

use super::SEALED;
use crate::payments::channel::ChannelKind;
use crate::payments::model::MerchantId;
use crate::payments::parameters::Parameters;
use crate::{Cx, Result};

/// As it is kept.
#[derive(Clone)]
pub(super) struct Kept {
    pub id: MerchantId,
    /// Whose bills have what it does.
    pub account: String,
    /// Sealed. None: it is forgotten.
    pub parameters: Option<Vec<u8>>,
    pub version: i64,
    /// None: it is current.
    pub replaced_at: Option<Timestamp>,
}

impl Kept {
    /// None: it is forgotten.
    pub fn open(&self, cx: &Cx) -> Result<Option<Parameters>> {
        let Some(sealed) = &self.parameters else { return Ok(None) };
        serde_json::from_slice(&cx.vault.open(SEALED, sealed)?).map(Some).map_err(Fault::internal)
    }
}

const COLUMNS: &str = "id, account, parameters, version, replaced_at";

fn read(row: &Row) -> store::Result<Kept> {
    Ok(Kept {
        id: row.get("id")?,
        account: row.get("account")?,
        parameters: row.get("parameters")?,
        version: row.get("version")?,
        replaced_at: row.get("replaced_at")?,
    })
}

pub(super) async fn find(sql: &mut impl Sql, id: MerchantId) -> Result<Option<Kept>> {
    Ok(sql.opt(&format!("SELECT {COLUMNS} FROM pay_merchants WHERE id = $1"), args![id], read).await?)
}

/// Who we are at this network.
pub(super) async fn current(sql: &mut impl Sql, network: ChannelKind) -> Result<Option<Kept>> {
    let query = format!("SELECT {COLUMNS} FROM pay_merchants WHERE channel = $1 AND replaced_at IS NULL");
    Ok(sql.opt(&query, args![network.as_str()], read).await?)
}

/// The merchant that this names, if we are it or were. It is about to be given parameters, and secrets that are left out stay as they were: nobody
/// else changes it until this transaction ends, or the older ones would come back.
pub(super) async fn named(tx: &mut Tx, network: ChannelKind, who: (&str, &str)) -> Result<Option<Kept>> {
    let lock = tx.for_update();
    let query = format!("SELECT {COLUMNS} FROM pay_merchants WHERE channel = $1 AND account = $2 AND app = $3{lock}");
    Ok(tx.opt(&query, args![network.as_str(), who.0, who.1], read).await?)
}

/// All that we can speak as: who we are, and before it who we were, the latest first.
pub(super) async fn all(sql: &mut impl Sql, network: ChannelKind) -> Result<Vec<Kept>> {
    let query = format!(
        "SELECT {COLUMNS} FROM pay_merchants WHERE channel = $1 AND parameters IS NOT NULL \
         ORDER BY CASE WHEN replaced_at IS NULL THEN 0 ELSE 1 END, replaced_at DESC, id LIMIT 100"
    );
    Ok(sql.all(&query, args![network.as_str()], read).await?)
}

/// From now on we are this one. Whoever was so before stays kept.
pub(super) async fn set(tx: &mut Tx, cx: &Cx, parameters: &Parameters) -> Result<()> {
    let (channel, (account, app)) = (parameters.channel().as_str(), parameters.who());
    let replace =
        "UPDATE pay_merchants SET replaced_at = $1 WHERE channel = $2 AND replaced_at IS NULL AND NOT (account = $3 AND app = $4)";
    tx.exec(replace, args![cx.now(), channel, account, app]).await?;
    let sql = "INSERT INTO pay_merchants (id, channel, account, app, parameters, version, created_at) VALUES ($1, $2, $3, $4, $5, 1, $6) \
               ON CONFLICT (channel, account, app) DO UPDATE SET parameters = $5, version = pay_merchants.version + 1, replaced_at = NULL";
    let id: MerchantId = cx.id();
    tx.exec(sql, args![id, channel, account, app, sealed(cx, parameters)?, cx.now()]).await?;
    Ok(())
}

fn sealed(cx: &Cx, parameters: &Parameters) -> Result<Vec<u8>> {
    let plain = Zeroizing::new(serde_json::to_vec(parameters).map_err(Fault::internal)?);
    Ok(cx.vault.seal(SEALED, &plain))
}

/// What makes us known as this one is something else from now on; whoever is current stays so.
pub(super) async fn renew(tx: &mut Tx, cx: &Cx, id: MerchantId, parameters: &Parameters) -> Result<()> {
    let sql = "UPDATE pay_merchants SET parameters = $1, version = version + 1 WHERE id = $2";
    tx.exec(sql, args![sealed(cx, parameters)?, id]).await?;
    Ok(())
}

/// Nobody can speak as this one any more. Not who is current, whoever has become so meanwhile.
pub(super) async fn forget(tx: &mut Tx, id: MerchantId) -> Result<()> {
    let sql = "UPDATE pay_merchants SET parameters = NULL, version = version + 1 WHERE id = $1 AND replaced_at IS NOT NULL";
    tx.exec(sql, args![id]).await?;
    Ok(())
}
