//! A manager makes the maintainers of its halls, and manages those whom it has made and who work in its halls alone, and no others. Who hears of it
//! where that ends: `venue_maintainers_left.rs`.

use platform::identity::{Role, UserId};
use serde_json::{Value, json};
use store::args;
use testkit::{Client, TestServer, on_server};

use crate::support::pay::{id, words};
use crate::users_email::{first_password, sign_in};

pub const MAINTAINERS: &str = "/api/v1/maintainers";
pub const USERS: &str = "/api/v1/users";

/// A hall of this manager's.
pub async fn hall(manager: &Client, name: &str) -> String {
    let form = json!({"name": name, "time_zone": "Asia/Shanghai", "tariff": {"per_hour": 3_600, "unit_minutes": 1}});
    id(&manager.post_once(&format!("hall-{name}"), "/api/v1/venues", form).await.ok(201)).to_owned()
}

pub fn form(name: &str, halls: &[&String]) -> Value {
    json!({"name": name, "email": format!("{name}@example.com"), "venue_ids": halls})
}

pub async fn made(manager: &Client, name: &str, halls: &[&String]) -> Value {
    manager.post_once(&format!("made-{name}"), MAINTAINERS, form(name, halls)).await.ok(201)
}

pub fn user_id(user: &Value) -> UserId {
    id(user).parse().unwrap()
}

pub fn at(user: &Value, rest: &str) -> String {
    format!("{USERS}/{}{rest}", id(user))
}

pub fn names(all: &[&str]) -> Vec<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

/// By name, the newest first.
pub async fn managed_by(who: &Client) -> Vec<String> {
    words(&who.get(USERS).await.ok(200)["items"], "name")
}

pub async fn works_at(who: &Client, hall: &str) -> Vec<String> {
    let staff = who.get(&format!("/api/v1/venues/{hall}/staff")).await.ok(200);
    staff["items"].as_array().unwrap().iter().map(|member| member["user"]["name"].as_str().unwrap().to_owned()).collect()
}

pub async fn logged(server: &TestServer) -> Vec<(String, String)> {
    server.logged().await.into_iter().map(|line| (line.actor, line.what)).filter(|(_, what)| what != "venues.created").collect()
}

/// All that is done to one who is managed, and is refused to whoever does not manage it.
pub async fn is_not_there_for(who: &Client, user: &Value) {
    who.get(&at(user, "")).await.refused(404, "NOT_FOUND");
    for rest in ["/disable", "/enable", "/unlock", "/sessions/end"] {
        who.post(&at(user, rest), json!({})).await.refused(404, "NOT_FOUND");
    }
    who.post(&at(user, "/email"), json!({"email": "mine@example.com"})).await.refused(404, "NOT_FOUND");
}

