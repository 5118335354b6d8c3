//! Who may do what.

use ::store::{Look, Of, Sql};

use super::{SessionId, UserId};

kernel::words! {
    /// 角色. Customers and API clients are not users of the console and have no role here.
    pub enum Role {
        SuperAdmin = "super_admin",
        AgentAdmin = "agent_admin",
        Agent = "agent",
        VenueManager = "venue_manager",
        Maintainer = "maintainer",
        /// 收银: does what is done at a hall's desk, and sets nothing up.
        Cashier = "cashier",
    }
}

kernel::words! {
    /// What an endpoint asks for. Which rows it then touches is the [`Scope`]'s business.
    pub enum Permission {
        UsersManage = "users.manage",
        ProjectsManage = "projects.manage",
        GrantsManage = "grants.manage",
        GrantsReview = "grants.review",
        GrantsApply = "grants.apply",
        KeysGenerate = "keys.generate",
        KeysManage = "keys.manage",
        KeysView = "keys.view",
        QuotaView = "quota.view",
        QuotaIssue = "quota.issue",
        QuotaRecharge = "quota.recharge",
        QuotaTransfer = "quota.transfer",
        QuotaWithdraw = "quota.withdraw",
        WithdrawalsReview = "withdrawals.review",
        SettingsManage = "settings.manage",
        LogsView = "logs.view",
        CallbacksManage = "callbacks.manage",
        JobsManage = "jobs.manage",
        VenuesManage = "venues.manage",
        VenuesView = "venues.view",
        TablesOperate = "tables.operate",
        /// Cash, opening a table for who stands there, closing one for its customer, and holding one for a guest.
        DeskServe = "desk.serve",
        CasesManage = "cases.manage",
        PaymentsManage = "payments.manage",
    }
}

impl Role {
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::SuperAdmin => &[
                P::UsersManage,
                P::ProjectsManage,
                P::GrantsManage,
                P::GrantsReview,
                P::KeysManage,
                P::KeysView,
                P::QuotaView,
                P::QuotaIssue,
                P::WithdrawalsReview,
                P::SettingsManage,
                P::LogsView,
                P::CallbacksManage,
                P::JobsManage,
                P::VenuesManage,
                P::VenuesView,
                P::TablesOperate,
                P::DeskServe,
                P::CasesManage,
                P::PaymentsManage,
            ],
            Self::AgentAdmin => &[
                P::UsersManage,
                P::GrantsManage,
                P::GrantsReview,
                P::GrantsApply,
                P::KeysGenerate,
                P::KeysManage,
                P::KeysView,
                P::QuotaView,
                P::QuotaRecharge,
                P::QuotaTransfer,
                P::QuotaWithdraw,
                P::WithdrawalsReview,
                P::LogsView,
            ],
            Self::Agent => &[
                P::GrantsApply,
                P::KeysGenerate,
                P::KeysManage,
                P::KeysView,
                P::QuotaView,
                P::QuotaTransfer,
                P::QuotaWithdraw,
                P::LogsView,
            ],
            Self::VenueManager => {
                &[P::UsersManage, P::LogsView, P::VenuesManage, P::VenuesView, P::TablesOperate, P::DeskServe, P::CasesManage]
            }
            Self::Maintainer => &[P::LogsView, P::VenuesView, P::CasesManage],
            Self::Cashier => &[P::LogsView, P::VenuesView, P::DeskServe],
        }
    }

    /// Where the console begins for it.
    pub const fn home(self) -> &'static str {
        match self {
            Self::SuperAdmin | Self::AgentAdmin | Self::Agent => "/home",
            Self::VenueManager | Self::Maintainer | Self::Cashier => "/floor",
        }
    }

    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// Whether users of this role hold quota of their own. A super admin issues it without limit.
    pub const fn holds_quota(self) -> bool {
        matches!(self, Self::AgentAdmin | Self::Agent)
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Principal {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    /// Who decides for this user, or manages it, as who has created it; none for those who signed up themselves, and whose super admins are to manage.
    pub superior: Option<UserId>,
    pub session: SessionId,
}

/// Whose rows somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    All,
    /// One's own and those of the agents one created.
    Team(UserId),
    Own(UserId),
}

impl Principal {
    pub const fn scope(&self) -> Scope {
        match self.role {
            Role::SuperAdmin => Scope::All,
            Role::AgentAdmin => Scope::Team(self.id),
            Role::Agent | Role::VenueManager | Role::Maintainer | Role::Cashier => Scope::Own(self.id),
        }
    }
}

impl Scope {
    /// Adds "the user in `column` is one that I may see" to a query.
    pub fn restrict(self, filter: &mut ::store::Filter, column: &str) {
        match self {
            Self::All => {}
            Self::Own(id) => {
                filter.and(&format!("{column} = ?"), id);
            }
            Self::Team(id) => {
                filter.and(
                    &format!("{column} IN (SELECT id FROM users WHERE superior_id = ? UNION ALL SELECT id FROM users WHERE id = ?)"),
                    id,
                );
            }
        }
    }

