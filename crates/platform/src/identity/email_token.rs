//! Links sent by e-mail: a secret that is good once, until it expires, held as a hash. One that expires later than any can that is made now was made by
//! a clock that was ahead, and is not good: by ours it would be so for longer than it may.

use ::store::{Sql, Tx, args};
use kernel::{APART, DAY, HOUR, Timestamp};
use zeroize::Zeroizing;

use super::{AccountError, UserId};
use crate::vault::Purpose;
use crate::{Cx, Result};

kernel::id!(EmailTokenId, EmailTokenEntity, "emt");

const TOKEN: Purpose = Purpose("e-mail token");

kernel::words! {
    pub enum LinkPurpose { Verify = "verify", Reset = "reset" }
}

impl LinkPurpose {
    const fn lifetime(self) -> i64 {
        match self {
            Self::Verify => DAY,
            Self::Reset => HOUR,
        }
    }

    /// When a link expires at the latest. Another process, whose clock is not quite ours, may have made it.
    fn latest(self, now: Timestamp) -> Timestamp {
        now.plus_micros(self.lifetime() + APART)
    }

    /// The console's page that reads the link.
    const fn page(self) -> &'static str {
        match self {
            Self::Verify => "verify-email",
            Self::Reset => "reset-password",
        }
    }
}

/// Writes a new token into the caller's transaction; answers the link for the mail.
pub async fn link(tx: &mut Tx, cx: &Cx, user: UserId, purpose: LinkPurpose) -> Result<String> {
    let (now, token) = (cx.now(), Zeroizing::new(cx.random.secret::<32>("cke_")));
    let id: EmailTokenId = cx.id();
    let sql = "INSERT INTO email_tokens (id, user_id, purpose, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let hash = cx.vault.hash(TOKEN, token.as_bytes());
    tx.exec(sql, args![id, user, kernel::Word::as_str(purpose), hash, now, now.plus_micros(purpose.lifetime())]).await?;
    Ok(format!("{}/{}?token={}", cx.install.public_url, purpose.page(), token.as_str()))
}

/// Whose token this is, if it is still good; it stays so.
pub async fn look(cx: &Cx, token: &str, purpose: LinkPurpose) -> Result<UserId> {
    let sql = "SELECT user_id FROM email_tokens \
               WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 AND expires_at <= $4";
    let (hash, now) = (cx.vault.hash(TOKEN, token.as_bytes()), cx.now());
    let values = args![hash, kernel::Word::as_str(purpose), now, purpose.latest(now)];
    let found = cx.db.read().opt(sql, values, |row| row.get("user_id")).await?;
    Ok(found.ok_or(AccountError::TokenInvalid)?)
}

/// Holds a user whose link is to be used up: before its links, as whoever voids them does, so that no two wait for each other.
pub async fn hold(tx: &mut Tx, user: UserId) -> Result<()> {
    let sql = format!("SELECT id FROM users WHERE id = $1{}", tx.for_update());
    tx.opt(&sql, args![user], |_| Ok(())).await?;
    Ok(())
}

/// Uses the token up. Of two at once one wins.
pub async fn use_up(tx: &mut Tx, cx: &Cx, token: &str, purpose: LinkPurpose) -> Result<UserId> {
    let sql = "UPDATE email_tokens SET used_at = $1 \
               WHERE token_hash = $2 AND purpose = $3 AND used_at IS NULL AND expires_at > $1 AND expires_at <= $4 RETURNING user_id";
    let (hash, now) = (cx.vault.hash(TOKEN, token.as_bytes()), cx.now());
    let values = args![now, hash, kernel::Word::as_str(purpose), purpose.latest(now)];
    let found = tx.opt(sql, values, |row| row.get("user_id")).await?;
    Ok(found.ok_or(AccountError::TokenInvalid)?)
}

/// Makes all of a user's unused links of this purpose useless.
pub async fn void(tx: &mut Tx, cx: &Cx, user: UserId, purpose: LinkPurpose) -> Result<()> {
    let sql = "UPDATE email_tokens SET used_at = $1 WHERE user_id = $2 AND purpose = $3 AND used_at IS NULL";
    tx.exec(sql, args![cx.now(), user, kernel::Word::as_str(purpose)]).await?;
    Ok(())
}
