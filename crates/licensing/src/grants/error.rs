//! How grants refuse.

use kernel::{Fault, Kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantError {
    /// The agent holds a live grant for the project.
    Exists,
    /// It has ended already.
    Ended,
    /// Who is to hold it cannot sign in.
    AgentNotActive,
    EndsInPast,
}

impl From<GrantError> for Fault {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Exists => {
                Self::new(Kind::Conflict, "GRANT_EXISTS", "该代理已有此项目的授权", "The agent has a grant for this project already")
            }
            GrantError::Ended => Self::new(Kind::Conflict, "GRANT_ENDED", "授权已结束", "The grant has ended"),
            GrantError::AgentNotActive => Self::new(Kind::Conflict, "AGENT_NOT_ACTIVE", "该代理未激活或已禁用", "The agent is not active"),
            GrantError::EndsInPast => Self::field("ends_at", "IN_PAST", "到期时间必须晚于现在", "The end must be in the future"),
        }
    }
}
