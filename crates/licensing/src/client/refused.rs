//! Requests that are refused at the door: key, ban, time, signature, or a body that did not come. All are counted; of those that name a
//! project so many a minute have a line in its log.
//!
//! Anybody can send them: a project's API key is in each of its programs. So nothing of such a request is written but what this server
//! has seen itself, the address and which endpoint it was, and they are not among the day's verifications.

use std::sync::Arc;

use kernel::Word;
use platform::Platform;
use store::{args, insert_many};

use super::admit::Refusal;
use super::limit::Limits;
use super::log;
use super::set::{CallId, Endpoint};
use crate::keys::KeyId;
use crate::projects::ProjectId;

/// What this server has seen of a request that it refuses.
pub struct Knock<'a> {
    pub endpoint: Endpoint,
    /// HTTP's, of the answer.
    pub status: u16,
    pub address: &'a str,
}

/// Counts it, and where its project's log has room, writes a line. By itself: who does not wait for the answer is in the log all the same.
pub(crate) async fn note(platform: &Arc<Platform>, limits: &Limits, refusal: &Refusal, knock: Knock<'_>) {
    metrics::counter!("cuekey_client_refused_total", "code" => refusal.reason).increment(1);
    let Some(project) = refusal.project.as_ref().map(|project| project.id).filter(|project| limits.refusal(*project)) else { return };
    let (platform, reason, address) = (Arc::clone(platform), refusal.reason, knock.address.to_owned());
    let (endpoint, status) = (knock.endpoint, i64::from(knock.status));
    let written = tokio::spawn(async move { write(&platform, project, endpoint, status, reason, &address).await });
    if let Ok(Err(error)) = written.await {
        tracing::warn!(%error, "a refused client call was not written");
    }
}

async fn write(platform: &Platform, project: ProjectId, endpoint: Endpoint, status: i64, reason: &str, address: &str) -> store::Result<()> {
    let now = platform.clock.now();
    let id = CallId::new(now, &platform.random);
    // Refused, and no key's first use. Neither the key nor the device that it may have named.
    let row = args![id, now, project, endpoint.as_str(), status, reason, true, false, None::<KeyId>, None::<KeyId>, "", "", "", address];
    let mut tx = platform.db.begin().await?;
    insert_many(&mut tx, log::TABLE, &log::COLUMNS, vec![row], "").await?;
    tx.commit().await
}
