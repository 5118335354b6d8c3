//! K2.2a: grants.

use licensing::{grants, projects::ProjectId};
use platform::identity::Role;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Client, TestServer, on_server};

const URL: &str = "/api/v1/grants";
const NOBODY: &str = "usr_01h455vb4pex5vsknk084sn02q";

/// A super admin, an agent admin with an agent of its own, and an agent without a superior. Their sessions last for days.
struct People {
    root: Client,
    admin: Client,
    agent: Client,
    other: Client,
}

async fn people(server: &TestServer) -> People {
    let first = server.user(Role::SuperAdmin, "first").await;
    first.patch("/api/v1/settings/security.session_hours", json!({"value": 720})).await.ok(200);
    let admin = server.user(Role::AgentAdmin, "admin").await;
    let agent = server.user_under(Role::Agent, "agent", Some(&admin)).await;
    People { root: server.user(Role::SuperAdmin, "root").await, agent, other: server.user(Role::Agent, "other").await, admin }
}

async fn project(root: &Client, name: &str) -> String {
    let form = json!({"name": name, "parameters": {"a": "b"}, "prices": [{"unit": "day", "count": 1, "price": 2}]});
    root.post("/api/v1/projects", form).await.ok(201)["project"]["id"].as_str().unwrap().to_owned()
}

fn form(project: &str, agent: &Client) -> Value {
    json!({"project_id": project, "agent_id": agent.id()})
}

fn until(project: &str, agent: &Client, ends_at: &str) -> Value {
    json!({"project_id": project, "agent_id": agent.id(), "ends_at": ends_at, "note": "三天"})
}

async fn usable(server: &TestServer, project: &str, agent: &Client) -> bool {
    let project: ProjectId = project.parse().unwrap();
    grants::usable(&mut server.platform.db.read(), project, agent.id(), server.clock.now()).await.unwrap()
}

fn id(grant: &Value) -> String {
    grant["id"].as_str().unwrap().to_owned()
}

async fn items(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).await.ok(200)["items"].as_array().unwrap().clone()
}

