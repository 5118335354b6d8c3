//! What is remembered of a name between sign-ins, and writing the sign-in log 登录日志.
//!
//! Failures are counted by name, in `name_tries`, whether or not somebody has it, and forgotten two days after the last try: an
//! unknown name costs what a known one does, needs a captcha after as many failures, and locks as well.

use ::store::{Sql, Tx, args};
use kernel::{Fault, Timestamp, text};
use uuid::Uuid;

use super::lockout::{Record, Rules};
use super::sign_in_log::{SignInId, SignInResult};
use super::{Role, UserId, UserState};
use crate::settings::defs;
use crate::vault::Purpose;
use crate::{Cx, Result};

pub(crate) const NAME: Purpose = Purpose("sign-in name");
/// Longer than any name can be; what is longer is cut before work is done with it.
const LONGEST: usize = 64;

/// A name as somebody typed it.
pub(super) struct Typed {
    /// For the log: short, and without what cannot be seen.
    pub shown: String,
    pub key: String,
}

impl Typed {
    pub fn new(name: &str) -> Self {
        let shown: String = name.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        Self { key: text::fold(&shown), shown }
    }
}

/// Somebody of that name.
#[derive(Clone)]
pub(super) struct Known {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub superior: Option<UserId>,
    pub state: UserState,
    pub password_hash: String,
}

/// A try that is under way.
pub(super) struct Try {
    pub typed: Typed,
    pub user: Option<Known>,
    pub record: Record,
    name_hash: [u8; 32],
}

pub(super) fn rules(cx: &Cx) -> Rules {
    Rules {
        captcha_after: cx.settings.get(defs::CAPTCHA_AFTER),
        lock_after: cx.settings.get(defs::LOCK_AFTER),
        lock_minutes: cx.settings.get(defs::LOCK_MINUTES),
    }
}

impl Try {
    /// Finds what is remembered of the name, and holds it until the transaction ends.
    pub async fn begin(tx: &mut Tx, cx: &Cx, typed: Typed) -> Result<Self> {
        let name_hash = hash(cx, &typed.key);
        let sql = "INSERT INTO name_tries (name_hash, failures, tried_at) VALUES ($1, 0, $2) \
                   ON CONFLICT (name_hash) DO UPDATE SET tried_at = excluded.tried_at RETURNING failures, locked_until";
        let record = tx
            .one(sql, args![name_hash, cx.now()], |row| {
                Ok(Record { failures: row.get("failures")?, locked_until: row.get("locked_until")? })
            })
            .await?;
        // Where nobody has that name, the row of the next one is read: by the same steps through the same index, so that it takes as long. (After
        // the last name it is the last one's.)
        let sql = "SELECT id, name, name_key, role, superior_id, state, password_hash FROM users WHERE name_key = \
                   COALESCE((SELECT name_key FROM users WHERE name_key >= $1 ORDER BY name_key LIMIT 1), (SELECT MAX(name_key) FROM users))";
        let read = tx.opt(sql, args![typed.key.as_str()], |row| {
            let known = Known {
                id: row.get("id")?,
                name: row.get("name")?,
                role: row.word("role")?,
                superior: row.get("superior_id")?,
                state: row.word("state")?,
                password_hash: row.get("password_hash")?,
            };
            Ok((row.get::<String>("name_key")?, known))
        });
        let user = read.await?.filter(|(name_key, _)| *name_key == typed.key).map(|(_, known)| known);
        Ok(Self { typed, user, record, name_hash })
    }

    pub async fn save(&mut self, tx: &mut Tx, record: Record) -> Result<()> {
        self.record = record;
        let sql = "UPDATE name_tries SET failures = $1, locked_until = $2 WHERE name_hash = $3";
        tx.exec(sql, args![record.failures, record.locked_until, self.name_hash]).await?;
        Ok(())
    }

    /// Takes back that this try was counted: it was no failure, or was never looked at.
    pub async fn give_back(&self, tx: &mut Tx) -> Result<()> {
        // Others may have counted meanwhile, so it is subtracted; a lock is lifted only if this try had set it.
        let sql = "UPDATE name_tries SET failures = failures - 1, locked_until = CASE WHEN locked_until = $1 THEN NULL ELSE locked_until END \
                   WHERE name_hash = $2 AND failures > 0";
        tx.exec(sql, args![self.record.locked_until.unwrap_or(Timestamp::from_micros(0)), self.name_hash]).await?;
        Ok(())
    }

    /// One line of the sign-in log. A name that nobody has gets an id that nobody has ([`nobody`]): without one, all such lines lie at the end of
    /// an index, and those that name a user at its place within, which takes some microseconds longer for who can measure them.
    pub async fn log(&self, tx: &mut Tx, cx: &Cx, result: SignInResult) -> Result<()> {
        let id: SignInId = cx.id();
        let user = self.user.as_ref().map_or_else(|| nobody(&self.name_hash), |user| user.id);
        let sql = "INSERT INTO sign_ins (id, at, name, user_id, result, address, agent) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let (address, agent) = (cx.origin.address.as_str(), cx.origin.agent.as_str());
        tx.exec(sql, args![id, cx.now(), self.typed.shown.as_str(), user, kernel::Word::as_str(result), address, agent]).await?;
        Ok(())
    }

    /// Whether the next try will have to bring a captcha.
    pub fn captcha_next(&self, cx: &Cx) -> bool {
        self.record.failures >= cx.settings.get(defs::CAPTCHA_AFTER)
    }

    /// Seconds of the lock that this try's failure made.
    pub fn locked(&self, now: Timestamp) -> Option<i64> {
        self.record.locked_until.map(|until| until.seconds_since(now))
    }
}

/// Stands in the sign-in log for a user where there is none: the same for each try with that name, and no user's, whose ids are made from the
/// time. The log is read together with the users, so that it shows nobody.
fn nobody(name_hash: &[u8; 32]) -> UserId {
    UserId::from_uuid(Uuid::from_bytes(std::array::from_fn(|n| name_hash[n])))
}

/// By what a name's tries are found; `key` is the name, folded.
pub(super) fn hash(cx: &Cx, key: &str) -> [u8; 32] {
    cx.vault.hash(NAME, key.as_bytes())
}

/// Forgets a user's failures and lifts its lock, whoever counts on: a reset password, or an admin, has settled it. Answers whether
/// there was anything to forget.
pub async fn forgive(tx: &mut Tx, user: UserId) -> std::result::Result<bool, Fault> {
    let sql = "UPDATE name_tries SET failures = 0, locked_until = NULL \
               WHERE name_hash = (SELECT name_hash FROM users WHERE id = $1) AND (failures > 0 OR locked_until IS NOT NULL)";
    Ok(tx.exec(sql, args![user]).await? > 0)
}
