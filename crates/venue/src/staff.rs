//! Whose halls somebody of the staff sees: all, or those where one works.

use kernel::Fault;
use platform::Result;
use platform::identity::{Principal, Role};
use store::{Filter, Sql, args};

use crate::halls::VenueId;

/// Adds "the hall in `column` is one that I may see" to a query.
pub(crate) fn restrict(user: &Principal, filter: &mut Filter, column: &str) {
    if user.role != Role::SuperAdmin {
        filter.and(&format!("{column} IN (SELECT venue_id FROM venue_staff WHERE user_id = ?)"), user.id);
    }
}

/// Refuses a hall where one does not work, as one that is not there.
pub(crate) async fn works_at(sql: &mut impl Sql, user: &Principal, venue: VenueId) -> Result<()> {
    let mut filter = Filter::new();
    filter.and("v.id = ?", venue);
    restrict(user, &mut filter, "v.id");
    let query = format!("SELECT v.id FROM venues v WHERE {}", filter.sql());
    let found = sql.opt(&query, filter.args(), |row| row.get::<VenueId>("id")).await?;
    found.map(drop).ok_or_else(Fault::not_found)
}

/// Who is to be told of a hall's trouble.
pub(crate) async fn of(sql: &mut impl Sql, venue: VenueId) -> store::Result<Vec<platform::identity::UserId>> {
    let query = "SELECT u.id FROM venue_staff s JOIN users u ON u.id = s.user_id WHERE s.venue_id = $1 AND u.state = 'active' ORDER BY u.id LIMIT 50";
    sql.all(query, args![venue], |row| row.get("id")).await
}
