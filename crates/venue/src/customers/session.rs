//! Who is asking: tokens, held as hashes, and guests.

use kernel::{DAY, Fault, Kind};
use platform::allowance::{Allowance, address};
use platform::vault::Purpose;
use platform::{Cx, Result, ledger};
use serde::Serialize;
use store::{Row, Sql, Tx, args};

use super::model::{Customer, CustomerId};

const TOKEN: Purpose = Purpose("customer token");
const LASTS: i64 = 90 * DAY;
/// New guests from one address: a hall's guests may share one.
const GUESTS: Allowance = Allowance { name: "guests", window_seconds: 3_600, most: 300 };

/// A token, told once, and whose it is.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Welcome {
    pub token: String,
    pub customer: Customer,
}

/// Somebody new (V2.2): may play, and is known by nothing but the token.
pub async fn guest(cx: &Cx) -> Result<Welcome> {
    GUESTS.take(cx, &address(cx)).await?;
    let mut tx = cx.db.begin().await?;
    let id = insert(&mut tx, cx).await?;
    ledger::open_wallet(&mut tx, cx, id.uuid()).await?;
    let token = start(&mut tx, cx, id).await?;
    let customer = find(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(Welcome { token, customer })
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

pub(super) async fn start(tx: &mut Tx, cx: &Cx, customer: CustomerId) -> Result<String> {
    let token = cx.random.secret::<32>("ckc_");
    let (id, now) = (cx.random.uuid_v7(cx.now()), cx.now());
    let sql = "INSERT INTO customer_sessions (id, customer_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    tx.exec(sql, args![id, customer, cx.vault.hash(TOKEN, token.as_bytes()), now, now.plus_micros(LASTS)]).await?;
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

/// Ends the session of this token.
pub async fn sign_out(cx: &Cx, token: &str) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE customer_sessions SET revoked_at = $1 WHERE token_hash = $2 AND revoked_at IS NULL";
    tx.exec(sql, args![cx.now(), cx.vault.hash(TOKEN, token.as_bytes())]).await?;
    Ok(tx.commit().await?)
}

/// Ends all sessions of a customer.
pub(super) async fn revoke_all(tx: &mut Tx, cx: &Cx, customer: CustomerId) -> Result<()> {
    let sql = "UPDATE customer_sessions SET revoked_at = $1 WHERE customer_id = $2 AND revoked_at IS NULL";
    tx.exec(sql, args![cx.now(), customer]).await?;
    Ok(())
}

const COLUMNS: &str = "c.id, c.number, c.phone_hint, a.posted, a.held";

pub(super) async fn find(sql: &mut impl Sql, id: CustomerId) -> store::Result<Option<Customer>> {
    let query = format!("SELECT {COLUMNS} FROM customers c JOIN ledger_accounts a ON a.id = c.id WHERE c.id = $1");
    sql.opt(&query, args![id], read).await
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

fn read(row: &Row) -> store::Result<Customer> {
    let (posted, held): (kernel::Fen, kernel::Fen) = (row.get("posted")?, row.get("held")?);
    let phone: Option<String> = row.get("phone_hint")?;
    Ok(Customer {
        id: row.get("id")?,
        number: row.get("number")?,
        guest: phone.is_none(),
        phone,
        balance_fen: posted,
        held_fen: held,
        available_fen: kernel::Fen::new(posted.fen() - held.fen()),
    })
}
