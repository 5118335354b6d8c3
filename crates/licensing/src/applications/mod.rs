//! Applications 申请授权 (K2.2b): an agent asks for a project, its superior decides, and approval makes the grant.
//!
//! Begin with [`Application`], then [`apply`] and [`approve`].
//!
//! **Invariant**: an agent has at most one pending application for a project, and each is decided once.

mod error;
mod model;
mod service;
mod store;

pub use error::ApplicationError;
pub use model::{Application, ApplicationEntity, ApplicationId, ApplicationScope, ApplicationState, Approval, NewApplication, Refusal};
pub use service::{ApplicationFilter, apply, approve, choices, list, refuse, withdraw};
pub use store::pending;
