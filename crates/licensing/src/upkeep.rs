//! What licensing does by the clock and by jobs.

use std::sync::Arc;

use platform::Cx;
use platform::upkeep::{Schedule, sweep};
use store::jobs::{Handlers, JobKind, Outcome};
use store::{Sql, Sweep, args};

use crate::{Licensing, batches, callbacks, client, export, grants};

const EXPIRE: JobKind = JobKind::new("keys.expire");
const NONCES: JobKind = JobKind::new("client.nonces");

pub const SCHEDULES: &[Schedule] = &[
    grants::SCHEDULE,
    Schedule { kind: EXPIRE, every_seconds: 60 },
    Schedule { kind: NONCES, every_seconds: 120 },
    Schedule { kind: export::FORGET, every_seconds: 600 },
];

/// What is of no use any more, and when.
pub const SWEEPS: &[Sweep] = &[client::NONCE_SETS, export::OVER];
const LINKS: &[Sweep] = &[export::OVER];

/// Licensing's handlers of jobs.
pub fn handlers(handlers: &mut Handlers<Cx>, licensing: &Arc<Licensing>) {
    let own = Arc::clone(licensing);
    handlers.add(callbacks::JOB, move |cx, job| callbacks::send_job(Arc::clone(&own), cx, job));
    handlers.add(callbacks::FAILED_JOB, callbacks::failed_job);
    grants::handlers(handlers);
    handlers.add(batches::GENERATE_JOB, batches::generate_job);
    handlers.add(batches::CANCEL_JOB, batches::cancel_job);
    handlers.add(EXPIRE, |cx, _| async move { outcome(expire(&cx).await) });
    handlers.add(NONCES, |cx, _| async move { outcome(client::forget_nonces(&cx).await) });
    handlers.add(export::FORGET, |cx, _| sweep(cx, LINKS));
}

fn outcome(result: platform::Result<()>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// Writes down what the clock has decided: keys whose validity is over are `expired` (K3.2b), and their project is told.
async fn expire(cx: &Cx) -> platform::Result<()> {
    loop {
        let mut tx = cx.db.begin().await?;
        let lock = tx.for_update();
        // Found by their end; locked by their id, as everybody locks keys, and only if they still are as they were found.
        let sql = format!(
            "SELECT id, project_id FROM keys WHERE id IN (SELECT id FROM keys WHERE expires_at <= $1 AND expires_at IS NOT NULL \
             AND state IN ('active', 'unused') ORDER BY expires_at, id LIMIT 1000) AND state IN ('active', 'unused') ORDER BY id{lock}"
        );
        let over: Vec<(crate::keys::KeyId, crate::projects::ProjectId)> =
            tx.all(&sql, args![cx.now()], |row| Ok((row.get("id")?, row.get("project_id")?))).await?;
        if over.is_empty() {
            return Ok(());
        }
        let rows = over.iter().map(|(id, _)| args![*id, kernel::Word::as_str(crate::keys::KeyState::Expired)]).collect();
        store::update_many(&mut tx, "keys", &["id", "state"], rows).await?;
        crate::events::keys_expired(&mut tx, cx, &over).await?;
        tx.commit().await?;
    }
}
