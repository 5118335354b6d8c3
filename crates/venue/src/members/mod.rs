//! Members 会员 (V6.1): spending earns points, points lead to levels, and a level has its price.
//!
//! A yuan that was billed and paid is a point. What a session has earned somebody is counted from the ledger ([`count`]): how often that is
//! done makes no difference, and what is given back of a bill takes its points with it.
//!
//! **Invariant**: the lines of a session add up to a point for each whole yuan that its customer has paid for it and not got back.
//! **Invariant**: the discount is part of a session's terms: what becomes of the level meanwhile changes no bill.

mod edit;
mod model;
mod points;
mod rows;
mod view;

pub use edit::{ChangedLevels, LevelForm, Levels, change_levels, levels};
pub use model::{ALL, Level, LevelEntity, LevelId, LevelName};
pub(crate) use points::carry_over;
pub use points::count;
pub(crate) use rows::level_of;
pub use view::{LevelView, Membership, NextLevel, PointLine, Upgrade, membership, points};
