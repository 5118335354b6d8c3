//! The rules, without a database.

use kernel::{Fault, Kind};

use crate::identity::{Principal, Role, UserId, UserState};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsersError {
    /// Nobody locks himself out.
    Oneself,
    /// Somebody must be able to run the installation.
    LastSuperAdmin,
    /// A user who has a password of its own is reached where it says.
    EmailItsOwn,
    /// A super admin has disabled it, and had a reason.
    DisabledAbove,
}

impl From<UsersError> for Fault {
    fn from(error: UsersError) -> Self {
        match error {
            UsersError::Oneself => Self::new(Kind::Conflict, "NOT_ONESELF", "不能对自己执行此操作", "One cannot do this to oneself"),
            UsersError::LastSuperAdmin => Self::new(
                Kind::Conflict,
                "LAST_SUPER_ADMIN",
                "这是最后一个可用的超级管理员，不能禁用",
                "This is the last active super admin and stays active",
            ),
            UsersError::EmailItsOwn => Self::new(
                Kind::Forbidden,
                "EMAIL_ITS_OWN",
                "该用户已设置自己的密码，邮箱只能由其本人或超级管理员修改",
                "This user has a password of its own: its address is changed by itself, or by a super admin",
            ),
            UsersError::DisabledAbove => Self::new(
                Kind::Forbidden,
                "DISABLED_ABOVE",
                "该用户由超级管理员停用，只有超级管理员可以重新启用",
                "A super admin has disabled this user, and super admins alone enable it again",
            ),
        }
    }
}

/// Which roles a role may create.
pub(super) const fn creatable(role: Role) -> &'static [Role] {
    match role {
        Role::SuperAdmin => &[Role::Agent, Role::AgentAdmin, Role::SuperAdmin, Role::VenueManager, Role::Maintainer, Role::Cashier],
        Role::AgentAdmin => &[Role::Agent],
        Role::VenueManager => &[Role::Maintainer],
        Role::Agent | Role::Maintainer | Role::Cashier => &[],
    }
}

/// Who decides for a user that `creator` makes: an agent admin for its agents, a manager for its maintainers, nobody in particular otherwise.
///
/// So a manager manages whom it has made, and nobody else. That somebody serves its halls alone is not enough: any manager can let a maintainer work
/// in its hall by name, and would so come by the account of one who has no other hall. Nor does it manage one whom it has made, and who works for
/// others as well: that is decided where halls are known, and set there (`set_managed`).
pub(super) fn superior_for(creator: &Principal) -> Option<UserId> {
    match creator.role {
        Role::AgentAdmin | Role::VenueManager => Some(creator.id),
        Role::SuperAdmin | Role::Agent | Role::Maintainer | Role::Cashier => None,
    }
}

/// Whether `target` may be disabled; `super_admins` are the active ones.
pub(super) fn may_disable(actor: UserId, target: UserId, super_admins: &[UserId]) -> Result<(), UsersError> {
    if actor == target {
        Err(UsersError::Oneself)
    } else if super_admins == [target] {
        Err(UsersError::LastSuperAdmin)
    } else {
        Ok(())
    }
}

/// Whether `manager` may give a user of its another address. Whoever reads a user's mail can reset its password and act in its name, which who has
/// created it may not. While the first password is due there is nothing yet that is the user's own, and it may be on its way to a stranger.
pub(super) fn may_change_email(manager: Role, first_sign_in_due: bool) -> Result<(), UsersError> {
    if manager == Role::SuperAdmin || first_sign_in_due { Ok(()) } else { Err(UsersError::EmailItsOwn) }
}

/// How a user stands, as far as disabling and enabling go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub state: UserState,
    /// A super admin has disabled it: nobody else enables it. Of who is not disabled, false.
    pub above: bool,
}

/// What comes of a user whom somebody of this role disables; nothing where there is nothing to do. What another has disabled a super admin takes
/// over, so that the other cannot undo it.
pub(super) const fn disabled(user: Standing, by: Role) -> Option<Standing> {
    let above = matches!(by, Role::SuperAdmin);
    match user.state {
        UserState::Disabled if user.above || !above => None,
        UserState::Pending | UserState::Active | UserState::Disabled => Some(Standing { state: UserState::Disabled, above }),
    }
}

/// What comes of a user whom somebody of this role enables; nothing where there is nothing to do. An admin who enables somebody whose address was
/// never verified vouches for it.
pub(super) const fn enabled(user: Standing, by: Role) -> Result<Option<Standing>, UsersError> {
    match user.state {
        UserState::Active => Ok(None),
        UserState::Disabled if user.above && !matches!(by, Role::SuperAdmin) => Err(UsersError::DisabledAbove),
        UserState::Pending | UserState::Disabled => Ok(Some(Standing { state: UserState::Active, above: false })),
    }
}

