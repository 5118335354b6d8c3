//! Each nonce once: a request that is sent again is refused.
//!
//! A nonce is kept as a hash together with its project, so that what is kept is short and of one length, and for as long as a
//! request with it could be sent again.
//!
//! On PostgreSQL, where many processes may serve, each is a row, and two that bring the same one at once meet there. On SQLite
//! one process serves (it holds the data folder), and knows them all: they are looked up in memory ([`super::window`]), and
//! written down a set at a time, for it to know after a restart. Rows in the order of their hashes, as a unique index needs
//! them, are each in a page of their own: writing those pages was most of what SQLite wrote.

use std::collections::HashSet;
use std::sync::Arc;

use kernel::{Random, Timestamp};
use platform::{Cx, Platform};
use ring::digest;
use store::{Engine, ToValue, Tx, all_in, args, insert_many};
use uuid::Uuid;

use super::set::Ask;
use super::window::{self, Held, REMEMBERED, Window};

pub enum Nonces {
    /// This process knows all.
    Here(Arc<Window>),
    /// The database knows all.
    There,
}

/// What a set has taken. Dropped without [`Taken::keep`], it is given back: the set was not written.
pub(super) struct Taken {
    /// Which were not seen before, in this set or any.
    pub fresh: Vec<bool>,
    held: Option<Held>,
}

impl Taken {
    /// It is written.
    pub fn keep(self) {
        self.held.into_iter().for_each(Held::keep);
    }
}

impl Nonces {
    pub async fn load(platform: &Platform) -> store::Result<Self> {
        match platform.db.engine() {
            Engine::Sqlite => Ok(Self::Here(Arc::new(Window::load(platform).await?))),
            Engine::Postgres => Ok(Self::There),
        }
    }

    /// Takes and writes down those that are fresh.
    pub(super) async fn take(&self, tx: &mut Tx, asks: &[Ask], hashes: Vec<Uuid>, now: Timestamp, random: &Random) -> store::Result<Taken> {
        match self {
            Self::Here(window) => {
                let (fresh, held) = window.take(hashes.iter().map(short), now);
                held.write(tx, now, random).await?;
                Ok(Taken { fresh, held: Some(held) })
            }
            Self::There => Ok(Taken { fresh: insert(tx, asks, &hashes, random).await?, held: None }),
        }
    }
}

/// Who wrote a row first is known by the number of its set.
async fn insert(tx: &mut Tx, asks: &[Ask], hashes: &[Uuid], random: &Random) -> store::Result<Vec<bool>> {
    let set = i64::from_le_bytes(random.bytes());
    let mut seen = HashSet::with_capacity(hashes.len());
    let mut fresh: Vec<bool> = hashes.iter().map(|nonce| seen.insert(*nonce)).collect();
    let ours = |n: usize| args![hashes[n], asks[n].signed_at, set];
    let rows: Vec<_> = (0..asks.len()).filter(|n| fresh[*n]).map(ours).collect();
    let brought = rows.len() as u64;
    if insert_many(tx, "nonces", &["id", "signed_at", "set_number"], rows, "ON CONFLICT DO NOTHING").await? == brought {
        return Ok(fresh);
    }
    let all = seen.into_iter().map(ToValue::to_value).collect();
    let rows = all_in(tx, "SELECT id, set_number FROM nonces WHERE id IN", "", all, |row| {
        Ok((row.get::<Uuid>("id")?, row.get::<i64>("set_number")?))
    });
    let others: HashSet<Uuid> = rows.await?.into_iter().filter(|(_, number)| *number != set).map(|(id, _)| id).collect();
    fresh.iter_mut().zip(hashes).for_each(|(fresh, nonce)| *fresh &= !others.contains(nonce));
    Ok(fresh)
}

pub(super) fn hashes(asks: &[Ask]) -> Vec<Uuid> {
    asks.iter().map(|ask| of(ask.project.id.uuid(), &ask.nonce)).collect()
}

/// A hash of 16 bytes: whoever finds two nonces that share one has locked out a request of their own.
fn of(project: Uuid, nonce: &str) -> Uuid {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(project.as_bytes());
    context.update(nonce.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&context.finish().as_ref()[..16]);
    Uuid::from_bytes(id)
}

/// Eight bytes are enough among those of some minutes: with ten million of them, one request in 10¹² is refused wrongly, and
/// a program sends it again with another nonce.
fn short(hash: &Uuid) -> u64 {
    hash.as_u64_pair().0
}

/// Removes nonces whose requests cannot be sent again.
pub(crate) async fn forget(cx: &Cx) -> platform::Result<()> {
    match cx.db.engine() {
        Engine::Sqlite => window::forget_sets(cx).await,
        Engine::Postgres => forget_rows(cx).await,
    }
}

/// Nonces older than the window cannot come back: their time would be refused. An index by time would cost every verification
/// more than this walk does, which goes over all of them in the order of their hashes, a part at a time.
async fn forget_rows(cx: &Cx) -> platform::Result<()> {
    let before = cx.now().plus_micros(-REMEMBERED).unix();
    for part in 0..=u8::MAX {
        let (mut from, mut to) = ([0; 16], [u8::MAX; 16]);
        (from[0], to[0]) = (part, part);
        let mut tx = cx.db.begin().await?;
        let sql = "DELETE FROM nonces WHERE id >= $1 AND id <= $2 AND signed_at < $3";
        tx.exec(sql, args![Uuid::from_bytes(from), Uuid::from_bytes(to), before]).await?;
        tx.commit().await?;
    }
    Ok(())
}
