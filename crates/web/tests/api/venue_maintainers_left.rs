//! Where a manager who has made maintainers goes: who hears of them, who lets them in again, and what is begun meanwhile.

use platform::identity::{Role, UserId};
use serde_json::{Value, json};
use store::{Engine, Sql, args};
use testkit::{Answer, Client, TestServer, on_server};

use crate::venue_maintainers::{MAINTAINERS, USERS, at, form, hall, is_not_there_for, made, managed_by, names};

/// What somebody was told last, in this language, and where it leads.
async fn newest(who: &Client, language: &str) -> (String, Value) {
    let page = who.with("Accept-Language", language).get("/api/v1/notifications").await.ok(200);
    (page["items"][0]["body"].as_str().unwrap().to_owned(), page["items"][0]["link"].clone())
}

async fn remove(by: &Client, hall: &str, user: &Client) -> Answer {
    by.post(&format!("/api/v1/venues/{hall}/staff/remove"), json!({"user_id": user.id()})).await
}

async fn add(by: &Client, hall: &str, name: &str) {
    by.post(&format!("/api/v1/venues/{hall}/staff"), json!({"name": name})).await.ok(200);
}

fn of(user: &Client, rest: &str) -> String {
    format!("{USERS}/{}{rest}", user.id())
}

/// Both wait for what somebody else does about this manager, in this order; SQLite has one of its own.
async fn in_this_order<A, B>(
    server: &TestServer,
    manager: &Client,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let mut held = server.platform.db.begin().await.unwrap();
    let sql = format!("SELECT id FROM users WHERE id = $1{}", held.for_update());
    held.one(&sql, args![manager.id()], |row| row.get::<UserId>("id")).await.unwrap();
    let second = async {
        server.until_waiting(1).await;
        second.await
    };
    let release = async {
        server.until_waiting(2).await;
        held.commit().await.unwrap();
    };
    let (first, second, ()) = tokio::join!(first, second, release);
    (first, second)
}

