//! Users, roles, sign-in.
//!
//! - [`Role`] and [`Permission`]: who may do what; [`Scope`]: whose rows one sees.
//! - [`Principal`]: somebody who is signed in, as every use case sees them.
//! - [`Passwords`]: hashing, a bounded number at a time.
//! - [`sign_up`], [`sign_in`] (with [`captcha`], [`lockout`], [`flood`], [`second_factor`]), [`recover`]: how one comes in; [`unverified`]: who
//!   never did.
//! - [`account`] and [`session`]: what one may do about oneself. [`naming`], [`policy`]: what a name and a password must be.
//!
//! **Invariant**: every query about people's things is scoped to the asker ([`Principal::scope`]), in the query itself.

pub mod account;
pub mod captcha;
mod common;
mod email_token;
mod error;
pub mod flood;
mod hashing;
mod later;
pub mod lockout;
pub mod naming;
mod password;
pub mod policy;
pub mod recover;
mod role;
pub mod second_factor;
pub mod session;
pub mod sign_in;
pub mod sign_in_log;
pub mod sign_up;
mod store;
#[cfg(test)]
mod tests;
mod totp;
pub mod tries;
pub(crate) mod unverified;
mod user;
pub mod users;

pub use captcha::CaptchaAnswer;
pub use error::AccountError;
pub use flood::Flood;
pub use password::Passwords;
pub use role::{Permission, Principal, Role, Scope, team};
pub use sign_up::create_super_admin;
pub use store::{NewUserRow, insert_user};
pub use user::{UserEntity, UserId, UserRef, UserState, find_by_name, find_by_names, holders_of, name_key, superior_of};

kernel::id!(SessionId, SessionEntity, "ses");
