use std::sync::Arc;

use kernel::{HOUR, MINUTE, PageAsk, SECOND, Timestamp};
use serde_json::json;
use store::args;

use crate::identity::{Role, SessionId, UserState, session};
use crate::testing::{ADDRESS, Bench, START, code};

/// When a session was used last, as far as is written down, and when it ends.
async fn times(bench: &Bench, id: SessionId) -> (Timestamp, Timestamp) {
    let sql = "SELECT last_seen_at, expires_at FROM sessions WHERE id = $1";
    bench.all(sql, args![id], |row| Ok((row.get("last_seen_at")?, row.get("expires_at")?))).await[0]
}

on_platform! {
    async fn a_token_is_its_users_until_its_hours_are_over(bench) {
        let (alice, token) = bench.user(Role::Agent, "alice").await;
        let (bob, other) = bench.user(Role::AgentAdmin, "bob").await;
        let cx = bench.visitor();
        assert!(token.starts_with("cks_") && token.len() > 40 && token != other);
        let found = session::authenticate(&cx, &token).await.unwrap();
        assert_eq!((found.principal.id, found.principal.name.as_str(), found.principal.role), (alice.id, "alice", Role::Agent));
        assert_eq!((found.principal.session, found.must_change_password, found.must_set_second_factor), (alice.session, false, false));
        assert_eq!(session::authenticate(&cx, &other).await.unwrap().principal.id, bob.id);
        for wrong in ["", "cks_", &token[..token.len() - 1], &format!("{token}x")] {
            assert_eq!(code(session::authenticate(&cx, wrong).await), "SESSION_INVALID");
        }
        let (begun, end) = times(bench, alice.session).await;
        assert_eq!(end, begun.plus_micros(12 * HOUR));
        for (before, good) in [(1, true), (0, false)] {
            bench.next_look(end.plus_micros(-before));
            assert_eq!(session::authenticate(&cx, &token).await.is_ok(), good);
            bench.next_look(end.plus_micros(-before));
            assert_eq!(session::holds(&cx, alice.session).await.unwrap(), good);
        }
    }

    async fn a_session_that_is_not_used_ends_where_the_operator_wants_so(bench) {
        let (alice, token) = bench.user(Role::Agent, "alice").await;
        let (begun, _) = times(bench, alice.session).await;
        let good_after = async |micros: i64| {
            bench.next_look(begun.plus_micros(micros));
            let held = session::holds(&bench.visitor(), alice.session).await.unwrap();
            bench.next_look(begun.plus_micros(micros));
            (held, session::authenticate(&bench.visitor(), &token).await.is_ok())
        };
        assert_eq!(good_after(4 * HOUR).await, (true, true), "and so it is used");
        bench.set("security.session_idle_minutes", json!(30)).await;
        // Its last use is known to the minute.
        assert_eq!(good_after(4 * HOUR + 31 * MINUTE + 1).await, (false, false));
        let cx = bench.visitor().as_user(alice.clone());
        assert_eq!(session::list(&cx, &PageAsk::first(9)).await.unwrap().items.len(), 0);
        assert_eq!(good_after(4 * HOUR + 31 * MINUTE).await, (true, true));
        assert_eq!(good_after(5 * HOUR).await, (true, true));
    }

    async fn a_disabled_users_sessions_do_not_hold(bench) {
        let (alice, token) = bench.user(Role::Agent, "alice").await;
        bench.set_state(alice.id, UserState::Disabled).await;
        assert_eq!(code(session::authenticate(&bench.visitor(), &token).await), "SESSION_INVALID");
        assert!(!session::holds(&bench.visitor(), alice.session).await.unwrap());
    }

    async fn what_goes_on_for_long_is_refused_once_its_session_has_ended_and_nobody_is_disabled_in_the_midst_of_a_step(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let cx = bench.visitor().as_user(alice.clone());
        session::still(&cx).await.unwrap();
        assert_eq!(code(session::still(&bench.visitor()).await), "SIGN_IN_REQUIRED");
        let mut step = cx.db.begin().await.unwrap();
        session::still_in(&mut step, &cx).await.unwrap();
        // Others of the same user go on; who disables it waits for this one.
        let disabling = tokio::spawn({
            let (platform, id) = (Arc::clone(&bench.platform), alice.id);
            async move {
                let mut tx = platform.db.begin().await.unwrap();
                tx.exec("UPDATE users SET state = 'disabled' WHERE id = $1", args![id]).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
        for _ in 0..20 {
            session::still(&cx).await.unwrap();
        }
        step.commit().await.unwrap();
        disabling.await.unwrap();
        assert_eq!(code(session::still(&cx).await), "SESSION_INVALID");
        let mut step = cx.db.begin().await.unwrap();
        assert_eq!(code(session::still_in(&mut step, &cx).await), "SESSION_INVALID");
    }

    async fn its_last_use_is_written_down_once_a_minute(bench) {
        let (alice, token) = bench.user(Role::Agent, "alice").await;
        let (begun, _) = times(bench, alice.session).await;
        for (after, written) in [(MINUTE, 0), (MINUTE + 1, MINUTE + 1), (MINUTE + 2, MINUTE + 1), (2 * MINUTE + 2, 2 * MINUTE + 2)] {
            bench.next_look(begun.plus_micros(after));
            session::authenticate(&bench.visitor(), &token).await.unwrap();
            assert_eq!(times(bench, alice.session).await.0, begun.plus_micros(written), "{after}");
        }
    }

    async fn a_role_that_needs_a_second_factor_is_told_so_until_it_has_one(bench) {
        let (alice, token) = bench.user(Role::Agent, "alice").await;
        let (_, admins) = bench.user(Role::AgentAdmin, "boss").await;
        bench.set("security.second_factor_roles", json!(["agent"])).await;
        let cx = bench.visitor();
        assert!(session::authenticate(&cx, &token).await.unwrap().must_set_second_factor);
        assert!(!session::authenticate(&cx, &admins).await.unwrap().must_set_second_factor, "another role");
        bench.exec("UPDATE users SET totp_enabled_at = $1, must_change_password = TRUE WHERE id = $2", args![START, alice.id]).await;
        let found = session::authenticate(&cx, &token).await.unwrap();
        assert_eq!((found.must_set_second_factor, found.must_change_password), (false, true));
    }

    async fn a_user_ends_its_own_sessions_and_nobody_elses(bench) {
        let (alice, token) = bench.user(Role::Agent, "alice").await;
        let (bob, theirs) = bench.user(Role::Agent, "bob").await;
        let cx = bench.visitor();
        let mut page = bench.platform.hub.subscribe(alice.id);
        page.mark_unchanged();
        for (user, session, ended) in [(bob.id, alice.session, false), (alice.id, alice.session, true), (alice.id, alice.session, false)] {
            let mut tx = bench.platform.db.begin().await.unwrap();
            assert_eq!(session::end(&mut tx, &cx, user, session).await.unwrap(), ended);
            tx.commit().await.unwrap();
        }
        assert!(page.has_changed().unwrap(), "live pages look at once");
        assert_eq!(code(session::authenticate(&cx, &token).await), "SESSION_INVALID");
        assert!(session::authenticate(&cx, &theirs).await.is_ok());
        bench.clock.step(12 * HOUR);
        let mut tx = bench.platform.db.begin().await.unwrap();
        assert!(!session::end(&mut tx, &cx, bob.id, bob.session).await.unwrap(), "it had ended by itself");
    }

    async fn all_sessions_end_but_the_one_that_asks(bench) {
        let (alice, token) = bench.user(Role::Agent, "alice").await;
        let (_, theirs) = bench.user(Role::Agent, "bob").await;
        let cx = bench.visitor();
        let mut others = Vec::new();
        for _ in 0..2 {
            let mut tx = bench.platform.db.begin().await.unwrap();
            others.push(session::start(&mut tx, &cx, alice.id).await.unwrap().1);
            tx.commit().await.unwrap();
        }
        let mut tx = bench.platform.db.begin().await.unwrap();
        assert_eq!(session::end_all(&mut tx, &cx, alice.id, Some(alice.session)).await.unwrap(), 2);
        assert_eq!(session::end_all(&mut tx, &cx, alice.id, Some(alice.session)).await.unwrap(), 0);
        tx.commit().await.unwrap();
        for other in &others {
            assert_eq!(code(session::authenticate(&cx, other).await), "SESSION_INVALID");
        }
        assert!(session::authenticate(&cx, &token).await.is_ok() && session::authenticate(&cx, &theirs).await.is_ok());
        let mut tx = bench.platform.db.begin().await.unwrap();
        assert_eq!(session::end_all(&mut tx, &cx, alice.id, None).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert!(!session::holds(&cx, alice.session).await.unwrap());
    }

    async fn the_list_shows_ones_own_open_sessions_and_which_one_asks(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        bench.user(Role::Agent, "bob").await;
        bench.clock.step(SECOND);
        let mut tx = bench.platform.db.begin().await.unwrap();
        let (second, _) = session::start(&mut tx, &bench.visitor(), alice.id).await.unwrap();
        tx.commit().await.unwrap();
        let cx = bench.visitor().as_user(alice.clone());
        let page = session::list(&cx, &PageAsk::first(9)).await.unwrap();
        let shown: Vec<_> = page.items.iter().map(|item| (item.id, item.current, item.address.as_str(), item.agent.as_str())).collect();
        assert_eq!(shown, [(second, false, ADDRESS, "Test/1"), (alice.session, true, ADDRESS, "Test/1")]);
        let first = session::list(&cx, &PageAsk::first(1)).await.unwrap();
        let next = PageAsk::parse(first.next_cursor.as_deref(), Some(1)).unwrap();
        assert_eq!(session::list(&cx, &next).await.unwrap().items[0].id, alice.session);
        bench.clock.step(12 * HOUR - SECOND);
        assert_eq!(session::list(&cx, &PageAsk::first(9)).await.unwrap().items.len(), 1, "the first is over");
    }
}
