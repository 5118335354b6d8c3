//! Writing users.

use ::store::{Tx, args};
use kernel::{Lang, Word, text};

use super::{Role, UserId, UserState, tries};
use crate::{Cx, Result, ledger};

/// A user to be written. Name and e-mail have been cleaned and checked.
pub struct NewUserRow<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub role: Role,
    pub state: UserState,
    pub password_hash: &'a str,
    pub must_change_password: bool,
    pub language: Lang,
    pub superior: Option<UserId>,
}

/// Writes a user, as made by who is signed in, and its quota account where its role holds one. `None` when the name or the address is taken.
pub async fn insert_user(tx: &mut Tx, cx: &Cx, user: &NewUserRow<'_>) -> Result<Option<UserId>> {
    let id: UserId = cx.id();
    // Of what a demo and tests write, by whom it is under.
    let maker = cx.user().ok().map(|maker| maker.id).or(user.superior);
    let sql = "INSERT INTO users (id, name, name_key, name_hash, email, email_key, role, state, password_hash, must_change_password, language, superior_id, made_by, totp_last_step, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14) ON CONFLICT DO NOTHING";
    let written = tx
        .exec(
            sql,
            args![
                id,
                user.name,
                text::fold(user.name),
                tries::hash(cx, &text::fold(user.name)),
                user.email,
                text::fold(user.email),
                user.role.as_str(),
                user.state.as_str(),
                user.password_hash,
                user.must_change_password,
                user.language.as_str(),
                user.superior,
                maker,
                cx.now(),
            ],
        )
        .await?;
    if written == 0 {
        return Ok(None);
    }
    if user.role.holds_quota() {
        ledger::open_user_account(tx, cx, id).await?;
    }
    Ok(Some(id))
}
