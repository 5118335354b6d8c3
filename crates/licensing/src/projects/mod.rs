//! Projects 项目, as far as callbacks need them.

use serde::{Deserialize, Serialize};

kernel::id!(
    /// 项目
    ProjectId, ProjectEntity, "prj"
);

/// Every process that remembers projects loads them again when this topic moves.
pub const TOPIC: &str = "projects";

kernel::words! {
    /// What a project's owner can be called back for.
    pub enum CallbackEvent {
        KeyActivated = "key.activated",
        KeyVerified = "key.verified",
        KeyRefused = "key.refused",
        KeyExpired = "key.expired",
        KeyUnbound = "key.unbound",
        BatchCreated = "batch.created",
    }
}

/// A project in somebody else's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectRef {
    pub id: ProjectId,
    pub name: String,
}
