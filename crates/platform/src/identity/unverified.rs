//! Sign-ups that nobody verified 未验证的注册 (K1.1): after a week they are forgotten, and name and address are free again. An address may be
//! mistyped, or somebody else's, who would not get an account otherwise; and whoever signs up a thousand times leaves nothing for ever.
//!
//! **Invariant**: nothing else refers to who is forgotten. Such a user has never signed in, holds no grant, and is in no hall; one to whom somebody
//! gave quota, or who was told something, stays. What the logs say of it stays, too.

use ::store::{Sql, Tx, args, first_id};
use kernel::{DAY, Timestamp};

use super::{UserId, email_token};
use crate::{Cx, Result, audit, ledger};

const KEPT: i64 = 7 * DAY;

/// Made before `$1`, and without a link that is still good at `$2`.
const FORGETTABLE: &str = "SELECT u.id, u.name FROM users u JOIN ledger_accounts a ON a.id = u.id \
    WHERE u.role = 'agent' AND u.state = 'pending' AND u.id < $1 AND a.entries = 0 \
    AND NOT EXISTS (SELECT 1 FROM email_tokens t WHERE t.user_id = u.id AND t.expires_at > $2) \
    AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.user_id = u.id)";

/// Forgets all that are old enough, each in a transaction of its own: the database looks through all that could refer to it.
pub(crate) async fn forget(cx: &Cx) -> Result<()> {
    let first = format!("{FORGETTABLE} ORDER BY u.id LIMIT 1");
    loop {
        let now = cx.now();
        let next = cx.db.read().opt(&first, args![first_id(kept_since(now)), now], |row| row.get::<UserId>("id")).await?;
        let Some(next) = next else { return Ok(()) };
        if !forget_one(cx, next).await? {
            return Ok(());
        }
    }
}

fn kept_since(now: Timestamp) -> Timestamp {
    now.plus_micros(-KEPT)
}

/// False where it has changed meanwhile: it is looked at the next time.
async fn forget_one(cx: &Cx, user: UserId) -> Result<bool> {
    let now = cx.now();
    let mut tx = cx.db.begin().await?;
    email_token::hold(&mut tx, user).await?;
    let still = format!("{FORGETTABLE} AND u.id = $3");
    let name = tx.opt(&still, args![first_id(kept_since(now)), now, user], |row| row.get::<String>("name")).await?;
    let Some(name) = name else { return Ok(false) };
    remove(&mut tx, user).await?;
    audit::record(&mut tx, cx, &audit::SIGN_UP_FORGOTTEN, Some(user.into()), &serde_json::json!({"name": name})).await?;
    tx.commit().await?;
    Ok(true)
}

async fn remove(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.exec("DELETE FROM email_tokens WHERE user_id = $1", args![user]).await?;
    ledger::close_user_account(tx, user).await?;
    tx.exec("DELETE FROM users WHERE id = $1", args![user]).await?;
    Ok(())
}