on_server! {
    async fn k2_2a_a_granted_project_is_seen_and_the_agent_is_told(server) {
        let people = people(server).await;
        let project = project(&people.root, "P").await;
        assert!(!usable(server, &project, &people.agent).await);
        let grant = people.root.post(URL, until(&project, &people.agent, "2026-11-24T08:00:00Z")).await.ok(201);
        assert!(id(&grant).starts_with("grt_"));
        assert_eq!(grant["project"], json!({"id": project, "name": "P"}));
        assert_eq!((&grant["agent"]["name"], &grant["granted_by"]["name"]), (&json!("agent"), &json!("root")));
        assert_eq!((&grant["state"], &grant["ends_at"], &grant["note"]), (&json!("active"), &json!("2026-11-24T08:00:00Z"), &json!("三天")));
        assert!(usable(server, &project, &people.agent).await && !usable(server, &project, &people.other).await);
        assert_eq!(server.told(people.agent.id()).await, ["grant.created"]);
        assert_eq!(server.mails("agent@example.com").await.len(), 1);

        // The agent sees it with its grant, its prices and parameters, and without what only the owner's programs need.
        let seen = people.agent.get(&format!("/api/v1/projects/{project}")).await.ok(200);
        assert_eq!((&seen["api_key"], &seen["response_public_key"], &seen["key_counts"]), (&json!(""), &json!(""), &Value::Null));
        assert_eq!((&seen["parameters"]["a"], &seen["prices"][0]["price"]), (&json!("b"), &json!(2)));
        assert_eq!(seen["my_grant"], grant);
        assert_eq!(items(&people.agent, "/api/v1/projects").await, [seen]);
        for foreign in [&people.other, &people.admin] {
            foreign.get(&format!("/api/v1/projects/{project}")).await.refused(404, "NOT_FOUND");
        }
    }

    async fn k2_2a_an_agent_admin_grants_its_own_agents_and_nobody_else(server) {
        let people = people(server).await;
        let project = project(&people.root, "P").await;
        assert_eq!(items(&people.admin, "/api/v1/grants/projects?search=p").await[0]["id"], json!(project));
        let grant = people.admin.post(URL, form(&project, &people.agent)).await.ok(201);
        assert_eq!(grant["ends_at"], Value::Null);
        for foreign in [&people.other, &people.admin, &people.root] {
            people.admin.post(URL, form(&project, foreign)).await.refused(404, "NOT_FOUND");
        }
        // A super admin grants any agent and agent admin, and nobody else.
        people.root.post(URL, form(&project, &people.other)).await.ok(201);
        let own = people.root.post(URL, form(&project, &people.admin)).await.ok(201);
        let venue = server.user(Role::VenueManager, "venue").await;
        for nobody in [&venue, &people.root] {
            people.root.post(URL, form(&project, nobody)).await.refused(404, "NOT_FOUND");
        }
        people.root.post(URL, json!({"project_id": project, "agent_id": NOBODY})).await.refused(404, "NOT_FOUND");
        people.root.post(URL, form("prj_01h455vb4pex5vsknk084sn02q", &people.agent)).await.refused(404, "NOT_FOUND");
        // Its own grant it sees, but does not decide.
        people.admin.post(&format!("{URL}/{}/end", id(&own)), json!({})).await.refused(403, "FORBIDDEN");
        people.admin.patch(&format!("{URL}/{}", id(&own)), json!({"ends_at": null})).await.refused(403, "FORBIDDEN");
    }

    async fn k2_2a_agents_grant_nothing_and_foreign_grants_are_not_there(server) {
        let people = people(server).await;
        let project = project(&people.root, "P").await;
        let foreign = people.root.post(URL, form(&project, &people.other)).await.ok(201);
        let own = people.root.post(URL, form(&project, &people.agent)).await.ok(201);
        let venue = server.user(Role::VenueManager, "venue").await;
        for user in [&people.agent, &venue] {
            user.post(URL, form(&project, &people.agent)).await.refused(403, "FORBIDDEN");
            user.patch(&format!("{URL}/{}", id(&own)), json!({"ends_at": null})).await.refused(403, "FORBIDDEN");
            user.post(&format!("{URL}/{}/end", id(&own)), json!({})).await.refused(403, "FORBIDDEN");
            user.get("/api/v1/grants/projects").await.refused(403, "FORBIDDEN");
        }
        venue.get(URL).await.refused(403, "FORBIDDEN");
        server.visitor().get(URL).await.refused(401, "SIGN_IN_REQUIRED");
        for id in [id(&foreign), "grt_01h455vb4pex5vsknk084sn02q".into(), project.clone()] {
            people.admin.patch(&format!("{URL}/{id}"), json!({"ends_at": null})).await.refused(404, "NOT_FOUND");
            people.admin.post(&format!("{URL}/{id}/end"), json!({})).await.refused(404, "NOT_FOUND");
        }
        // Each sees its own; filters do not widen that.
        assert_eq!(items(&people.agent, URL).await, std::slice::from_ref(&own));
        assert_eq!(items(&people.admin, URL).await, std::slice::from_ref(&own));
        assert_eq!(items(&people.admin, &format!("{URL}?agent={}", people.other.id())).await, [] as [Value; 0]);
        assert_eq!(items(&people.root, URL).await, [own.clone(), foreign.clone()]);
        assert_eq!(items(&people.root, &format!("{URL}?project={project}&agent={}", people.other.id())).await, [foreign]);
        people.root.get(&format!("{URL}?agent=1")).await.refused(422, "INVALID");
    }

    async fn k2_2a_one_live_grant_for_a_project_and_agent(server) {
        let people = people(server).await;
        let project = project(&people.root, "P").await;
        let both = tokio::join!(people.root.post(URL, form(&project, &people.agent)), people.admin.post(URL, form(&project, &people.agent)));
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        people.root.post(URL, form(&project, &people.agent)).await.refused(409, "GRANT_EXISTS");
        assert_eq!(server.told(people.agent.id()).await, ["grant.created"]);
        // After its end there may be another.
        let grant = items(&people.root, URL).await.remove(0);
        people.root.post(&format!("{URL}/{}/end", id(&grant)), json!({})).await.ok(200);
        people.root.post(URL, form(&project, &people.agent)).await.ok(201);
    }

    async fn k2_2a_what_cannot_be_granted_is_refused(server) {
        let people = people(server).await;
        let project = project(&people.root, "P").await;
        for past in ["2026-11-21T07:59:59Z", "2026-11-21T08:00:00Z", "1969-01-01T00:00:00Z"] {
            people.root.post(URL, until(&project, &people.agent, past)).await.refused_field("ends_at", "IN_PAST");
        }
        people.root.post(URL, until(&project, &people.agent, "tomorrow")).await.refused_field("ends_at", "INVALID");
        let mut long = form(&project, &people.agent);
        long["note"] = json!("x".repeat(501));
        people.root.post(URL, long).await.refused_field("note", "TOO_LONG");
        let mut more = form(&project, &people.agent);
        more["starts_at"] = json!("2026-11-21T08:00:00Z");
        people.root.post(URL, more).await.refused_field("starts_at", "INVALID");
        people.root.post(URL, json!({"project_id": project})).await.refused(422, "INVALID");
        let mut tx = server.platform.db.begin().await.unwrap();
        tx.exec("UPDATE users SET state = 'disabled' WHERE id = $1", args![people.other.id()]).await.unwrap();
        tx.commit().await.unwrap();
        people.root.post(URL, form(&project, &people.other)).await.refused(409, "AGENT_NOT_ACTIVE");
        people.root.post(&format!("/api/v1/projects/{project}/disable"), json!({})).await.ok(200);
        people.root.post(URL, form(&project, &people.agent)).await.refused(409, "PROJECT_DISABLED");
        assert_eq!(items(&people.admin, "/api/v1/grants/projects").await, [] as [Value; 0]);
        assert_eq!(items(&people.root, URL).await, [] as [Value; 0]);
    }

    async fn k2_2a_the_end_moves_and_the_agent_is_told(server) {
        let people = people(server).await;
        let project = project(&people.root, "P").await;
        let grant = people.admin.post(URL, form(&project, &people.agent)).await.ok(201);
        let url = format!("{URL}/{}", id(&grant));
        people.admin.patch(&url, json!({"ends_at": "2026-11-21T08:00:00Z"})).await.refused_field("ends_at", "IN_PAST");
        people.admin.patch(&url, json!({})).await.refused(422, "INVALID");
        people.admin.patch(&url, json!({"ends_at": null, "agent_id": NOBODY})).await.refused(422, "INVALID");
        let same = people.admin.patch(&url, json!({"ends_at": null})).await.ok(200);
        assert_eq!(same, grant);
        let moved = people.admin.patch(&url, json!({"ends_at": "2026-11-22T08:00:00+08:00"})).await.ok(200);
        assert_eq!(moved["ends_at"], "2026-11-22T00:00:00Z");
        assert_eq!(items(&people.agent, URL).await, [moved]);
        assert_eq!(server.told(people.agent.id()).await, ["grant.created", "grant.changed"]);
        // An agent admin may move the end of what a super admin granted to its agent.
        people.root.patch(&url, json!({"ends_at": null})).await.ok(200);
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM operations WHERE action = 'changed' AND module = 'grants'";
        let logged: i64 = server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap();
        assert_eq!(logged, 2);
    }

    async fn k2_2a_a_grant_is_ended_once(server) {
        let people = people(server).await;
        let project = project(&people.root, "P").await;
        let grant = people.root.post(URL, form(&project, &people.agent)).await.ok(201);
        let url = format!("{URL}/{}/end", id(&grant));
        let ended = people.admin.post(&url, json!({})).await.ok(200);
        assert_eq!((&ended["state"], &ended["ended_reason"]), (&json!("ended"), &json!("revoked")));
        assert!(!usable(server, &project, &people.agent).await);
        people.root.post(&url, json!({})).await.refused(409, "GRANT_ENDED");
        people.root.patch(&format!("{URL}/{}", id(&grant)), json!({"ends_at": null})).await.refused(409, "GRANT_ENDED");
        assert_eq!(server.told(people.agent.id()).await, ["grant.created", "grant.ended"]);
        people.agent.get(&format!("/api/v1/projects/{project}")).await.refused(404, "NOT_FOUND");
        assert_eq!(items(&people.agent, &format!("{URL}?state=ended")).await, [ended]);
        assert_eq!(items(&people.agent, &format!("{URL}?state=active")).await, [] as [Value; 0]);
    }

    async fn k2_2a_at_its_end_a_grant_stops_by_itself(server) {
        let people = people(server).await;
        let project = project(&people.root, "P").await;
        let grant = people.root.post(URL, until(&project, &people.agent, "2026-11-21T09:00:00Z")).await.ok(201);
        let endless = people.root.post(URL, form(&project, &people.other)).await.ok(201);
        server.clock.step(59 * kernel::MINUTE);
        assert!(usable(server, &project, &people.agent).await);
        server.clock.step(kernel::MINUTE);
        // At once, before anything has swept.
        assert!(!usable(server, &project, &people.agent).await);
        people.agent.get(&format!("/api/v1/projects/{project}")).await.refused(404, "NOT_FOUND");
        let expired = items(&people.agent, URL).await.remove(0);
        assert_eq!((&expired["state"], &expired["ended_reason"]), (&json!("ended"), &json!("expired")));
        assert_eq!(items(&people.root, &format!("{URL}?state=active")).await, [endless]);
        assert_eq!(items(&people.root, &format!("{URL}?state=ended")).await, std::slice::from_ref(&expired));
        people.root.patch(&format!("{URL}/{}", id(&grant)), json!({"ends_at": null})).await.refused(409, "GRANT_ENDED");
        people.root.post(&format!("{URL}/{}/end", id(&grant)), json!({})).await.refused(409, "GRANT_ENDED");
        assert_eq!(server.told(people.agent.id()).await, ["grant.created"]);

        for _ in 0..2 {
            server.tick().await;
            server.clock.step(kernel::MINUTE);
        }
        assert_eq!(server.told(people.agent.id()).await, ["grant.created", "grant.ended"]);
        assert_eq!(server.told(people.other.id()).await, ["grant.created"]);
        assert_eq!(items(&people.agent, URL).await, [expired]);
        let sql = "SELECT ended_at, actor_role, detail FROM grants, operations WHERE ended_at IS NOT NULL AND action = 'ended'";
        let (at, role, detail): (kernel::Timestamp, String, String) =
            server.platform.db.read().one(sql, args![], |row| Ok((row.get("ended_at")?, row.get("actor_role")?, row.get("detail")?))).await.unwrap();
        assert_eq!((at.to_string().as_str(), role.as_str()), ("2026-11-21T09:00:00Z", "system"));
        assert!(detail.contains("expired"), "{detail}");
    }

    async fn k2_2a_an_expired_grant_does_not_stand_in_the_way_of_the_next(server) {
        let people = people(server).await;
        let project = project(&people.root, "P").await;
        people.root.post(URL, until(&project, &people.agent, "2026-11-21T09:00:00Z")).await.ok(201);
        server.clock.step(kernel::HOUR);
        let next = people.root.post(URL, form(&project, &people.agent)).await.ok(201);
        assert!(usable(server, &project, &people.agent).await);
        server.tick().await;
        assert_eq!(server.told(people.agent.id()).await, ["grant.created", "grant.ended", "grant.created"]);
        assert_eq!(items(&people.root, &format!("{URL}?state=active")).await, [next]);
        assert_eq!(items(&people.root, URL).await.len(), 2);
    }

    async fn k7_2_the_agent_is_warned_once_before_the_end(server) {
        let people = people(server).await;
        let (soon, later) = (project(&people.root, "soon").await, project(&people.root, "later").await);
        people.root.patch("/api/v1/settings/notification.grant_warning_days", json!({"value": 0})).await.ok(200);
        let grant = people.root.post(URL, until(&soon, &people.agent, "2026-11-23T09:00:00Z")).await.ok(201);
        people.root.post(URL, until(&later, &people.agent, "2026-12-23T09:00:00Z")).await.ok(201);
        server.tick().await;
        assert_eq!(server.told(people.agent.id()).await.len(), 2);
        people.root.patch("/api/v1/settings/notification.grant_warning_days", json!({"value": 3})).await.ok(200);
        for _ in 0..3 {
            server.clock.step(kernel::MINUTE);
            server.tick().await;
        }
        let warned = ["grant.created", "grant.created", "grant.ending"];
        assert_eq!(server.told(people.agent.id()).await, warned);
        let mail = server.mails("agent@example.com").await.pop().unwrap();
        assert!(mail.1.contains("soon") && mail.1.contains("2026-11-23 17:00 Asia/Shanghai"), "{}", mail.1);
        // Another end is warned of anew.
        people.root.patch(&format!("{URL}/{}", id(&grant)), json!({"ends_at": "2026-11-22T09:00:00Z"})).await.ok(200);
        server.clock.step(kernel::MINUTE);
        server.tick().await;
        assert_eq!(server.told(people.agent.id()).await[3..], ["grant.changed", "grant.ending"]);
    }

    async fn k2_2a_many_grants_end_in_one_sweep(server) {
        let people = people(server).await;
        let mut ended = 0;
        for n in 0..60 {
            let project = project(&people.root, &format!("P{n}")).await;
            people.root.post(URL, until(&project, &people.other, "2026-11-21T09:00:00Z")).await.ok(201);
            ended += 1;
        }
        server.clock.step(kernel::HOUR);
        server.tick().await;
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM grants WHERE state = 'ended'";
        let swept: i64 = server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap();
        assert_eq!(swept, ended);
    }
}
