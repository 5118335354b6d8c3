//! What is measured, a file each. Every one answers figures, and lets product and baseline take turns.

pub mod disable;
pub mod first_use;
pub mod flood;
pub mod generate;
pub mod large;
pub mod log;
pub mod lone;
pub mod transfers;
pub mod venue;
pub mod verify;
