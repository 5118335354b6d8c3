//! Sessions: revocable tokens, held as hashes.

use ::store::{Index, Look, Row, Sql, Tx, args};
use kernel::{Fault, HOUR, Kind, MINUTE, Page, PageAsk, Timestamp};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Principal, Role, SessionId, UserId};
use crate::settings::defs;
use crate::vault::Purpose;
use crate::{Cx, Result};

const TOKEN: Purpose = Purpose("session token");
/// Its last use is written down at most this often.
const SEEN_EVERY: i64 = MINUTE;

/// Who a token belongs to, and what must be done before anything else.
#[derive(Debug, Clone)]
pub struct Authenticated {
    pub principal: Principal,
    pub must_change_password: bool,
    /// The role needs a second factor and this user has none yet.
    pub must_set_second_factor: bool,
}

/// A new session for a user whose identity has been proved. The token is told once.
pub async fn start(tx: &mut Tx, cx: &Cx, user: UserId) -> Result<(SessionId, Zeroizing<String>)> {
    let now = cx.now();
    let token = Zeroizing::new(cx.random.secret::<32>("cks_"));
    let id: SessionId = cx.id();
    let expires = now.plus_micros(cx.settings.get(defs::SESSION_HOURS).saturating_mul(HOUR));
    let sql = "INSERT INTO sessions (id, user_id, token_hash, address, agent, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";
    let hash = cx.vault.hash(TOKEN, token.as_bytes());
    tx.exec(sql, args![id, user, hash, cx.origin.address.as_str(), cx.origin.agent.as_str(), now, expires]).await?;
    Ok((id, token))
}

/// Whose token this is. Read from the database each time, so that a revoked session or a disabled user stops at once.
pub async fn authenticate(cx: &Cx, token: &str) -> Result<Authenticated> {
    let now = cx.now();
    let sql = "SELECT s.id AS session_id, s.last_seen_at, u.id, u.name, u.role, u.superior_id, u.must_change_password, u.totp_enabled_at \
               FROM sessions s JOIN users u ON u.id = s.user_id \
               WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND s.last_seen_at >= $3 AND u.state = 'active'";
    let hash = cx.vault.hash(TOKEN, token.as_bytes());
    let found = cx
        .db
        .read()
        .opt(sql, args![hash, now, unused_since(cx, now)], |row| {
            let role: Role = row.word("role")?;
            let principal = Principal {
                id: row.get("id")?,
                name: row.get("name")?,
                role,
                superior: row.get("superior_id")?,
                session: row.get("session_id")?,
            };
            let second_factor = row.get::<Option<Timestamp>>("totp_enabled_at")?.is_some();
            Ok((principal, row.get::<bool>("must_change_password")?, second_factor, row.get::<Timestamp>("last_seen_at")?))
        })
        .await?;
    let (principal, must_change_password, second_factor, seen) = found.ok_or_else(ended)?;
    if now.micros() - seen.micros() > SEEN_EVERY {
        let mut tx = cx.db.begin().await?;
        tx.exec("UPDATE sessions SET last_seen_at = $1 WHERE id = $2", args![now, principal.session]).await?;
        tx.commit().await?;
    }
    let needed = cx.settings.get(defs::SECOND_FACTOR_ROLES);
    let must_set_second_factor = !second_factor && needed.iter().any(|role| role == kernel::Word::as_str(principal.role));
    Ok(Authenticated { principal, must_change_password, must_set_second_factor })
}

fn ended() -> Fault {
    Fault::new(Kind::Unauthenticated, "SESSION_INVALID", "登录已失效，请重新登录", "Your session has ended; please sign in again")
}

/// A session that was last used before this has ended.
fn unused_since(cx: &Cx, now: Timestamp) -> Timestamp {
    match cx.settings.get(defs::SESSION_IDLE_MINUTES) {
        0 => Timestamp::from_micros(0),
        minutes => now.plus_micros(-(minutes.saturating_mul(MINUTE).saturating_add(SEEN_EVERY))),
    }
}

/// A new token for the session that asks: the one before is of no use any more. For after a privilege was gained, where who has seen the
/// old token must not share it.
pub async fn renew(cx: &Cx) -> Result<Zeroizing<String>> {
    let token = Zeroizing::new(cx.random.secret::<32>("cks_"));
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE sessions SET token_hash = $1 WHERE id = $2 AND revoked_at IS NULL";
    tx.exec(sql, args![cx.vault.hash(TOKEN, token.as_bytes()), cx.user()?.session]).await?;
    tx.commit().await?;
    Ok(token)
}

