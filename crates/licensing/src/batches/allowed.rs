//! Whether keys may be made now: by whom, and for what. Asked again for each chunk of a large batch.

use kernel::Timestamp;
use platform::identity::UserId;
use store::Tx;

use super::model::BatchError;
use crate::grants;
use crate::projects::{self, ProjectId, ProjectState};

/// Why the agent may make no keys for the project; `None` where it may. That stays so until the transaction ends: whoever ends the grant or
/// switches the project off waits for it, and of keys that are made after they were answered there are none.
///
/// The grant first: without one the project is not there at all, its name and state are nobody else's business. Nobody else holds both, so that
/// no two wait for each other.
pub(super) async fn refusal(tx: &mut Tx, project: ProjectId, agent: UserId, now: Timestamp) -> store::Result<Option<BatchError>> {
    if !grants::held(tx, project, agent, now).await? {
        return Ok(Some(BatchError::GrantMissing));
    }
    Ok(match projects::held(tx, project).await? {
        Some(ProjectState::Active) => None,
        Some(ProjectState::Disabled) => Some(BatchError::ProjectDisabled),
        None => Some(BatchError::GrantMissing),
    })
}