on_server! {
    async fn v5_2_super_admins_are_told_once_whom_a_manager_leaves_behind_in_a_hall(server) {
        let (root, manager) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::VenueManager, "manager").await);
        let (one, two) = (hall(&manager, "one").await, hall(&manager, "two").await);
        made(&manager, "anna", &[&one]).await;
        made(&manager, "bert", &[&one, &two]).await;
        made(&manager, "carl", &[&two]).await;
        let dora = made(&manager, "dora", &[&one]).await;
        // Who is disabled comes in nowhere, and is nothing to see to.
        manager.post(&at(&dora, "/disable"), json!({})).await.ok(200);
        let fresh = server.user(Role::VenueManager, "fresh").await;
        add(&manager, &one, "fresh").await;
        remove(&root, &one, &fresh).await.ok(200);
        assert_eq!(server.told(root.id()).await, names(&[]), "of who has made nobody there is nothing to tell");

        remove(&root, &one, &manager).await.ok(200);
        let (body, link) = newest(&root, "zh-CN").await;
        assert!(body.contains("店长 manager 不再在 one 工作") && body.contains("：anna、bert。"), "{body}");
        assert!(body.contains("“维护人员”页") && link == "/maintainers", "{body}");
        let (body, _) = newest(&root, "en").await;
        assert!(body.starts_with("manager does not work in one any more.") && body.contains(": anna, bert. Super admins alone"), "{body}");
        remove(&root, &one, &manager).await.ok(200);
        assert_eq!(server.told(root.id()).await, ["account.maintainers_left"], "once");
        assert_eq!(server.mails("root@example.com").await.len(), 0, "inside the console");
        // Of the second hall only who was not told of before.
        remove(&root, &two, &manager).await.ok(200);
        let (body, _) = newest(&root, "zh-CN").await;
        assert!(body.contains("在 two 工作") && body.contains("：carl。"), "{body}");
        assert_eq!(server.told(root.id()).await.len(), 2);
        assert_eq!(server.told(manager.id()).await, names(&[]));
    }

    async fn v5_2_super_admins_are_told_once_whom_a_manager_leaves_to_them_who_is_disabled(server) {
        let (root, second) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::SuperAdmin, "second").await);
        let (manager, fresh) = (server.user(Role::VenueManager, "manager").await, server.user(Role::VenueManager, "fresh").await);
        let one = hall(&manager, "one").await;
        let anna = made(&manager, "anna", &[&one]).await;
        root.post(&of(&fresh, "/disable"), json!({})).await.ok(200);
        assert_eq!(server.told(second.id()).await, names(&[]));
        for _ in 0..2 {
            root.post(&of(&manager, "/disable"), json!({})).await.ok(200);
        }
        // Taken from its hall as well it is no news.
        remove(&root, &one, &manager).await.ok(200);
        for who in [&root, &second] {
            assert_eq!(server.told(who.id()).await, ["account.manager_disabled"]);
        }
        let (body, link) = newest(&second, "zh-CN").await;
        assert!(body.contains("店长 manager 已被停用") && body.contains("：anna。") && link == "/maintainers", "{body}");
        let (body, _) = newest(&second, "en").await;
        assert!(body.starts_with("The manager manager is disabled.") && body.contains(": anna. Until manager is enabled"), "{body}");
        // Enabled it manages nobody before it is back there.
        root.post(&of(&manager, "/enable"), json!({})).await.ok(200);
        let again = server.session_of(manager.id()).await;
        is_not_there_for(&again, &anna).await;
        add(&root, &one, "manager").await;
        assert_eq!(managed_by(&again).await, ["anna"]);
    }

    async fn v5_2_whom_a_super_admin_has_disabled_its_manager_does_not_let_in_again(server) {
        let (root, manager) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::VenueManager, "manager").await);
        let fixer = made(&manager, "fixer", &[&hall(&manager, "own").await]).await;
        let state = async |who: &Client, rest: &str| {
            let user = who.post(&at(&fixer, rest), json!({})).await.ok(200);
            (user["state"].as_str().unwrap().to_owned(), user["disabled_above"].as_bool().unwrap())
        };
        let (active, disabled) = (("active".to_owned(), false), |above: bool| ("disabled".to_owned(), above));
        let refused = async |language: &str| {
            let asked = manager.with("Accept-Language", language).post(&at(&fixer, "/enable"), json!({})).await;
            asked.refused(403, "DISABLED_ABOVE")["title"].as_str().unwrap().to_owned()
        };
        // What it has disabled itself it enables again.
        assert_eq!((state(&manager, "/disable").await, state(&manager, "/enable").await), (disabled(false), active.clone()));

        assert_eq!(state(&root, "/disable").await, disabled(true));
        assert!(refused("zh-CN").await.contains("只有超级管理员"));
        assert!(refused("en").await.starts_with("A super admin has disabled this user"));
        // It is seen, and disabling it once more changes nothing of that.
        assert_eq!(manager.get(&at(&fixer, "")).await.ok(200)["disabled_above"], true);
        assert_eq!(manager.get(USERS).await.ok(200)["items"][0]["disabled_above"], true);
        assert_eq!(state(&manager, "/disable").await, disabled(true));
        refused("en").await;
        assert_eq!(state(&root, "/enable").await, active);
        assert_eq!((state(&manager, "/disable").await, state(&manager, "/enable").await), (disabled(false), active.clone()));
        // Nor where the manager was quicker.
        assert_eq!((state(&manager, "/disable").await, state(&root, "/disable").await), (disabled(false), disabled(true)));
        refused("en").await;
        let lines = server.logged().await;
        let last: Vec<_> = lines.iter().rev().take(2).map(|line| (line.actor.as_str(), line.what.as_str())).collect();
        assert_eq!(last, [("root", "users.disabled"), ("manager", "users.disabled")]);
        assert_eq!(state(&root, "/enable").await, active);
    }

    async fn k1_4b_whom_a_super_admin_has_disabled_its_agent_admin_does_not_let_in_again(server) {
        let (root, boss) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::AgentAdmin, "boss").await);
        let carol = server.user_under(Role::Agent, "carol", Some(&boss)).await;
        assert_eq!(boss.get(&of(&carol, "")).await.ok(200)["made_by"]["name"], "boss");
        root.post(&of(&carol, "/disable"), json!({})).await.ok(200);
        boss.post(&of(&carol, "/enable"), json!({})).await.refused(403, "DISABLED_ABOVE");
        // Whichever super admin it was, each may.
        let second = server.user(Role::SuperAdmin, "second").await;
        assert_eq!(second.post(&of(&carol, "/enable"), json!({})).await.ok(200)["disabled_above"], false);
        boss.post(&of(&carol, "/disable"), json!({})).await.ok(200);
        assert_eq!(boss.post(&of(&carol, "/enable"), json!({})).await.ok(200)["state"], "active");
        assert_eq!(server.told(root.id()).await, names(&[]));
    }

    async fn v5_2_whoever_is_taken_from_a_hall_meanwhile_makes_nobody_for_it(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let mut told = 0;
        for (n, name) in ["early", "late"].into_iter().enumerate() {
            let manager = server.user(Role::VenueManager, name).await;
            let own = hall(&manager, name).await;
            let makes = async { manager.post_once("made-0001", MAINTAINERS, form(&format!("of-{name}"), &[&own])).await };
            let (made, taken) = if n == 0 {
                let (taken, made) = in_this_order(server, &manager, remove(&root, &own, &manager), makes).await;
                (made, taken)
            } else {
                in_this_order(server, &manager, makes, remove(&root, &own, &manager)).await
            };
            taken.ok(200);
            if server.platform.db.engine() == Engine::Postgres {
                assert_eq!(made.status.as_u16(), [404, 201][n]);
            }
            // Who was made before that is left to super admins, who are told; and after it nobody is made.
            if made.status == 201 {
                told += 1;
                is_not_there_for(&manager, &made.json()).await;
            } else {
                made.refused(404, "NOT_FOUND");
            }
            assert_eq!((managed_by(&manager).await, server.told(root.id()).await.len()), (names(&[]), told));
        }
    }

    async fn v5_2_whoever_is_disabled_meanwhile_makes_nobody(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let mut told = 0;
        for (n, name) in ["early", "late"].into_iter().enumerate() {
            let manager = server.user(Role::VenueManager, name).await;
            let own = hall(&manager, name).await;
            let makes = async { manager.post_once("made-0001", MAINTAINERS, form(&format!("of-{name}"), &[&own])).await };
            let path = of(&manager, "/disable");
            let disables = async { root.post(&path, json!({})).await };
            let (made, disabled) = if n == 0 {
                let (disabled, made) = in_this_order(server, &manager, disables, makes).await;
                (made, disabled)
            } else {
                in_this_order(server, &manager, makes, disables).await
            };
            disabled.ok(200);
            if server.platform.db.engine() == Engine::Postgres {
                assert_eq!(made.status.as_u16(), [403, 201][n]);
            }
            // Whom it was in time to make the super admins are told of.
            told += usize::from(made.status == 201);
            assert_eq!(server.told(root.id()).await, vec!["account.manager_disabled"; told]);
            assert!([201, 401, 403].contains(&made.status.as_u16()), "{}", made.text());
        }
    }
}
