//! What jobs promise, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod crews;
mod due;
mod outcomes;
mod taking;