/// A pattern for `LIKE … ESCAPE '!'` that means "begins with this".
pub(super) fn prefix_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Random, Timestamp, Word};
    use proptest::prelude::*;

    #[test]
    fn nobody_creates_somebody_with_more_rights_than_they_have() {
        for creator in Role::ALL {
            for role in creatable(*creator) {
                for permission in role.permissions() {
                    let covered = creator.may(*permission) || role.holds_quota();
                    assert!(covered, "{creator} makes {role}, who may {permission}");
                }
            }
        }
        assert!(creatable(Role::Agent).is_empty());
    }

    #[test]
    fn the_last_super_admin_and_oneself_stay() {
        let random = Random::seeded(1);
        let ids: Vec<UserId> = (0..3).map(|i| UserId::new(Timestamp::from_unix(i), &random)).collect();
        assert_eq!(may_disable(ids[0], ids[0], &ids), Err(UsersError::Oneself));
        assert_eq!(may_disable(ids[0], ids[1], &ids[1..2]), Err(UsersError::LastSuperAdmin));
        assert_eq!(may_disable(ids[0], ids[1], &ids[..2]), Ok(()));
        assert_eq!(may_disable(ids[0], ids[2], &[]), Ok(()), "an agent");
    }

    fn roles() -> impl Strategy<Value = Role> {
        proptest::sample::select(Role::ALL)
    }

    /// Above or not, of whatever state: what is not disabled was disabled by nobody.
    fn standings() -> impl Strategy<Value = Standing> {
        (proptest::sample::select(UserState::ALL), any::<bool>())
            .prop_map(|(state, above)| Standing { state, above: above && state == UserState::Disabled })
    }

    proptest! {
        #[test]
        fn k1_4b_disabling_disables_and_doing_it_twice_does_nothing(user in standings(), by in roles()) {
            let off = disabled(user, by).unwrap_or(user);
            prop_assert_eq!((off.state, disabled(off, by)), (UserState::Disabled, None));
            // What a super admin has disabled stays so, whoever comes after.
            prop_assert_eq!(off.above, user.above || by == Role::SuperAdmin);
        }

        #[test]
        fn k1_4b_whoever_has_disabled_enables_again_and_a_super_admin_whomever(user in standings(), by in roles()) {
            let off = disabled(user, by).unwrap_or(user);
            for who in [by, Role::SuperAdmin] {
                if user.above && who != Role::SuperAdmin {
                    continue;
                }
                let on = enabled(off, who).unwrap().unwrap();
                prop_assert_eq!((on, enabled(on, who)), (Standing { state: UserState::Active, above: false }, Ok(None)));
            }
        }

        #[test]
        fn k1_4b_whom_a_super_admin_has_disabled_nobody_else_enables(user in standings(), between in roles(), by in roles()) {
            let off = disabled(user, Role::SuperAdmin).unwrap_or(user);
            // Nor by disabling it once more first.
            let off = disabled(off, between).unwrap_or(off);
            prop_assert_eq!(enabled(off, by).is_err(), by != Role::SuperAdmin);
        }
    }

    #[test]
    fn enabling_lets_in_who_signed_up_and_changes_nothing_of_who_is_active() {
        for role in Role::ALL {
            let stands = |state| Standing { state, above: false };
            assert_eq!(enabled(stands(UserState::Pending), *role), Ok(Some(stands(UserState::Active))), "{role}");
            assert_eq!(enabled(stands(UserState::Active), *role), Ok(None), "{role}");
        }
    }

    #[test]
    fn k1_4b_an_address_is_its_users_own_once_it_has_a_password_and_until_then_who_made_it_mends_it() {
        for role in Role::ALL {
            assert_eq!(may_change_email(*role, true), Ok(()), "{role}");
            let own = if *role == Role::SuperAdmin { Ok(()) } else { Err(UsersError::EmailItsOwn) };
            assert_eq!(may_change_email(*role, false), own, "{role}");
        }
    }

    #[test]
    fn wildcards_are_plain_characters() {
        assert_eq!(prefix_pattern("50%_!"), "50!%!_!!%");
    }

    #[test]
    fn k1_4a_an_agent_admin_decides_for_those_it_makes_and_a_manager_for_its_maintainers() {
        let id = UserId::new(Timestamp::from_unix(1), &Random::seeded(1));
        for role in Role::ALL {
            let maker = Principal { id, name: "x".into(), role: *role, superior: None, session: kernel::Id::from_uuid(id.uuid()) };
            assert_eq!(superior_for(&maker), matches!(role, Role::AgentAdmin | Role::VenueManager).then_some(id));
            let made = creatable(*role);
            assert_eq!(made.contains(&Role::Agent), matches!(role, Role::SuperAdmin | Role::AgentAdmin), "{role}");
            assert_eq!(made.contains(&Role::SuperAdmin), *role == Role::SuperAdmin, "{role}");
            assert_eq!(made.contains(&Role::Maintainer), matches!(role, Role::SuperAdmin | Role::VenueManager), "{role}");
        }
        let errors = [UsersError::Oneself, UsersError::LastSuperAdmin, UsersError::EmailItsOwn, UsersError::DisabledAbove];
        assert_eq!(errors.map(|error| Fault::from(error).code), ["NOT_ONESELF", "LAST_SUPER_ADMIN", "EMAIL_ITS_OWN", "DISABLED_ABOVE"]);
    }
}