    /// Narrows a list to the lanes of those whom I may see, if they are few.
    pub fn look(self, look: &mut Look, column: &'static str) {
        match self {
            Self::All => {}
            Self::Own(id) => drop(look.along(column, id)),
            Self::Team(id) => {
                let team = team(&look.arg(id));
                look.among(&[(column, Of::Uuid)], &team);
            }
        }
    }

    /// Whether the lanes of those whom I may see are few enough, `each` for every one of them.
    pub async fn few(self, sql: &mut impl Sql, each: usize) -> ::store::Result<bool> {
        match self {
            Self::All | Self::Own(_) => Ok(true),
            Self::Team(id) => ::store::few(sql, &team("$1"), ::store::args![id], each).await,
        }
    }

    /// Asks each row of a list whether it is of those whom I may see.
    pub fn rest(self, look: &mut Look, rows: &str) {
        match self {
            Self::All => {}
            Self::Own(id) => drop(look.rest(&format!("{rows} = ?"), id)),
            Self::Team(id) => {
                let team = team(&look.arg(id));
                look.rest_plain(&format!("{rows} IN ({team})"));
            }
        }
    }

    /// Whether the things of this user are among those that I may see.
    pub async fn sees(self, sql: &mut impl Sql, user: UserId) -> ::store::Result<bool> {
        match self {
            Self::All => Ok(true),
            Self::Own(id) => Ok(id == user),
            Self::Team(id) if id == user => Ok(true),
            Self::Team(id) => {
                let query = "SELECT 1 AS one FROM users WHERE id = $1 AND superior_id = $2";
                Ok(sql.opt(query, ::store::args![user, id], |_| Ok(())).await?.is_some())
            }
        }
    }
}

/// A query for an agent admin, whose placeholder is `me`, and its agents.
pub fn team(me: &str) -> String {
    format!("SELECT id AS v0 FROM users WHERE superior_id = {me} UNION ALL SELECT id AS v0 FROM users WHERE id = {me}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_super_admin_touches_the_installation() {
        use kernel::Word;
        for role in Role::ALL {
            for permission in [Permission::SettingsManage, Permission::ProjectsManage, Permission::QuotaIssue, Permission::JobsManage] {
                assert_eq!(role.may(permission), *role == Role::SuperAdmin, "{role} {permission}");
            }
        }
    }

    #[test]
    fn each_role_does_its_own_work() {
        use kernel::Word;
        assert!(Role::AgentAdmin.may(Permission::QuotaRecharge) && !Role::Agent.may(Permission::QuotaRecharge));
        assert!(Role::Agent.may(Permission::KeysGenerate) && !Role::SuperAdmin.may(Permission::KeysGenerate));
        assert!(Role::ALL.iter().all(|role| role.may(Permission::LogsView)));
        let managers: Vec<_> = Role::ALL.iter().copied().filter(|role| role.may(Permission::UsersManage)).collect();
        assert_eq!(managers, [Role::SuperAdmin, Role::AgentAdmin, Role::VenueManager]);
        let holders: Vec<_> = Role::ALL.iter().copied().filter(|role| role.holds_quota()).collect();
        assert_eq!(holders, [Role::AgentAdmin, Role::Agent]);
    }

    #[test]
    fn a_cashier_serves_at_the_desk_and_changes_neither_prices_nor_devices_nor_staff() {
        let may = |role: Role| {
            [Permission::DeskServe, Permission::VenuesManage, Permission::TablesOperate, Permission::CasesManage].map(|one| role.may(one))
        };
        assert_eq!(may(Role::Cashier), [true, false, false, false]);
        assert_eq!(may(Role::Maintainer), [false, false, false, true]);
        assert_eq!(may(Role::VenueManager), [true; 4]);
    }

    #[test]
    fn who_works_in_a_hall_begins_on_its_floor_and_everybody_else_at_home() {
        use kernel::Word;
        let begins = |home: &str| Role::ALL.iter().copied().filter(|role| role.home() == home).collect::<Vec<_>>();
        assert_eq!(begins("/home"), [Role::SuperAdmin, Role::AgentAdmin, Role::Agent]);
        assert_eq!(begins("/floor"), [Role::VenueManager, Role::Maintainer, Role::Cashier]);
    }

    #[test]
    fn a_scope_narrows_a_query_to_ones_own_or_ones_team() {
        let id = UserId::from_uuid(uuid::Uuid::from_u128(7));
        let sql = |role| {
            let user = Principal { id, name: "x".into(), role, superior: None, session: kernel::Id::from_uuid(id.uuid()) };
            let mut filter = ::store::Filter::new();
            user.scope().restrict(&mut filter, "k.agent_id");
            filter.sql().to_owned()
        };
        assert!(!sql(Role::SuperAdmin).contains("agent_id"));
        for role in [Role::Agent, Role::VenueManager, Role::Maintainer, Role::Cashier] {
            assert!(sql(role).contains("k.agent_id = $1"), "{}", sql(role));
        }
        assert!(sql(Role::AgentAdmin).contains("k.agent_id IN (SELECT id FROM users WHERE superior_id = $1"), "{}", sql(Role::AgentAdmin));
    }
}
