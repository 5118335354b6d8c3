//! Whom a manager manages: who was made by it, and works in no hall where it does not work too. All others are for super admins alone.
//!
//! So a manager decides about nobody on whom another hall relies, and about nobody in a hall from which it was taken. Once that is over, it manages
//! again whom it has made.
//!
//! **Invariant**: whoever changes who works where holds the manager whom it touches first ([`Keeper::hold`]), and writes what follows from it in the
//! same transaction ([`settle`]). So whoever asks whom a manager manages need not ask about halls. A new hall needs none of it: its maker alone
//! works there.

use std::collections::{BTreeSet, HashMap};

use kernel::Fault;
use platform::identity::users;
use platform::identity::{Principal, UserId, UserRef};
use platform::messages::templates::Template;
use platform::{Cx, Result};
use store::{Sql, Tx, args};

use super::sees_all;
use crate::halls::VenueId;

type Halls = BTreeSet<VenueId>;

/// Whether a manager who works in `own` manages one whom it has made, and who works in these.
fn manages<H: Ord>(own: &BTreeSet<H>, halls: &BTreeSet<H>) -> bool {
    halls.is_subset(own)
}

/// The manager on whom it touches where somebody works: that one itself, or who has made it.
pub(super) struct Keeper {
    who: UserRef,
    active: bool,
}

impl Keeper {
    /// Holds who it is for this user, and who asks, until the transaction ends: nobody changes meanwhile where either of them works. Refuses an asker
    /// who was disabled meanwhile.
    pub(super) async fn hold(tx: &mut Tx, asker: &Principal, user: UserId) -> Result<Option<Self>> {
        let keeper = users::keeper_of(tx, user).await?;
        let active = hold(tx, asker, keeper.as_ref().map(|keeper| keeper.id)).await?;
        Ok(keeper.map(|who| Self { active: active.contains(&who.id), who }))
    }
}

/// The halls in which whoever asks works from now until the transaction ends. Not asked of super admins, who work in none and see all.
pub(super) async fn own_halls(tx: &mut Tx, asker: &Principal) -> Result<Halls> {
    hold(tx, asker, None).await?;
    let sql = "SELECT venue_id FROM venue_staff WHERE user_id = $1";
    Ok(tx.all(sql, args![asker.id], |row| row.get("venue_id")).await?.into_iter().collect())
}

/// Who is held stays where it works. Answers which of them are active.
async fn hold(tx: &mut Tx, asker: &Principal, other: Option<UserId>) -> Result<BTreeSet<UserId>> {
    let mut held: BTreeSet<UserId> = other.into_iter().collect();
    if !sees_all(asker) {
        held.insert(asker.id);
    }
    let active = users::hold(tx, &held).await?;
    if sees_all(asker) || active.contains(&asker.id) { Ok(active) } else { Err(Fault::forbidden()) }
}

/// Writes whom this manager manages, now that somebody works elsewhere, because of this hall. The super admins are told who is theirs alone from now
/// on, and can come in; but not where the manager is disabled: they were told then.
pub(super) async fn settle(tx: &mut Tx, cx: &Cx, keeper: &Keeper, venue: VenueId, template: &'static Template) -> Result<()> {
    let manager = keeper.who.id;
    let halls = halls_around(tx, manager).await?;
    let none = Halls::new();
    let of = |user: UserId| halls.get(&user).unwrap_or(&none);
    let mut left = Vec::new();
    for made in users::made_by(tx, manager).await? {
        let keeps = manages(of(manager), of(made.id));
        if keeps != made.managed {
            users::set_managed(tx, cx, manager, &made, keeps).await?;
            left.extend((!keeps && made.comes_in()).then_some(made.name));
        }
    }
    if left.is_empty() || !keeper.active {
        return Ok(());
    }
    let hall: String = tx.one("SELECT name FROM venues WHERE id = $1", args![venue], |row| row.get("name")).await?;
    users::tell_left(tx, cx, template, &keeper.who.name, Some(&hall), &left).await
}

/// Where a manager works, and those whom it has made.
async fn halls_around(tx: &mut Tx, manager: UserId) -> Result<HashMap<UserId, Halls>> {
    let sql = "SELECT user_id, venue_id FROM venue_staff WHERE user_id = $1 \
               UNION ALL SELECT s.user_id, s.venue_id FROM users u JOIN venue_staff s ON s.user_id = u.id WHERE u.made_by = $1";
    let rows: Vec<(UserId, VenueId)> = tx.all(sql, args![manager], |row| Ok((row.get("user_id")?, row.get("venue_id")?))).await?;
    let mut halls: HashMap<UserId, Halls> = HashMap::new();
    for (user, venue) in rows {
        halls.entry(user).or_default().insert(venue);
    }
    Ok(halls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn v5_2_who_works_nowhere_but_in_halls_of_its_makers_is_managed_by_it(own in btree_set(0_u8..6, 0..6), halls in btree_set(0_u8..6, 0..6)) {
            let elsewhere = halls.iter().any(|hall| !own.contains(hall));
            prop_assert_eq!(manages(&own, &halls), !elsewhere);
        }

        #[test]
        fn v5_2_no_further_hall_gives_a_manager_anybody_but_one_of_its_own(own in btree_set(0_u8..6, 0..6), halls in btree_set(0_u8..6, 0..6), hall in 0_u8..6) {
            let before = manages(&own, &halls);
            let mut more = halls.clone();
            more.insert(hall);
            // One hall more for who was made ends it where the maker does not work there, and changes nothing else.
            prop_assert_eq!(manages(&own, &more), before && own.contains(&hall));
            more.remove(&hall);
            prop_assert!(!before || manages(&own, &more), "nobody is lost by working less");
        }

        #[test]
        fn v5_2_a_manager_who_is_taken_from_a_hall_leaves_those_who_work_there_and_has_them_again_when_it_is_back(
            own in btree_set(0_u8..6, 0..6), halls in btree_set(0_u8..6, 0..6), hall in 0_u8..6,
        ) {
            let mut fewer = own.clone();
            fewer.remove(&hall);
            prop_assert_eq!(manages(&fewer, &halls), manages(&own, &halls) && !halls.contains(&hall));
            fewer.insert(hall);
            prop_assert!(!manages(&own, &halls) || manages(&fewer, &halls));
        }
    }
}
