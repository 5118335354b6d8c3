//! How one comes in, and whose rows one sees then, close by the statements that decide it. Whole requests are tested in `web`.

mod captchas;
mod links;
mod scopes;
mod second_factor;
mod sessions;
mod sign_in;
