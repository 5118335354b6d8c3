//! Users, roles, sign-in.
//!
//! - [`Role`] and [`Permission`]: who may do what; [`Scope`]: whose rows one sees.
//! - [`Principal`]: somebody who is signed in, as every use case sees them.
//! - [`Passwords`]: hashing, a bounded number at a time.
//!
//! **Invariant**: every query about people's things is scoped to the asker ([`Principal::scope`]), in the query itself.

pub mod naming;
mod password;
mod role;
pub mod session;
pub mod sign_in_log;
mod store;
mod user;
pub mod users;

pub use password::Passwords;
pub use role::{Permission, Principal, Role, Scope};
pub use store::{NewUserRow, insert_user};
pub use user::{UserEntity, UserId, UserRef, UserState, find_by_name, holders_of, superior_of};

kernel::id!(SessionId, SessionEntity, "ses");