on_server! {
    async fn v5_2_a_manager_makes_a_maintainer_who_works_in_halls_of_its_own_from_the_start(server) {
        let (manager, other) = (server.user(Role::VenueManager, "manager").await, server.user(Role::VenueManager, "other").await);
        let (one, two, theirs) = (hall(&manager, "one").await, hall(&manager, "two").await, hall(&other, "theirs").await);
        // A hall that is named twice is one.
        let fixer = made(&manager, "fixer", &[&one, &two, &one]).await;
        assert_eq!((&fixer["role"], &fixer["state"], &fixer["superior"]["name"]), (&json!("maintainer"), &json!("active"), &json!("manager")));
        assert_eq!((&fixer["first_sign_in_due"], &fixer["quota"]), (&json!(true), &Value::Null));
        for (who, hall, staff) in [(&manager, &one, &["manager", "fixer"][..]), (&manager, &two, &["manager", "fixer"][..]), (&other, &theirs, &["other"][..])] {
            assert_eq!(works_at(who, hall).await, staff);
        }
        let lines = ["users.created", "venues.staff_added", "venues.staff_added"].map(|what| ("manager".to_owned(), what.to_owned()));
        assert_eq!(logged(server).await, lines);
        // Asked again it is the same, and has one letter.
        let again = manager.post_once("made-fixer", MAINTAINERS, form("fixer", &[&one, &two, &one])).await.ok(201);
        assert_eq!((again, logged(server).await.len()), (fixer, 3));

        let password = first_password(server, "fixer@example.com").await;
        let entered = sign_in(server, "fixer", &password).await.ok(200);
        let fixer = server.visitor().with_token(entered["token"].as_str().unwrap());
        fixer.get(&format!("/api/v1/venues/{one}/floor")).await.refused(403, "PASSWORD_CHANGE_REQUIRED");
        fixer.post("/api/v1/me/password", json!({"current": password, "password": "purple-otter-7"})).await.ok(204);
        for hall in [&one, &two] {
            fixer.get(&format!("/api/v1/venues/{hall}/floor")).await.ok(200);
        }
        fixer.get(&format!("/api/v1/venues/{theirs}/floor")).await.refused(404, "NOT_FOUND");
        server.has_answered("POST /api/v1/maintainers");
    }

    async fn v5_2_nobody_else_makes_a_maintainer_and_nobody_for_a_hall_that_is_not_its_own(server) {
        let (manager, other) = (server.user(Role::VenueManager, "manager").await, server.user(Role::VenueManager, "other").await);
        let (own, theirs) = (hall(&manager, "own").await, hall(&other, "theirs").await);
        for role in [Role::AgentAdmin, Role::Agent, Role::Maintainer, Role::Cashier] {
            let user = server.user(role, kernel::Word::as_str(role)).await;
            user.post_once("made-0001", MAINTAINERS, form("fixer", &[&own])).await.refused(403, "FORBIDDEN");
        }
        server.visitor().post_once("made-0001", MAINTAINERS, form("fixer", &[&own])).await.refused(401, "SIGN_IN_REQUIRED");
        // Nor where one of several is another's, or none at all.
        let nowhere = "ven_01h455vb4pex5vsknk084sn02q".to_owned();
        for halls in [&[&theirs][..], &[&own, &theirs][..], &[&own, &nowhere][..]] {
            manager.post_once("made-0001", MAINTAINERS, form("fixer", halls)).await.refused(404, "NOT_FOUND");
        }
        manager.post_once("made-0001", MAINTAINERS, form("fixer", &[])).await.refused_field("venue_ids", "REQUIRED");
        let wrong = json!({"name": "a b", "email": "nobody", "venue_ids": []});
        let refused = manager.post_once("made-0001", MAINTAINERS, wrong).await.refused(422, "INVALID");
        assert_eq!(words(&refused["errors"], "field"), ["venue_ids", "name", "email"], "all at once");
        manager.post_once("made-0001", MAINTAINERS, form("other", &[&own])).await.refused_field("name", "NAME_TAKEN");
        manager.post(MAINTAINERS, form("fixer", &[&own])).await.refused_field("Idempotency-Key", "REQUIRED");
        // Another role is not to be had there, nor a maintainer without a hall.
        let mut more = form("fixer", &[&own]);
        more["role"] = json!("venue_manager");
        manager.post_once("made-0001", MAINTAINERS, more).await.refused(422, "INVALID");
        for role in ["maintainer", "cashier", "venue_manager", "agent", "super_admin"] {
            let user = json!({"name": "fixer", "email": "fixer@example.com", "role": role, "initial_quota": 0});
            manager.post_once("made-0001", USERS, user).await.refused(403, "FORBIDDEN");
        }
        // Nothing came of any of it, and the key was not used up.
        assert!(logged(server).await.is_empty() && server.mails("fixer@example.com").await.is_empty());
        made(&manager, "fixer", &[&own]).await;
        // Who runs the installation makes one for any hall, and is nobody's superior.
        let root = server.user(Role::SuperAdmin, "root").await;
        let second = made(&root, "second", &[&own, &theirs]).await;
        assert_eq!((&second["superior"], works_at(&other, &theirs).await), (&Value::Null, names(&["other", "second"])));
    }

    async fn v5_2_a_manager_manages_whom_it_has_made_and_nobody_else(server) {
        let (manager, other) = (server.user(Role::VenueManager, "manager").await, server.user(Role::VenueManager, "other").await);
        let (root, boss) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::AgentAdmin, "boss").await);
        let (own, theirs) = (hall(&manager, "own").await, hall(&other, "theirs").await);
        let fixer = made(&manager, "fixer", &[&own]).await;
        // Another's; and one who serves this hall alone, and whom a super admin has made.
        let visiting = made(&other, "visiting", &[&theirs]).await;
        let roots = made(&root, "roots", &[&own]).await;
        assert_eq!((managed_by(&manager).await, managed_by(&other).await, managed_by(&boss).await), (names(&["fixer"]), names(&["visiting"]), names(&[])));
        assert_eq!(manager.get(&format!("{USERS}?search=vis")).await.ok(200)["items"], json!([]));
        for (who, user) in [(&manager, &visiting), (&manager, &roots), (&other, &fixer), (&boss, &fixer)] {
            is_not_there_for(who, user).await;
        }
        let session = server.session_of(user_id(&fixer)).await;
        session.get(USERS).await.refused(403, "PASSWORD_CHANGE_REQUIRED");
        let maintainer = server.user(Role::Maintainer, "maintainer").await;
        for rest in ["/disable", "/enable", "/unlock", "/sessions/end"] {
            maintainer.post(&at(&fixer, rest), json!({})).await.refused(403, "FORBIDDEN");
        }
        // Neither quota nor a second factor are a manager's to give or to take.
        manager.post_once("recharge-1", &at(&fixer, "/recharge"), json!({"amount": 1})).await.refused(403, "FORBIDDEN");
        manager.post(&at(&fixer, "/second-factor/reset"), json!({})).await.refused(403, "FORBIDDEN");

        // A mistyped address is mended, as long as nobody has come in by it; then it is the maintainer's own.
        let moved = manager.post(&at(&fixer, "/email"), json!({"email": "fixer@new.example.com"})).await.ok(200);
        assert_eq!(moved["email"], "fixer@new.example.com");
        session.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        let password = first_password(server, "fixer@new.example.com").await;
        let entered = sign_in(server, "fixer", &password).await.ok(200);
        let session = server.visitor().with_token(entered["token"].as_str().unwrap());
        session.post("/api/v1/me/password", json!({"current": password, "password": "purple-otter-7"})).await.ok(204);
        manager.post(&at(&fixer, "/email"), json!({"email": "again@example.com"})).await.refused(403, "EMAIL_ITS_OWN");
        // Disabled it is out at once, and comes in again once it is enabled.
        assert_eq!(manager.post(&at(&fixer, "/disable"), json!({})).await.ok(200)["state"], "disabled");
        session.get("/api/v1/cases").await.refused(401, "SESSION_INVALID");
        assert_eq!(manager.post(&at(&fixer, "/enable"), json!({})).await.ok(200)["state"], "active");
        sign_in(server, "fixer", "purple-otter-7").await.ok(200);
        // Who runs the installation manages all of them.
        for user in [&fixer, &visiting, &roots] {
            root.get(&at(user, "")).await.ok(200);
        }
    }

    async fn v5_2_whoever_is_taken_from_a_hall_manages_nobody_whom_it_leaves_behind_there(server) {
        let (root, manager) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::VenueManager, "manager").await);
        let (one, two) = (hall(&manager, "one").await, hall(&manager, "two").await);
        let left = made(&manager, "left", &[&one]).await;
        let both = made(&manager, "both", &[&one, &two]).await;
        let stays = made(&manager, "stays", &[&two]).await;
        let remove = format!("/api/v1/venues/{one}/staff/remove");
        // Somebody else's going changes nothing for them.
        root.post(&remove, json!({"user_id": stays["id"]})).await.ok(200);
        assert_eq!(managed_by(&manager).await, ["stays", "both", "left"]);
        root.post(&remove, json!({"user_id": manager.id()})).await.ok(200);
        assert_eq!(managed_by(&manager).await, ["stays"]);
        for user in [&left, &both] {
            is_not_there_for(&manager, user).await;
            let seen = root.get(&at(user, "")).await.ok(200);
            assert_eq!((&seen["superior"], &seen["made_by"]["name"]), (&Value::Null, &json!("manager")), "who made them is not forgotten");
        }
        // They go on working where they did.
        assert_eq!((works_at(&root, &one).await, works_at(&root, &two).await), (names(&["left", "both"]), names(&["manager", "both", "stays"])));
        let last: Vec<_> = logged(server).await.into_iter().rev().take(3).collect();
        let by_root = |what: &str| ("root".to_owned(), what.to_owned());
        assert_eq!(last, [by_root("users.let_go"), by_root("users.let_go"), by_root("venues.staff_removed")]);
        // Back there it has all of them again, but who has come to work elsewhere meanwhile.
        let elsewhere = hall(&root, "elsewhere").await;
        root.post(&format!("/api/v1/venues/{elsewhere}/staff"), json!({"name": "left"})).await.ok(200);
        root.post(&format!("/api/v1/venues/{one}/staff"), json!({"name": "manager"})).await.ok(200);
        assert_eq!(managed_by(&manager).await, ["stays", "both"]);
        is_not_there_for(&manager, &left).await;
        assert_eq!(logged(server).await.last(), Some(&by_root("users.given_back")));
    }

    async fn v5_2_whoever_works_for_others_too_is_managed_by_super_admins_alone(server) {
        let (root, manager, other) = (
            server.user(Role::SuperAdmin, "root").await,
            server.user(Role::VenueManager, "manager").await,
            server.user(Role::VenueManager, "other").await,
        );
        let (own, second, theirs) = (hall(&manager, "own").await, hall(&manager, "second").await, hall(&other, "theirs").await);
        let fixer = made(&manager, "fixer", &[&own]).await;
        let staff = |hall: &str| format!("/api/v1/venues/{hall}/staff");
        let named = json!({"name": "fixer"});
        // In a second hall of the manager's own it is managed as before, whoever lets it work there.
        root.post(&staff(&second), named.clone()).await.ok(200);
        assert_eq!((managed_by(&manager).await, server.told(root.id()).await), (names(&["fixer"]), names(&[])));
        // By a super admin, and by a manager who has a use for it there.
        for (n, by) in [&root, &other].into_iter().enumerate() {
            by.post(&staff(&theirs), named.clone()).await.ok(200);
            assert_eq!((managed_by(&manager).await, managed_by(&other).await), (names(&[]), names(&[])));
            assert_eq!(manager.get(&format!("{USERS}?search=fix")).await.ok(200)["items"], json!([]));
            for who in [&manager, &other] {
                is_not_there_for(who, &fixer).await;
            }
            let seen = root.get(&at(&fixer, "")).await.ok(200);
            assert_eq!((&seen["superior"], &seen["made_by"]["name"]), (&Value::Null, &json!("manager")));
            assert_eq!(server.told(root.id()).await, vec!["account.maintainers_shared"; n + 1]);
            // Once more it is nothing new.
            by.post(&staff(&theirs), named.clone()).await.ok(200);
            assert_eq!(server.told(root.id()).await.len(), n + 1);
            by.post(&format!("{}/remove", staff(&theirs)), json!({"user_id": fixer["id"]})).await.ok(200);
            assert_eq!(managed_by(&manager).await, ["fixer"]);
            assert_eq!(manager.get(&at(&fixer, "")).await.ok(200)["superior"]["name"], "manager");
        }
        // Nor is it others' once its maker works there too.
        root.post(&staff(&theirs), named).await.ok(200);
        assert_eq!(managed_by(&manager).await, names(&[]));
        root.post(&staff(&theirs), json!({"name": "manager"})).await.ok(200);
        assert_eq!(managed_by(&manager).await, ["fixer"]);
        // Whoever works nowhere is still its maker's.
        for hall in [&own, &second, &theirs] {
            manager.post(&format!("{}/remove", staff(hall)), json!({"user_id": fixer["id"]})).await.ok(200);
        }
        assert_eq!(manager.post(&at(&fixer, "/disable"), json!({})).await.ok(200)["state"], "disabled");
    }

    async fn v5_2_doctor_finds_a_maintainer_who_is_managed_by_another_than_its_maker_or_by_nobody(server) {
        let (root, manager) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::VenueManager, "manager").await);
        let roots = hall(&root, "roots").await;
        let fixer = made(&root, "fixer", &[&roots]).await;
        let anna = made(&manager, "anna", &[&hall(&manager, "own").await]).await;
        let set = async |user: &Value, superior: Option<UserId>| {
            let mut tx = server.platform.db.begin().await.unwrap();
            tx.exec("UPDATE users SET superior_id = $1 WHERE id = $2", args![superior, user_id(user)]).await.unwrap();
            tx.commit().await.unwrap();
            venue::check(&mut server.platform.db.read()).await.unwrap()
        };
        let wrong = "maintainers are managed by somebody else than the manager who has made them, and who works wherever they do";
        assert_eq!(set(&fixer, Some(manager.id())).await, [format!("1 {wrong}")]);
        // Whose maker could manage it, and does not; nor does another in its place.
        assert_eq!(set(&anna, None).await, [format!("2 {wrong}")]);
        assert_eq!(set(&fixer, None).await, [format!("1 {wrong}")]);
        assert_eq!(set(&anna, Some(root.id())).await, [format!("1 {wrong}")]);
        assert_eq!(set(&anna, Some(manager.id())).await, names(&[]));
        // Nor is who works elsewhere too still its maker's.
        root.post(&format!("/api/v1/venues/{roots}/staff"), json!({"name": "anna"})).await.ok(200);
        assert_eq!(set(&anna, Some(manager.id())).await, [format!("1 {wrong}")]);
        assert_eq!(set(&anna, None).await, names(&[]));
    }
}
