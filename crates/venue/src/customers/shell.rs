//! A shell: a customer whom a desk has written down by a phone that was said there ([`walk_in`](super::walk_in)), and as whom nobody has ever signed
//! in. The number may have become somebody else's since, or have been mistyped: it is in nobody's way. Whoever changes theirs to it, and shows that
//! they hold its phone, has all that stands there, as by signing in; and the staff can take it off ([`take_phone_off`](super::take_phone_off)).
//!
//! **Invariant**: as whom somebody has signed in once, however long ago, is nobody's shell (`customers.signed_in_at`).
//! **Invariant**: nothing of a shell is left behind: while it plays it becomes nobody.

use kernel::{Fault, Kind, Timestamp};
use platform::{Cx, Result};
use store::{Row, Sql as _, Tx, args};

use super::code::phone_hash;
use super::join::{carry_over, clear_phone, lock_both};
use super::model::CustomerId;
use super::whose::{self, Ways};

/// Whose a number is that somebody has shown to be theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Nobody,
    Shell(CustomerId),
    /// A customer's who has signed in.
    Another,
}

/// Whose a number is, and locks them with whoever asks. Who comes by it in the same moment is refused by the database itself.
pub(super) async fn holder(tx: &mut Tx, cx: &Cx, who: CustomerId, digits: &str) -> Result<Holder> {
    let sql = "SELECT id FROM customers WHERE phone_hash = $1";
    let holds = args![phone_hash(cx, digits)];
    let Some(other) = tx.opt(sql, holds, |row| row.get::<CustomerId>("id")).await? else { return Ok(Holder::Nobody) };
    lock_both(tx, who, other).await?;
    // Looked at again: before this had the lock somebody may have signed in there, or the staff have taken the number off.
    let sql = "SELECT id FROM customers WHERE id = $1 AND phone_hash = $2";
    let holds = args![other, phone_hash(cx, digits)];
    if tx.opt(sql, holds, |row| row.get::<CustomerId>("id")).await?.is_none() {
        return Ok(Holder::Nobody);
    }
    Ok(if is_shell(tx, other).await? { Holder::Shell(other) } else { Holder::Another })
}

/// Whether a customer, who is locked, is one.
pub(super) async fn is_shell(tx: &mut Tx, id: CustomerId) -> Result<bool> {
    let sql = "SELECT phone_hint, wechat, signed_in_at FROM customers WHERE id = $1";
    let read = |row: &Row| {
        let ways = Ways { phone: row.get::<Option<String>>("phone_hint")?.is_some(), wechat: row.get("wechat")? };
        Ok(whose::is_shell(ways, row.get::<Option<Timestamp>>("signed_in_at")?.is_some()))
    };
    Ok(tx.opt(sql, args![id], read).await?.unwrap_or(false))
}

/// All of a shell becomes the customer's who has shown that its number is theirs; the number is nobody's then. Both are locked.
pub(super) async fn absorb(tx: &mut Tx, cx: &Cx, shell: CustomerId, who: CustomerId) -> Result<()> {
    carry_over(tx, cx, shell, who).await.map_err(|fault| if fault.code == "FINISH_FIRST" { in_play() } else { fault })?;
    clear_phone(tx, shell).await
}

fn in_play() -> Fault {
    let (zh, en) = (
        "前台用这个手机号开的球台还在使用，请在结束后再更换",
        "A table that the desk has opened for this number is in use; please change to it when that is over",
    );
    Fault::new(Kind::Conflict, "PHONE_IN_PLAY", zh, en)
}