/// Ends the session of this token, if it is one: somebody signs in anew in the same browser.
pub async fn replace(cx: &Cx, token: &str) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE sessions SET revoked_at = $1 WHERE token_hash = $2 AND revoked_at IS NULL RETURNING user_id";
    let ended = tx.opt(sql, args![cx.now(), cx.vault.hash(TOKEN, token.as_bytes())], |row| row.get::<UserId>("user_id")).await?;
    if let Some(user) = ended {
        wake(&mut tx, cx, user);
    }
    Ok(tx.commit().await?)
}

/// Ends all sessions of a user but `except`. Answers how many.
pub async fn end_all(tx: &mut Tx, cx: &Cx, user: UserId, except: Option<SessionId>) -> Result<u64> {
    let except = except.map_or(uuid::Uuid::nil(), |id| id.uuid());
    let sql = "UPDATE sessions SET revoked_at = $1 WHERE user_id = $2 AND revoked_at IS NULL AND id <> $3";
    wake(tx, cx, user);
    Ok(tx.exec(sql, args![cx.now(), user, except]).await?)
}

/// Ends the sessions of all users, but for the one that asks. Answers how many. Pages that are open notice when they look next
/// whether theirs holds: all at once would be as many looks at the database.
pub async fn end_everybodys(tx: &mut Tx, cx: &Cx, except: SessionId) -> Result<u64> {
    let sql = "UPDATE sessions SET revoked_at = $1 WHERE revoked_at IS NULL AND expires_at > $1 AND id <> $2";
    Ok(tx.exec(sql, args![cx.now(), except]).await?)
}

/// Whether a session that was good still is: for connections that stay open.
pub async fn holds(cx: &Cx, session: SessionId) -> Result<bool> {
    is_good(&mut cx.db.read(), cx, session).await
}

async fn is_good(sql: &mut impl Sql, cx: &Cx, session: SessionId) -> Result<bool> {
    let query = "SELECT 1 AS one FROM sessions s JOIN users u ON u.id = s.user_id \
                 WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND s.last_seen_at >= $3 AND u.state = 'active'";
    let now = cx.now();
    Ok(sql.opt(query, args![session, now, unused_since(cx, now)], |_| Ok(())).await?.is_some())
}

/// Refuses where the session that asked has ended since, or its user was disabled: for what goes on for longer than a moment.
pub async fn still(cx: &Cx) -> Result<()> {
    if holds(cx, cx.user()?.session).await? { Ok(()) } else { Err(ended()) }
}

/// The same for one of several transactions. Until it ends nobody disables the user: what was begun before is done when that is answered, and
/// nothing follows.
pub async fn still_in(tx: &mut Tx, cx: &Cx) -> Result<()> {
    let user = cx.user()?;
    let held = format!("SELECT id FROM users WHERE id = $1{}", tx.for_share());
    tx.opt(&held, args![user.id], |_| Ok(())).await?;
    if is_good(tx, cx, user.session).await? { Ok(()) } else { Err(ended()) }
}

/// Ends one session, if it is this user's and has not ended yet.
pub async fn end(tx: &mut Tx, cx: &Cx, user: UserId, id: SessionId) -> Result<bool> {
    let sql = "UPDATE sessions SET revoked_at = $1 WHERE id = $2 AND user_id = $3 AND revoked_at IS NULL AND expires_at > $1";
    wake(tx, cx, user);
    Ok(tx.exec(sql, args![cx.now(), id, user]).await? == 1)
}

/// Live pages look at once whether their session still holds.
fn wake(tx: &mut Tx, cx: &Cx, user: UserId) {
    let hub = cx.hub.clone();
    tx.on_commit(move || hub.wake(user));
}

/// A session as its user sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionInfo {
    pub id: SessionId,
    /// The one that asks.
    pub current: bool,
    pub address: String,
    pub agent: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
}

const OPEN: Index = Index { name: "sessions_user", columns: &["user_id"] };

/// The asker's own sessions that are open, newest first.
pub async fn list(cx: &Cx, ask: &PageAsk) -> Result<Page<SessionInfo>> {
    let (user, now) = (cx.user()?, cx.now());
    let mut look = Look::new("sessions", "id");
    look.by(&OPEN)
        .along("user_id", user.id)
        .partial("t.revoked_at IS NULL")
        .rest("s.expires_at > ?", now)
        .rest("s.last_seen_at >= ?", unused_since(cx, now));
    let select = "SELECT s.id, s.address, s.agent, s.created_at, s.last_seen_at, s.expires_at FROM sessions s";
    let read = |row: &Row| {
        let id: SessionId = row.get("id")?;
        Ok(SessionInfo {
            id,
            current: id == user.session,
            address: row.get("address")?,
            agent: row.get("agent")?,
            created_at: row.get("created_at")?,
            last_seen_at: row.get("last_seen_at")?,
            expires_at: row.get("expires_at")?,
        })
    };
    Ok(look.page(&mut cx.db.read(), select, "s.id", ask, read, |session| session.id.uuid()).await?)
}
