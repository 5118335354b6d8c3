//! Who is asking: tokens, held as hashes, and guests.

use std::collections::HashMap;

use kernel::{DAY, Fault, Kind, Timestamp};
use platform::allowance::ByAddress;
use platform::payments::Payer;
use platform::vault::Purpose;
use platform::{Cx, Result};
use serde::Serialize;
use store::{Row, Sql, Sweep, Tx, args};
use uuid::Uuid;

use super::code::phone_hash;
use super::model::{Customer, CustomerId};
use super::{networks, phone};
use crate::halls::VenueId;

const TOKEN: Purpose = Purpose("customer token");
const LASTS: i64 = 90 * DAY;
/// Tokens whose time has run out, revoked or not: they let nobody in any more. Some days later, as with the console's.
pub(crate) const OVER: Sweep = Sweep::by_time("customer_sessions", "id", "expires_at", 7 * DAY);
/// New guests from one address: a hall's guests may share one, and a provider's phones a /48.
const GUESTS: ByAddress = ByAddress { name: "guests", window_seconds: 3_600, most: 300, most_of_56: 750, most_of_48: 2_250 };

/// A token, told once, and whose it is.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Welcome {
    pub token: String,
    pub customer: Customer,
    /// Has signed in for the first time (V2.1), and is welcomed. A guest has not yet.
    pub new: bool,
}

/// Somebody new (V2.2), who is known by nothing but the token. Whoever would play says who they are first.
pub async fn guest(cx: &Cx) -> Result<Welcome> {
    GUESTS.take(cx).await?;
    let mut tx = cx.db.begin().await?;
    let id = super::join::new(&mut tx, cx).await?;
    welcome(tx, cx, id, None, false).await
}

pub(super) async fn insert(tx: &mut Tx, cx: &Cx) -> Result<CustomerId> {
    let id: CustomerId = cx.id();
    // Eight digits can be told over a counter, and there are enough of them that a second try finds a free one.
    for _ in 0..20 {
        let number = (10_000_000 + cx.random.below(90_000_000)).to_string();
        let sql = "INSERT INTO customers (id, number, language, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        if tx.exec(sql, args![id, number, cx.lang.pick("zh", "en"), cx.now()]).await? == 1 {
            return Ok(id);
        }
    }
    Err(Fault::unavailable("no number is free"))
}

/// Signs this customer in, which ends the transaction.
pub(super) async fn welcome(mut tx: Tx, cx: &Cx, id: CustomerId, payer: Option<&Payer>, new: bool) -> Result<Welcome> {
    let token = start(&mut tx, cx, id, payer).await?;
    let customer = find(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    if !customer.guest {
        networks::seen(&mut tx, cx, id).await?;
    }
    tx.commit().await?;
    Ok(Welcome { token, customer, new })
}

/// A token for a customer who holds a phone that WeChat knows so.
async fn start(tx: &mut Tx, cx: &Cx, customer: CustomerId, payer: Option<&Payer>) -> Result<String> {
    let token = cx.random.secret::<32>("ckc_");
    let (id, now) = (cx.random.uuid_v7(cx.now()), cx.now());
    let (app_id, openid) = (payer.map(|payer| payer.app_id.as_str()), payer.map(|payer| payer.openid.as_str()));
    let sql = "INSERT INTO customer_sessions (id, customer_id, token_hash, app_id, openid, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.exec(sql, args![id, customer, cx.vault.hash(TOKEN, token.as_bytes()), app_id, openid, now, now.plus_micros(LASTS)]).await?;
    // It stays when the session is long forgotten: as whom somebody has signed in once is nobody's shell.
    tx.exec("UPDATE customers SET signed_in_at = $1 WHERE id = $2 AND signed_in_at IS NULL", args![now, customer]).await?;
    Ok(token)
}

/// Whose token this is.
pub async fn authenticate(cx: &Cx, token: &str) -> Result<Customer> {
    let sql = format!(
        "SELECT {COLUMNS} FROM customer_sessions s JOIN customers c ON c.id = s.customer_id JOIN ledger_accounts a ON a.id = c.id \
         WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2"
    );
    let hash = cx.vault.hash(TOKEN, token.as_bytes());
    let found = cx.db.read().opt(&sql, args![hash, cx.now()], read).await?;
    found.ok_or_else(|| {
        Fault::new(Kind::Unauthenticated, "SESSION_INVALID", "登录已失效，请重新登录", "Your session has ended; please sign in again")
    })
}

/// As whom WeChat knows the phone that this token is on.
pub async fn payer(cx: &Cx, token: &str) -> Result<Option<Payer>> {
    let sql = "SELECT app_id, openid FROM customer_sessions WHERE token_hash = $1 AND openid IS NOT NULL";
    let read = |row: &Row| Ok(Payer { app_id: row.get("app_id")?, openid: row.get("openid")? });
    Ok(cx.db.read().opt(sql, args![cx.vault.hash(TOKEN, token.as_bytes())], read).await?)
}

/// WeChat knows the phone that this token is on, so that it can pay there.
pub(super) async fn on_phone_of(tx: &mut Tx, cx: &Cx, token: &str, payer: &Payer) -> Result<()> {
    let sql = "UPDATE customer_sessions SET app_id = $1, openid = $2 WHERE token_hash = $3";
    tx.exec(sql, args![payer.app_id.as_str(), payer.openid.as_str(), cx.vault.hash(TOKEN, token.as_bytes())]).await?;
    Ok(())
}

/// Ends the session of this token.
pub async fn sign_out(cx: &Cx, token: &str) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE customer_sessions SET revoked_at = $1 WHERE token_hash = $2 AND revoked_at IS NULL";
    tx.exec(sql, args![cx.now(), cx.vault.hash(TOKEN, token.as_bytes())]).await?;
    Ok(tx.commit().await?)
}

