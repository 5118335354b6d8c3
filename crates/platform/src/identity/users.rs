//! Users as those see them who manage them (K1.4): a super admin everybody, an agent admin the agents it created, a manager of halls the maintainers
//! that it made ([`model`] says why no others).
//!
//! - [`model`]: who may create and disable whom.
//! - [`create`](create()), [`Prepared`], [`list`](list()), [`get`], and what is done to one: [`disable`], [`enable`], [`unlock`],
//!   [`reset_second_factor`], [`change_email`], [`let_go`]; and by oneself, [`change_own_email`].
//! - [`end_sessions`] of one, [`end_everybodys_sessions`].
//!
//! **Invariant**: every look at a user goes through [`scope::restrict`]; who is not one's own is not there.
//! **Invariant**: one super admin stays active.

mod create;
mod email;
mod first_password;
mod list;
mod manage;
mod model;
mod scope;
mod sessions;

pub use create::{NewUser, Prepared, create};
pub use email::{EmailChange, OwnEmailChange, change_email, change_own_email};
pub use list::{UserFilter, UserQuota, UserView, get, list};
pub use manage::{Managed, disable, enable, let_go, managed, reset_second_factor, unlock};
pub use model::UsersError;
pub use sessions::{PasswordProof, SessionsEnded, end_everybodys_sessions, end_sessions};
