//! Lists of what belongs to an agent and a project, and has a state: keys and batches. Their tables have the same two indexes,
//! `(agent_id, project_id, state, id)` and `(project_id, state, id)`; whatever a list is narrowed down to, its lanes lie in one of them.

use platform::identity::{Principal, Scope, UserId, team};
use store::{Index, Look, Of, Sql, args};

use crate::projects::ProjectId;

/// Whose, of which project, and in which of the states.
pub(crate) struct Owned<'a> {
    pub agent: Option<UserId>,
    pub project: Option<ProjectId>,
    pub states: &'a [&'static str],
    /// Whether those are all there are.
    pub all_states: bool,
    pub by_agent: &'static Index,
    pub by_project: &'static Index,
}

/// An agent makes keys for what was granted to it, at some time.
const GRANTED: &str = "SELECT DISTINCT g.project_id AS v0 FROM grants g WHERE g.agent_id = ";
const PROJECTS: &str = "SELECT id AS v0 FROM projects";

/// Whose keys of what there may be in a scope: agents and projects, each pair once, as `v0` and `v1`. With it comes the value of the place
/// `me`. None for who sees everything.
pub(crate) fn granted(scope: Scope, me: &str) -> Option<(UserId, String)> {
    match scope {
        Scope::All => None,
        Scope::Own(own) => {
            Some((own, format!("SELECT DISTINCT g.agent_id AS v0, g.project_id AS v1 FROM grants g WHERE g.agent_id = {me}")))
        }
        Scope::Team(own) => Some((own, granted_in_team(me))),
    }
}

fn granted_in_team(me: &str) -> String {
    let team = team(me);
    format!("SELECT DISTINCT g.agent_id AS v0, g.project_id AS v1 FROM ({team}) m CROSS JOIN grants g WHERE g.agent_id = m.v0")
}

impl Owned<'_> {
    /// Chooses the lanes; `alias` is the table in the list's own query. False where the asker may see nothing of it.
    pub async fn look(&self, sql: &mut impl Sql, look: &mut Look, user: &Principal, alias: &str) -> store::Result<bool> {
        let scope = user.scope();
        let agent = match (self.agent, scope) {
            (Some(agent), _) if !scope.sees(sql, agent).await? => return Ok(false),
            (None, Scope::Own(own)) => Some(own),
            (agent, _) => agent,
        };
        match (agent, self.project, scope) {
            (Some(agent), Some(project), _) => drop(self.by_agent(look).along("agent_id", agent).along("project_id", project)),
            (Some(agent), None, _) => {
                let granted = format!("{GRANTED}{}", look.arg(agent));
                self.by_agent(look).along("agent_id", agent).among(&[("project_id", Of::Uuid)], &granted);
            }
            (None, Some(project), Scope::Team(_)) => {
                if scope.few(sql, self.states.len()).await? {
                    scope.look(self.by_agent(look).along("project_id", project), "agent_id");
                } else {
                    scope.rest(self.by_project(look).along("project_id", project), &format!("{alias}.agent_id"));
                }
            }
            (None, None, Scope::Team(own)) => self.team(sql, look, own, alias).await?,
            (None, Some(project), _) => drop(self.by_project(look).along("project_id", project)),
            (None, None, _) if self.all_states => {}
            (None, None, _) => self.projects(sql, look, alias).await?,
        }
        Ok(true)
    }

    fn by_agent<'l>(&self, look: &'l mut Look) -> &'l mut Look {
        look.by(self.by_agent).words("state", self.states)
    }

    fn by_project<'l>(&self, look: &'l mut Look) -> &'l mut Look {
        look.by(self.by_project).words("state", self.states)
    }

    /// All of a team: a lane for each of its grants. For a team that is too large for that, every row is looked at.
    async fn team(&self, sql: &mut impl Sql, look: &mut Look, own: UserId, alias: &str) -> store::Result<()> {
        if store::few(sql, &granted_in_team("$1"), args![own], self.states.len()).await? {
            let granted = granted_in_team(&look.arg(own));
            self.by_agent(look).among(&[("agent_id", Of::Uuid), ("project_id", Of::Uuid)], &granted);
            return Ok(());
        }
        Scope::Team(own).rest(look, &format!("{alias}.agent_id"));
        if self.all_states { Ok(()) } else { self.projects(sql, look, alias).await }
    }

    /// All projects, a lane each; where there are too many, every row is looked at.
    async fn projects(&self, sql: &mut impl Sql, look: &mut Look, alias: &str) -> store::Result<()> {
        if store::few(sql, PROJECTS, args![], self.states.len()).await? {
            self.by_project(look).among(&[("project_id", Of::Uuid)], PROJECTS);
        } else {
            look.rest_plain(&format!("{alias}.state IN ('{}')", self.states.join("', '")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn k5_1_an_agent_sees_its_own_an_agent_admin_its_agents_too_and_a_super_admin_is_asked_for_nothing() {
        let me = UserId::from_uuid(Uuid::from_u128(7));
        assert_eq!(granted(Scope::All, "$3"), None);
        let (own, text) = granted(Scope::Own(me), "$3").unwrap();
        assert!(own == me && text.ends_with("WHERE g.agent_id = $3") && !text.contains("superior_id"), "{text}");
        let (own, text) = granted(Scope::Team(me), "$3").unwrap();
        assert!(own == me && text.contains("superior_id = $3") && text.ends_with("WHERE g.agent_id = m.v0"), "{text}");
    }
}