/// Ends the customer's sessions on all phones, this one too: for who has lost a phone, or lent it.
pub async fn sign_out_everywhere(cx: &Cx, customer: &Customer) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    revoke_all(&mut tx, cx, customer.id).await?;
    Ok(tx.commit().await?)
}

/// Ends all sessions of a customer.
pub(super) async fn revoke_all(tx: &mut Tx, cx: &Cx, customer: CustomerId) -> Result<()> {
    let sql = "UPDATE customer_sessions SET revoked_at = $1 WHERE customer_id = $2 AND revoked_at IS NULL";
    tx.exec(sql, args![cx.now(), customer]).await?;
    Ok(())
}

/// Ends all sessions of a customer but the one that asks.
pub(super) async fn revoke_others(tx: &mut Tx, cx: &Cx, customer: CustomerId, token: &str) -> Result<()> {
    let sql = "UPDATE customer_sessions SET revoked_at = $1 WHERE customer_id = $2 AND revoked_at IS NULL AND token_hash <> $3";
    tx.exec(sql, args![cx.now(), customer, cx.vault.hash(TOKEN, token.as_bytes())]).await?;
    Ok(())
}

/// On how many phones somebody is signed in as this customer.
pub(super) async fn signed_in(sql: &mut impl Sql, cx: &Cx, customer: CustomerId) -> Result<i64> {
    let query = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM customer_sessions \
                 WHERE customer_id = $1 AND revoked_at IS NULL AND expires_at > $2";
    Ok(sql.one(query, args![customer, cx.now()], |row| row.get("n")).await?)
}

/// Ends a customer's sessions on phones that WeChat knows by the customer's own names, but for the one that asks.
pub(super) async fn revoke_by_wechat(tx: &mut Tx, cx: &Cx, customer: CustomerId, token: &str) -> Result<()> {
    let sql = "UPDATE customer_sessions SET revoked_at = $1 WHERE customer_id = $2 AND revoked_at IS NULL AND token_hash <> $3 \
               AND EXISTS (SELECT 1 FROM customer_wechats w \
               WHERE w.app_id = customer_sessions.app_id AND w.openid = customer_sessions.openid AND w.customer_id = $2)";
    tx.exec(sql, args![cx.now(), customer, cx.vault.hash(TOKEN, token.as_bytes())]).await?;
    Ok(())
}

/// Of a customer called `c` and its wallet called `a`; read with [`read`].
pub(crate) const COLUMNS: &str = "c.id, c.number, c.phone_hint, c.wechat, c.signed_in_at, a.posted, a.held";

