//! What an application is.

use kernel::{Fault, Timestamp, text};
use platform::identity::UserRef;
use serde::{Deserialize, Serialize};

use super::error::ApplicationError;
use crate::projects::{ProjectId, ProjectRef};

kernel::id!(
    /// 授权申请
    ApplicationId, ApplicationEntity, "apl"
);

kernel::words! {
    pub enum ApplicationState { Pending = "pending", Approved = "approved", Refused = "refused", Withdrawn = "withdrawn" }
}

kernel::words! {
    /// Which applications a list shows.
    pub enum ApplicationScope {
        /// Those that I sent.
        Mine = "mine",
        /// Those that I may decide.
        Review = "review",
    }
}

impl ApplicationState {
    /// An application is decided, or withdrawn, once.
    pub fn decided(self, to: Self) -> Result<Self, ApplicationError> {
        match self {
            Self::Pending => Ok(to),
            Self::Approved | Self::Refused | Self::Withdrawn => Err(ApplicationError::NotPending),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Application {
    pub id: ApplicationId,
    pub project: ProjectRef,
    pub agent: UserRef,
    pub reason: String,
    pub state: ApplicationState,
    /// Who decided, or who is to decide; absent: any super admin.
    pub reviewer: Option<UserRef>,
    pub note: String,
    pub created_at: Timestamp,
    pub reviewed_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApplication {
    pub project_id: ProjectId,
    pub reason: String,
}

#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The grant's end.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
    #[serde(default)]
    pub note: String,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Why; the agent reads it.
    pub note: String,
}

pub fn reason(given: &str) -> Result<String, Fault> {
    text::clean(given, 1, 500, true).map_err(|(code, zh, en)| Fault::field("reason", code, zh, en))
}

#[cfg(test)]
mod tests {
    use kernel::Word;

    use super::*;

    #[test]
    fn only_what_waits_can_be_decided() {
        for from in ApplicationState::ALL {
            for to in ApplicationState::ALL {
                assert_eq!(from.decided(*to).ok(), (*from == ApplicationState::Pending).then_some(*to), "{from} {to}");
            }
        }
    }

    #[test]
    fn k2_2b_an_application_has_a_reason_and_not_a_book() {
        assert_eq!(reason("  for\nmy shop ").unwrap(), "for\nmy shop");
        assert_eq!(reason(&"x".repeat(500)).unwrap().len(), 500);
        for (bad, code) in [(String::new(), "REQUIRED"), ("  ".into(), "REQUIRED"), ("x".repeat(501), "TOO_LONG")] {
            let fault = reason(&bad).unwrap_err();
            assert_eq!((fault.fields[0].field.as_str(), fault.fields[0].code), ("reason", code));
        }
    }
}
