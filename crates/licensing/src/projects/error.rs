//! How projects refuse.

use kernel::{Fault, Kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectError {
    NameTaken,
    /// Switched off: nothing new is granted or made.
    Disabled,
}

impl From<ProjectError> for Fault {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::NameTaken => Self::field("name", "NAME_TAKEN", "已有同名项目", "There is a project of this name"),
            ProjectError::Disabled => Self::new(Kind::Conflict, "PROJECT_DISABLED", "项目已停用", "The project is switched off"),
        }
    }
}