/// Whether a customer, a row that goes by that name, is [`unproven`](Customer::unproven).
pub(crate) fn unproven(customers: &str) -> String {
    format!("({customers}.signed_in_at IS NULL OR ({customers}.phone_hint IS NULL AND {customers}.wechat = FALSE))")
}

pub(crate) async fn find(sql: &mut impl Sql, id: CustomerId) -> store::Result<Option<Customer>> {
    let query = format!("SELECT {COLUMNS} FROM customers c JOIN ledger_accounts a ON a.id = c.id WHERE c.id = $1");
    sql.opt(&query, args![id], read).await
}

/// Who plays, as a hall's desk sees it.
#[derive(Debug, Default)]
pub(crate) struct Player {
    /// What they tell there. `None`: not known.
    pub number: Option<String>,
    /// The desk has opened the table for them.
    pub at_desk: bool,
    /// And knows nothing of them but that number.
    pub walk_in: bool,
}

/// Who plays in a hall now.
pub(crate) async fn players_of_venue(sql: &mut impl Sql, venue: VenueId) -> store::Result<HashMap<CustomerId, Player>> {
    let query = "SELECT c.id, c.number, c.phone_hint, c.wechat, d.id AS desk_id FROM venue_tables t \
                 JOIN play_sessions p ON p.table_id = t.id AND p.state IN ('opening', 'playing') \
                 JOIN customers c ON c.id = p.customer_id LEFT JOIN desk_plays d ON d.id = p.id \
                 WHERE t.venue_id = $1 ORDER BY t.id LIMIT 1000";
    let read = |row: &Row| {
        let at_desk = row.get::<Option<Uuid>>("desk_id")?.is_some();
        let known = row.get::<Option<String>>("phone_hint")?.is_some() || row.get::<bool>("wechat")?;
        Ok((row.get::<CustomerId>("id")?, Player { number: row.get("number")?, at_desk, walk_in: at_desk && !known }))
    };
    Ok(sql.all(query, args![venue], read).await?.into_iter().collect())
}

/// Whose number this is, locked: of a guest who turned out to be somebody known that one, whose money it has carried over.
pub(super) async fn by_number(tx: &mut Tx, number: &str) -> Result<Option<Customer>> {
    let read = |row: &Row| Ok((row.get("id")?, row.get("became")?));
    let sql = format!("SELECT id, became FROM customers WHERE number = $1{}", tx.for_update());
    let mut found: Option<(CustomerId, Option<CustomerId>)> = tx.opt(&sql, args![number], read).await?;
    while let Some((_, Some(became))) = found {
        let sql = format!("SELECT id, became FROM customers WHERE id = $1{}", tx.for_update());
        found = tx.opt(&sql, args![became], read).await?;
    }
    match found {
        Some((id, _)) => Ok(find(tx, id).await?),
        None => Ok(None),
    }
}

/// Who is meant by what somebody of the staff types: a phone number, or what a customer tells at the desk. Locked.
pub(crate) async fn by_phone_or_number(tx: &mut Tx, cx: &Cx, text: &str) -> Result<Option<Customer>> {
    let Some(digits) = phone::read(text) else { return by_number(tx, text).await };
    let sql = format!("SELECT id FROM customers WHERE phone_hash = $1{}", tx.for_update());
    let found: Option<CustomerId> = tx.opt(&sql, args![phone_hash(cx, &digits)], |row| row.get("id")).await?;
    match found {
        Some(id) => Ok(find(tx, id).await?),
        None => Ok(None),
    }
}

pub(crate) fn read(row: &Row) -> store::Result<Customer> {
    let (posted, held): (kernel::Fen, kernel::Fen) = (row.get("posted")?, row.get("held")?);
    let (phone, wechat): (Option<String>, bool) = (row.get("phone_hint")?, row.get("wechat")?);
    let guest = phone.is_none() && !wechat;
    Ok(Customer {
        id: row.get("id")?,
        number: row.get("number")?,
        guest,
        unproven: guest || row.get::<Option<Timestamp>>("signed_in_at")?.is_none(),
        phone,
        wechat,
        balance_fen: posted,
        held_fen: held,
        available_fen: kernel::Fen::new(posted.fen() - held.fen()),
    })
}
