//! How applications refuse.

use kernel::{Fault, Kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationError {
    /// The agent's application for this project waits already.
    Exists,
    /// Somebody has decided it, or it was withdrawn.
    NotPending,
}

impl From<ApplicationError> for Fault {
    fn from(error: ApplicationError) -> Self {
        match error {
            ApplicationError::Exists => Self::new(
                Kind::Conflict,
                "APPLICATION_EXISTS",
                "您已申请此项目，请等待审核",
                "Your application for this project waits already",
            ),
            ApplicationError::NotPending => {
                Self::new(Kind::Conflict, "NOT_PENDING", "该申请已处理", "This application has been decided or withdrawn")
            }
        }
    }
}
