//! Sets of roles, as the tables name them. They say what must be, and so do not ask the product.

use platform::identity::Role;

pub const SUPER: &[Role] = &[Role::SuperAdmin];
pub const ADMINS: &[Role] = &[Role::SuperAdmin, Role::AgentAdmin];
/// Those who manage users that they have made.
pub const OVER_USERS: &[Role] = &[Role::SuperAdmin, Role::AgentAdmin, Role::VenueManager];
/// Those who hold quota and make keys.
pub const AGENTS: &[Role] = &[Role::AgentAdmin, Role::Agent];
/// Those who have to do with keys at all.
pub const KEYS: &[Role] = &[Role::SuperAdmin, Role::AgentAdmin, Role::Agent];
