//! K2.2b: applications for projects.

use platform::identity::Role;
use serde_json::{Value, json};
use store::args;
use testkit::{Client, TestServer, on_server};

const URL: &str = "/api/v1/applications";

/// A super admin, an agent admin with an agent of its own, and an agent without a superior.
struct People {
    root: Client,
    admin: Client,
    agent: Client,
    other: Client,
}

async fn people(server: &TestServer) -> People {
    let root = server.user(Role::SuperAdmin, "root").await;
    let admin = server.user(Role::AgentAdmin, "admin").await;
    let agent = server.user_under(Role::Agent, "agent", Some(&admin)).await;
    People { root, agent, other: server.user(Role::Agent, "other").await, admin }
}

async fn project(root: &Client, name: &str, open: bool) -> String {
    let form = json!({"name": name, "description": "about", "version": "1", "open_for_application": open});
    root.post("/api/v1/projects", form).await.ok(201)["project"]["id"].as_str().unwrap().to_owned()
}

fn form(project: &str) -> Value {
    json!({"project_id": project, "reason": "想卖这个"})
}

async fn apply(agent: &Client, project: &str) -> String {
    agent.post(URL, form(project)).await.ok(201)["id"].as_str().unwrap().to_owned()
}

async fn items(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).await.ok(200)["items"].as_array().unwrap().clone()
}

async fn names(client: &Client) -> Vec<String> {
    items(client, &format!("{URL}/projects")).await.iter().map(|project| project["name"].as_str().unwrap().to_owned()).collect()
}

