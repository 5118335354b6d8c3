//! Writes that make something do it once for an `Idempotency-Key`, and a race for a name has one winner.

use platform::identity::Role;
use serde_json::{Value, json};
use testkit::on_server;

use crate::support::project;

on_server! {
    async fn k2_1_a_project_is_made_once_and_its_secret_told_to_whoever_asked_for_it(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let form = json!({"name": "P"});
        let first = root.post_once("project-1", "/api/v1/projects", form.clone()).await.ok(201);
        assert_eq!(root.post_once("project-1", "/api/v1/projects", form.clone()).await.ok(201), first);
        root.post_once("project-1", "/api/v1/projects", json!({"name": "Q"})).await.refused(409, "IDEMPOTENCY_CONFLICT");
        let other = server.user(Role::SuperAdmin, "other").await;
        other.post_once("project-1", "/api/v1/projects", form.clone()).await.refused_field("name", "NAME_TAKEN");
        root.post("/api/v1/projects", form).await.refused_field("name", "NAME_TAKEN");
        let secret = first["secret"].as_str().unwrap();
        assert!(server.stored_texts().await.iter().all(|text| !text.contains(secret)), "what is kept is sealed");
        assert_eq!(root.get("/api/v1/projects").await.ok(200)["items"].as_array().unwrap().len(), 1);
    }

    async fn k2_2_a_grant_and_an_application_are_made_once(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let alice = server.user(Role::Agent, "alice").await;
        let program = project(server, &root, "P", json!({})).await;
        let asked = json!({"project_id": program.project, "reason": "please"});
        let first = alice.post_once("application-1", "/api/v1/applications", asked.clone()).await.ok(201);
        assert_eq!(alice.post_once("application-1", "/api/v1/applications", asked).await.ok(201), first);
        let given = json!({"project_id": program.project, "agent_id": alice.id()});
        let first = root.post_once("grant-0001", "/api/v1/grants", given.clone()).await.ok(201);
        assert_eq!(root.post_once("grant-0001", "/api/v1/grants", given).await.ok(201), first);
        assert_eq!(server.told(alice.id()).await, ["grant.created"]);
    }

    async fn k2_1_of_two_renames_at_once_the_second_is_told_that_the_name_is_taken(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let paths: Vec<String> = {
            let mut paths = Vec::new();
            for n in 0..8 {
                paths.push(format!("/api/v1/projects/{}", project(server, &root, &format!("P{n}"), json!({})).await.project));
            }
            paths
        };
        for round in 0..5 {
            let name = json!({"name": format!("wanted {round}")});
            let tries: Vec<_> = paths.iter().map(|path| {
                let (root, path, name) = (root.clone(), path.clone(), name.clone());
                tokio::spawn(async move { root.patch(&path, name).await })
            }).collect();
            let mut won = 0;
            for one in tries {
                let answer = one.await.unwrap();
                if answer.status == 200 { won += 1 } else { answer.refused_field("name", "NAME_TAKEN") }
            }
            assert_eq!(won, 1);
            let left: Value = root.get(&format!("/api/v1/projects?search=wanted%20{round}")).await.ok(200);
            assert_eq!(left["items"].as_array().unwrap().len(), 1);
        }
    }
}
