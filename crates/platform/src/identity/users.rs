//! Users as those see them who manage them (K1.4): a super admin everybody, an agent admin the agents it created, a manager of halls those
//! maintainers that it made who work in its halls alone ([`model`] says why no others).
//!
//! - [`model`]: who may create and disable whom.
//! - [`create`](create()), [`Prepared`], [`list`](list()), [`get`], and what is done to one: [`disable`], [`enable`], [`unlock`],
//!   [`reset_second_factor`], [`change_email`]; and by oneself, [`change_own_email`].
//! - [`made_by`], [`set_managed`]: whom a manager of halls has made, and manages as long as halls have it so.
//! - [`end_sessions`] of one, [`end_everybodys_sessions`].
//!
//! **Invariant**: every look at a user goes through [`scope::restrict`]; who is not one's own is not there.
//! **Invariant**: one super admin stays active.

mod create;
mod email;
mod first_password;
mod list;
mod made;
mod manage;
mod model;
mod scope;
mod sessions;

pub use create::{NewUser, Prepared, create};
pub use email::{EmailChange, OwnEmailChange, change_email, change_own_email};
pub use list::{UserFilter, UserQuota, UserView, get, list};
pub use made::{Made, hold, keeper_of, made_by, set_managed, tell_left};
pub use manage::{Managed, disable, enable, managed, reset_second_factor, unlock};
pub use model::UsersError;
pub use sessions::{PasswordProof, SessionsEnded, end_everybodys_sessions, end_sessions};
