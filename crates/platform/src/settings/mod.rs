//! Settings of the installation (K6.1): typed, validated, changed by super admins only, each change logged.
//!
//! A setting is a constant in [`defs`]; reading it is `cx.settings.get(defs::TRANSFER_MINIMUM)`. Values are held in memory
//! and loaded again when any process changes one.

pub mod defs;
mod model;
mod service;

pub use model::{Flag, Int, Kind, List, Setting, Text};
pub use service::{SettingGroup, SettingKind, SettingView, Settings, change, groups, reset};
