use kernel::PageAsk;
use store::{Filter, Index, Look, Row, args};

use crate::identity::{Principal, Role, Scope, SessionId, UserId, team};
use crate::testing::Bench;

/// Each user has a session: the rows that are looked for.
const BY_USER: Index = Index { name: "sessions_user", columns: &["user_id"] };

async fn agent(bench: &Bench, name: &str, superior: Option<&Principal>) -> Principal {
    let (agent, _) = bench.user(Role::Agent, name).await;
    if let Some(superior) = superior {
        bench.exec("UPDATE users SET superior_id = $1 WHERE id = $2", args![superior.id, agent.id]).await;
    }
    agent
}

/// Two agent admins with two agents and with one, an agent without a superior, and those whose work is something else.
async fn everybody(bench: &Bench) -> Vec<Principal> {
    let mut all = Vec::new();
    for (role, name) in [(Role::SuperAdmin, "root"), (Role::AgentAdmin, "boss"), (Role::AgentAdmin, "rival")] {
        all.push(bench.user(role, name).await.0);
    }
    for (name, superior) in [("alice", Some(1)), ("bob", Some(1)), ("carol", Some(2)), ("dave", None)] {
        let agent = agent(bench, name, superior.map(|place: usize| &all[place])).await;
        all.push(agent);
    }
    for (role, name) in [(Role::VenueManager, "host"), (Role::Maintainer, "fitter"), (Role::Cashier, "teller")] {
        all.push(bench.user(role, name).await.0);
    }
    all
}

/// By hand: whom each of them sees.
fn seen_by(name: &str) -> &'static [&'static str] {
    match name {
        "root" => &["alice", "bob", "boss", "carol", "dave", "fitter", "host", "rival", "root", "teller"],
        "boss" => &["alice", "bob", "boss"],
        "rival" => &["carol", "rival"],
        "alice" => &["alice"],
        "bob" => &["bob"],
        "carol" => &["carol"],
        "dave" => &["dave"],
        "host" => &["host"],
        "fitter" => &["fitter"],
        "teller" => &["teller"],
        other => panic!("{other}"),
    }
}

/// Sorted; whoever was found twice is named twice.
fn names(all: &[Principal], found: Vec<UserId>) -> Vec<&str> {
    let mut names: Vec<&str> = found.iter().map(|id| all.iter().find(|user| user.id == *id).unwrap().name.as_str()).collect();
    names.sort_unstable();
    names
}

/// Whose sessions a list shows.
async fn listed(bench: &Bench, look: &Look) -> Vec<UserId> {
    let read = |row: &Row| Ok((row.get::<SessionId>("id")?, row.get::<UserId>("user_id")?));
    let (mut sql, select, ask) = (bench.platform.db.read(), "SELECT s.id, s.user_id FROM sessions s", PageAsk::first(50));
    let page = look.page(&mut sql, select, "s.id", &ask, read, |(id, _)| id.uuid()).await.unwrap();
    page.items.into_iter().map(|(_, user)| user).collect()
}

async fn along_lanes(bench: &Bench, scope: Scope) -> Vec<UserId> {
    let mut look = Look::new("sessions", "id");
    if scope != Scope::All {
        look.by(&BY_USER).partial("t.revoked_at IS NULL");
    }
    scope.look(&mut look, "user_id");
    listed(bench, &look).await
}

async fn row_by_row(bench: &Bench, scope: Scope) -> Vec<UserId> {
    let mut look = Look::new("sessions", "id");
    scope.rest(&mut look, "s.user_id");
    listed(bench, &look).await
}

async fn by_a_condition(bench: &Bench, scope: Scope) -> Vec<UserId> {
    let mut filter = Filter::new();
    scope.restrict(&mut filter, "s.user_id");
    let query = format!("SELECT s.user_id FROM sessions s WHERE {}", filter.sql());
    bench.all(&query, filter.args(), |row| row.get("user_id")).await
}

async fn one_by_one(bench: &Bench, scope: Scope, all: &[Principal]) -> Vec<UserId> {
    let mut seen = Vec::new();
    for user in all {
        if scope.sees(&mut bench.platform.db.read(), user.id).await.unwrap() {
            seen.push(user.id);
        }
    }
    seen
}

on_platform! {
    async fn one_sees_ones_own_an_agent_admin_its_agents_too_and_a_super_admin_all_however_it_is_asked(bench) {
        let all = everybody(bench).await;
        for reader in &all {
            let (scope, expected) = (reader.scope(), seen_by(&reader.name));
            assert_eq!(names(&all, along_lanes(bench, scope).await), expected, "lanes of {}", reader.name);
            assert_eq!(names(&all, row_by_row(bench, scope).await), expected, "rows of {}", reader.name);
            assert_eq!(names(&all, by_a_condition(bench, scope).await), expected, "condition of {}", reader.name);
            assert_eq!(names(&all, one_by_one(bench, scope, &all).await), expected, "users of {}", reader.name);
        }
    }

    async fn a_team_is_an_agent_admin_and_the_agents_that_it_made(bench) {
        let all = everybody(bench).await;
        for (me, expected) in [(1, &["alice", "bob", "boss"][..]), (2, &["carol", "rival"][..]), (3, &["alice"][..])] {
            let found: Vec<UserId> = bench.all(&team("$1"), args![all[me].id], |row| row.get("v0")).await;
            assert_eq!(names(&all, found), expected);
        }
    }

    /// 2,000 lanes are compared at most: where there are more, the rows are asked one by one.
    async fn only_a_team_can_have_too_many_lanes(bench) {
        let all = everybody(bench).await;
        for (each, few) in [(1, true), (666, true), (667, false), (2_000, false)] {
            assert_eq!(all[1].scope().few(&mut bench.platform.db.read(), each).await.unwrap(), few, "three, {each} times");
        }
        for reader in [&all[0], &all[3]] {
            assert!(reader.scope().few(&mut bench.platform.db.read(), 1_000_000).await.unwrap(), "{}", reader.name);
        }
    }
}
