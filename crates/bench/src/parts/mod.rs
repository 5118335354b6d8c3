//! What is measured, a file each. Every one answers figures, and lets product and baseline take turns.

pub mod first_use;
pub mod generate;
pub mod verify;
