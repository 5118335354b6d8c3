//! Each nonce once: a request that is sent again is refused.
//!
//! A nonce is kept as a hash together with its project, so that what is kept is short and of one length, and for as long as a
//! request with it could be sent again. Who wrote it first is known by the number of its set: two sets that bring the same
//! nonce at once meet at the unique row, and the later finds the earlier's number there.

use std::collections::HashSet;

use kernel::Random;
use ring::digest;
use store::{ToValue, Tx, all_in, args, insert_many};
use uuid::Uuid;

use super::set::Ask;

pub(super) struct Nonces(Vec<Uuid>);

impl Nonces {
    pub fn of(asks: &[Ask]) -> Self {
        Self(asks.iter().map(|ask| of(ask.project.id.uuid(), &ask.nonce)).collect())
    }

    /// Writes them down; answers which were not seen before, in this set or any.
    pub async fn take(&self, tx: &mut Tx, asks: &[Ask], random: &Random) -> store::Result<Vec<bool>> {
        let set = i64::from_le_bytes(random.bytes());
        let mut seen = HashSet::with_capacity(self.0.len());
        let mut fresh: Vec<bool> = self.0.iter().map(|nonce| seen.insert(*nonce)).collect();
        let ours = |n: usize| args![self.0[n], asks[n].signed_at, set];
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
        fresh.iter_mut().zip(&self.0).for_each(|(fresh, nonce)| *fresh &= !others.contains(nonce));
        Ok(fresh)
    }
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
