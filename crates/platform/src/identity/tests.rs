//! How one comes in, close by the statements that decide it. Whole requests are tested in `web`.

mod captchas;
mod links;
mod second_factor;
mod sessions;
mod sign_in;
