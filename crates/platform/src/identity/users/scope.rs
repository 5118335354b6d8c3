//! Whom one manages, as a condition of a query.

use ::store::Filter;

use crate::identity::{Principal, Scope};

/// Adds "`u` is a user whom I manage": unlike in lists of things, one is not among one's own agents.
pub(super) fn restrict(manager: &Principal, filter: &mut Filter) {
    match manager.scope() {
        Scope::All => {}
        Scope::Team(id) | Scope::Own(id) => {
            filter.and("u.superior_id = ?", id);
        }
    }
}