on_server! {
    async fn k2_2b_an_agent_applies_the_superior_approves_and_the_grant_is_there(server) {
        let people = people(server).await;
        let project = project(&people.root, "P", true).await;
        let choice = json!({"id": project, "name": "P", "description": "about", "version": "1"});
        assert_eq!(items(&people.agent, &format!("{URL}/projects")).await, [choice]);
        let sent = people.agent.post(URL, form(&project)).await.ok(201);
        let id = sent["id"].as_str().unwrap();
        assert!(id.starts_with("apl_"));
        assert_eq!((&sent["state"], &sent["reason"], &sent["reviewer"]["name"]), (&json!("pending"), &json!("想卖这个"), &json!("admin")));
        assert_eq!(server.told(people.admin.id()).await, ["grant.application_sent"]);
        assert_eq!(server.told(people.root.id()).await, [] as [&str; 0]);
        assert_eq!(items(&people.admin, &format!("{URL}?scope=review&state=pending")).await, std::slice::from_ref(&sent));

        let body = json!({"ends_at": "2026-12-01T00:00:00Z", "note": "好"});
        let approved = people.admin.post(&format!("{URL}/{id}/approve"), body).await.ok(200);
        assert_eq!((&approved["state"], &approved["note"], &approved["reviewer"]["name"]), (&json!("approved"), &json!("好"), &json!("admin")));
        assert!(approved["reviewed_at"].is_string());
        assert_eq!(items(&people.agent, URL).await, [approved]);
        let grant = items(&people.agent, "/api/v1/grants").await.remove(0);
        assert_eq!((&grant["project"]["id"], &grant["ends_at"], &grant["state"]), (&json!(project), &json!("2026-12-01T00:00:00Z"), &json!("active")));
        assert_eq!(grant["granted_by"]["name"], "admin");
        people.agent.get(&format!("/api/v1/projects/{project}")).await.ok(200);
        assert_eq!(server.told(people.agent.id()).await, ["grant.application_approved"]);
        assert_eq!(server.mails("agent@example.com").await.len(), 1);
    }

    async fn k2_2b_an_agent_without_superior_asks_all_super_admins(server) {
        let people = people(server).await;
        let second = server.user(Role::SuperAdmin, "second").await;
        let project = project(&people.root, "P", true).await;
        let id = apply(&people.other, &project).await;
        assert_eq!(items(&people.other, URL).await[0]["reviewer"], Value::Null);
        for root in [&people.root, &second] {
            assert_eq!(server.told(root.id()).await, ["grant.application_sent"]);
        }
        // It is not the agent admin's.
        assert_eq!(items(&people.admin, URL).await, [] as [Value; 0]);
        for verb in ["approve", "refuse"] {
            people.admin.post(&format!("{URL}/{id}/{verb}"), json!({"note": "x"})).await.refused(404, "NOT_FOUND");
        }
        second.post(&format!("{URL}/{id}/approve"), json!({})).await.ok(200);
        // An agent admin applies, too, and does not decide its own.
        let own = apply(&people.admin, &project).await;
        people.admin.post(&format!("{URL}/{own}/approve"), json!({})).await.refused(404, "NOT_FOUND");
        assert_eq!(items(&people.admin, &format!("{URL}?scope=mine")).await.len(), 1);
        assert_eq!(items(&people.admin, &format!("{URL}?scope=review")).await.len(), 0);
        people.root.post(&format!("{URL}/{own}/approve"), json!({})).await.ok(200);
    }

    async fn k2_2b_a_superior_that_cannot_sign_in_does_not_hold_up_its_agents(server) {
        let people = people(server).await;
        let project = project(&people.root, "P", true).await;
        let mut tx = server.platform.db.begin().await.unwrap();
        tx.exec("UPDATE users SET state = 'disabled' WHERE id = $1", args![people.admin.id()]).await.unwrap();
        tx.commit().await.unwrap();
        apply(&people.agent, &project).await;
        assert_eq!(server.told(people.root.id()).await, ["grant.application_sent"]);
    }

    async fn k2_2b_only_open_projects_can_be_applied_for(server) {
        let people = people(server).await;
        let closed = project(&people.root, "closed", false).await;
        let off = project(&people.root, "off", true).await;
        let granted = project(&people.root, "granted", true).await;
        let asked = project(&people.root, "asked", true).await;
        project(&people.root, "free 自由", true).await;
        people.root.post(&format!("/api/v1/projects/{off}/disable"), json!({})).await.ok(200);
        people.root.post("/api/v1/grants", json!({"project_id": granted, "agent_id": people.agent.id()})).await.ok(201);
        apply(&people.agent, &asked).await;
        assert_eq!(names(&people.agent).await, ["free 自由"]);
        assert_eq!(names(&people.other).await, ["free 自由", "asked", "granted"]);
        assert_eq!(items(&people.other, &format!("{URL}/projects?search=%E8%87%AA")).await.len(), 1);
        for gone in [&closed, &off, "prj_01h455vb4pex5vsknk084sn02q"] {
            people.agent.post(URL, form(gone)).await.refused(404, "NOT_FOUND");
        }
        people.agent.post(URL, form(&granted)).await.refused(409, "GRANT_EXISTS");
        people.agent.post(URL, form(&asked)).await.refused(409, "APPLICATION_EXISTS");
        server.has_answered("GET /api/v1/applications/projects");
    }

    async fn k2_2b_two_applications_at_once_are_one(server) {
        let people = people(server).await;
        let project = project(&people.root, "P", true).await;
        let both = tokio::join!(people.agent.post(URL, form(&project)), people.agent.post(URL, form(&project)));
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        assert_eq!(server.told(people.admin.id()).await.len(), 1);
    }

    async fn k2_2b_a_refusal_says_why_and_one_may_apply_again(server) {
        let people = people(server).await;
        let project = project(&people.root, "P", true).await;
        let id = apply(&people.agent, &project).await;
        let url = format!("{URL}/{id}/refuse");
        people.admin.post(&url, json!({})).await.refused(422, "INVALID");
        people.admin.post(&url, json!({"note": "  "})).await.refused_field("note", "REQUIRED");
        people.admin.post(&url, json!({"note": "x".repeat(501)})).await.refused_field("note", "TOO_LONG");
        let refused = people.admin.post(&url, json!({"note": "资料不全"})).await.ok(200);
        assert_eq!((&refused["state"], &refused["note"]), (&json!("refused"), &json!("资料不全")));
        assert_eq!(server.told(people.agent.id()).await, ["grant.application_refused"]);
        assert_eq!(items(&people.agent, "/api/v1/grants").await, [] as [Value; 0]);
        let (_, mail) = server.mails("agent@example.com").await.remove(0);
        assert!(mail.contains("资料不全"), "{mail}");
        apply(&people.agent, &project).await;
        assert_eq!(items(&people.agent, &format!("{URL}?state=refused")).await, [refused]);
    }

    async fn k2_2b_what_is_decided_stays_decided(server) {
        let people = people(server).await;
        let project = project(&people.root, "P", true).await;
        for (decide, body) in [("approve", json!({})), ("refuse", json!({"note": "no"}))] {
            let id = apply(&people.other, &project).await;
            people.root.post(&format!("{URL}/{id}/{decide}"), body).await.ok(200);
            people.root.post(&format!("{URL}/{id}/approve"), json!({})).await.refused(409, "NOT_PENDING");
            people.root.post(&format!("{URL}/{id}/refuse"), json!({"note": "no"})).await.refused(409, "NOT_PENDING");
            people.other.post(&format!("{URL}/{id}/withdraw"), json!({})).await.refused(409, "NOT_PENDING");
            for grant in items(&people.root, "/api/v1/grants?state=active").await {
                people.root.post(&format!("/api/v1/grants/{}/end", grant["id"].as_str().unwrap()), json!({})).await.ok(200);
            }
        }
    }

    async fn k2_2b_of_two_reviewers_at_once_one_wins(server) {
        let people = people(server).await;
        for n in 0..8 {
            let project = project(&people.root, &format!("P{n}"), true).await;
            let url = format!("{URL}/{}", apply(&people.agent, &project).await);
            let (approve, refuse, withdraw) = (format!("{url}/approve"), format!("{url}/refuse"), format!("{url}/withdraw"));
            let all = tokio::join!(
                people.root.post(&approve, json!({})),
                people.admin.post(&refuse, json!({"note": "no"})),
                people.admin.post(&approve, json!({})),
                people.agent.post(&withdraw, json!({})),
            );
            let mut statuses = [&all.0, &all.1, &all.2, &all.3].map(|answer| answer.status.as_u16());
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409, 409, 409]);
            let lost = [all.0, all.1, all.2, all.3].into_iter().filter(|answer| answer.status == 409);
            lost.for_each(|answer| drop(answer.refused(409, "NOT_PENDING")));
            // The grant is there exactly when it was approved.
            let approved = items(&people.agent, &format!("{URL}?limit=1")).await[0]["state"] == "approved";
            let granted = items(&people.root, &format!("/api/v1/grants?project={project}")).await.len();
            assert_eq!(granted, usize::from(approved));
        }
    }

    async fn k2_2b_a_grant_that_came_meanwhile_is_enough(server) {
        let people = people(server).await;
        let project = project(&people.root, "P", true).await;
        let id = apply(&people.agent, &project).await;
        people.root.post("/api/v1/grants", json!({"project_id": project, "agent_id": people.agent.id()})).await.ok(201);
        let approved = people.admin.post(&format!("{URL}/{id}/approve"), json!({"ends_at": "2026-12-01T00:00:00Z"})).await.ok(200);
        assert_eq!(approved["state"], "approved");
        let grants = items(&people.agent, "/api/v1/grants").await;
        assert_eq!((grants.len(), &grants[0]["ends_at"]), (1, &Value::Null));
    }

    async fn k2_2b_an_approval_that_could_not_grant_is_refused_and_changes_nothing(server) {
        let people = people(server).await;
        let project = project(&people.root, "P", true).await;
        let id = apply(&people.agent, &project).await;
        let url = format!("{URL}/{id}/approve");
        people.admin.post(&url, json!({"ends_at": "2026-11-21T08:00:00Z"})).await.refused_field("ends_at", "IN_PAST");
        people.admin.post(&url, json!({"ends_at": "soon"})).await.refused_field("ends_at", "INVALID");
        people.admin.post(&url, json!({"project_id": project})).await.refused_field("project_id", "INVALID");
        people.root.post(&format!("/api/v1/projects/{project}/disable"), json!({})).await.ok(200);
        people.admin.post(&url, json!({})).await.refused(409, "PROJECT_DISABLED");
        people.root.post(&format!("/api/v1/projects/{project}/enable"), json!({})).await.ok(200);
        let mut tx = server.platform.db.begin().await.unwrap();
        tx.exec("UPDATE users SET state = 'disabled' WHERE id = $1", args![people.agent.id()]).await.unwrap();
        tx.commit().await.unwrap();
        people.admin.post(&url, json!({})).await.refused(409, "AGENT_NOT_ACTIVE");
        assert_eq!(items(&people.admin, URL).await[0]["state"], "pending");
        assert_eq!(items(&people.root, "/api/v1/grants").await, [] as [Value; 0]);
    }

    async fn k2_2b_an_applicant_withdraws_its_own(server) {
        let people = people(server).await;
        let project = project(&people.root, "P", true).await;
        let id = apply(&people.agent, &project).await;
        people.other.post(&format!("{URL}/{id}/withdraw"), json!({})).await.refused(404, "NOT_FOUND");
        people.admin.post(&format!("{URL}/{id}/withdraw"), json!({})).await.refused(404, "NOT_FOUND");
        let withdrawn = people.agent.post(&format!("{URL}/{id}/withdraw"), json!({})).await.ok(200);
        assert_eq!(withdrawn["state"], "withdrawn");
        people.admin.post(&format!("{URL}/{id}/approve"), json!({})).await.refused(409, "NOT_PENDING");
        apply(&people.agent, &project).await;
    }

    async fn k2_2b_who_may_do_what(server) {
        let people = people(server).await;
        let project = project(&people.root, "P", true).await;
        let id = apply(&people.agent, &project).await;
        for verb in ["approve", "refuse"] {
            people.agent.post(&format!("{URL}/{id}/{verb}"), json!({"note": "me"})).await.refused(403, "FORBIDDEN");
            people.other.post(&format!("{URL}/{id}/{verb}"), json!({"note": "me"})).await.refused(403, "FORBIDDEN");
        }
        people.root.post(URL, form(&project)).await.refused(403, "FORBIDDEN");
        people.root.get(&format!("{URL}/projects")).await.refused(403, "FORBIDDEN");
        people.root.get(&format!("{URL}?scope=mine")).await.refused(403, "FORBIDDEN");
        people.agent.get(&format!("{URL}?scope=review")).await.refused(403, "FORBIDDEN");
        for role in [Role::VenueManager, Role::Maintainer, Role::Cashier] {
            let user = server.user(role, kernel::Word::as_str(role)).await;
            user.get(URL).await.refused(403, "FORBIDDEN");
            user.get(&format!("{URL}/projects")).await.refused(403, "FORBIDDEN");
            user.post(URL, form(&project)).await.refused(403, "FORBIDDEN");
            user.post(&format!("{URL}/{id}/approve"), json!({})).await.refused(403, "FORBIDDEN");
            user.post(&format!("{URL}/{id}/withdraw"), json!({})).await.refused(403, "FORBIDDEN");
        }
        server.visitor().post(URL, form(&project)).await.refused(401, "SIGN_IN_REQUIRED");
        assert_eq!(items(&people.other, URL).await, [] as [Value; 0]);
        assert_eq!(items(&people.root, URL).await.len(), 1);
    }

    async fn k2_2b_the_reason_is_checked_and_only_text(server) {
        let people = people(server).await;
        let project = project(&people.root, "P", true).await;
        let with = |reason: &str| json!({"project_id": project, "reason": reason});
        people.agent.post(URL, with(" \n ")).await.refused_field("reason", "REQUIRED");
        people.agent.post(URL, with(&"长".repeat(501))).await.refused_field("reason", "TOO_LONG");
        people.agent.post(URL, with("a\u{0}b")).await.refused_field("reason", "CHARACTERS");
        people.agent.post(URL, json!({"project_id": project})).await.refused(422, "INVALID");
        people.agent.post(URL, json!({"project_id": people.agent.id(), "reason": "x"})).await.refused_field("project_id", "INVALID");
        people.agent.post(URL, json!({"project_id": project, "reason": "x", "agent_id": people.other.id()})).await.refused_field("agent_id", "INVALID");
        let hostile = "{project} <img src=x onerror=alert(1)>'--";
        assert_eq!(people.agent.post(URL, with(hostile)).await.ok(201)["reason"], hostile);
    }
}
