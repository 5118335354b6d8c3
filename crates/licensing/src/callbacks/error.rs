//! Refusals of this context.

use kernel::{Fault, Kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    #[error("the project has no callback address")]
    NotSet,
}

impl From<CallbackError> for Fault {
    fn from(error: CallbackError) -> Self {
        match error {
            CallbackError::NotSet => {
                Self::new(Kind::Conflict, "CALLBACK_NOT_SET", "该项目尚未设置回调地址", "This project has no callback address yet")
            }
        }
    }
}
