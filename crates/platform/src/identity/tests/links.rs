use kernel::{DAY, HOUR, MINUTE, Timestamp};
use store::args;

use crate::identity::email_token::{LinkPurpose, link, look, use_up, void};
use crate::identity::{Role, UserId};
use crate::testing::{Bench, code};

/// A link for the user, and the token in it.
async fn token(bench: &Bench, user: UserId, purpose: LinkPurpose) -> (String, String) {
    let mut tx = bench.platform.db.begin().await.unwrap();
    let link = link(&mut tx, &bench.visitor(), user, purpose).await.unwrap();
    tx.commit().await.unwrap();
    let token = link.split_once("?token=").unwrap().1.to_owned();
    (link, token)
}

async fn used(bench: &Bench, token: &str, purpose: LinkPurpose) -> kernel::Kind {
    let mut tx = bench.platform.db.begin().await.unwrap();
    let answer = use_up(&mut tx, &bench.visitor(), token, purpose).await;
    tx.commit().await.unwrap();
    answer.map_or_else(|fault| fault.kind, |_| kernel::Kind::Invalid)
}

on_platform! {
    async fn a_link_names_its_page_and_is_good_for_its_purpose_once(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let cx = bench.visitor();
        for (purpose, other, page) in [(LinkPurpose::Verify, LinkPurpose::Reset, "verify-email"), (LinkPurpose::Reset, LinkPurpose::Verify, "reset-password")] {
            let (link, token) = token(bench, alice.id, purpose).await;
            assert!(link.starts_with(&format!("https://cuekey.example/{page}?token=cke_")), "{link}");
            assert_eq!(look(&cx, &token, purpose).await.unwrap(), alice.id);
            assert_eq!(code(look(&cx, &token, other).await), "TOKEN_INVALID");
            assert_eq!(code(look(&cx, &format!("{token}x"), purpose).await), "TOKEN_INVALID");
            let mut tx = bench.platform.db.begin().await.unwrap();
            assert_eq!(use_up(&mut tx, &cx, &token, purpose).await.unwrap(), alice.id);
            assert_eq!(code(use_up(&mut tx, &cx, &token, purpose).await), "TOKEN_INVALID");
            tx.commit().await.unwrap();
            assert_eq!(code(look(&cx, &token, purpose).await), "TOKEN_INVALID");
        }
    }

    async fn a_reset_is_good_for_an_hour_and_an_address_is_verified_within_a_day(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        for (purpose, lifetime) in [(LinkPurpose::Reset, HOUR), (LinkPurpose::Verify, DAY)] {
            let (_, token) = token(bench, alice.id, purpose).await;
            let made = bench.all("SELECT created_at FROM email_tokens ORDER BY created_at DESC", args![], |row| row.get::<Timestamp>("created_at")).await[0];
            let end = made.plus_micros(lifetime);
            bench.next_look(end.plus_micros(-1));
            assert!(look(&bench.visitor(), &token, purpose).await.is_ok());
            bench.next_look(end);
            assert_eq!(code(look(&bench.visitor(), &token, purpose).await), "TOKEN_INVALID");
            assert_eq!(used(bench, &token, purpose).await, kernel::Kind::Malformed);
        }
    }

    async fn a_link_that_was_made_by_a_clock_that_was_ahead_is_not_good_for_longer_once_it_is_set_back(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        for purpose in [LinkPurpose::Reset, LinkPurpose::Verify] {
            bench.clock.step(HOUR);
            let (_, made) = token(bench, alice.id, purpose).await;
            bench.clock.step(-HOUR);
            assert_eq!(code(look(&bench.visitor(), &made, purpose).await), "TOKEN_INVALID");
            assert_eq!(used(bench, &made, purpose).await, kernel::Kind::Malformed);
            // Another process, whose clock is minutes behind, takes it.
            let (_, made) = token(bench, alice.id, purpose).await;
            bench.clock.step(-4 * MINUTE);
            assert!(look(&bench.visitor(), &made, purpose).await.is_ok());
            bench.clock.step(4 * MINUTE);
        }
    }

    async fn voiding_takes_all_of_a_users_links_of_one_purpose(bench) {
        let (alice, _) = bench.user(Role::Agent, "alice").await;
        let (bob, _) = bench.user(Role::Agent, "bob").await;
        let mut tokens = Vec::new();
        for (user, purpose) in [(alice.id, LinkPurpose::Reset), (alice.id, LinkPurpose::Reset), (alice.id, LinkPurpose::Verify), (bob.id, LinkPurpose::Reset)] {
            tokens.push((token(bench, user, purpose).await.1, purpose));
        }
        let mut tx = bench.platform.db.begin().await.unwrap();
        void(&mut tx, &bench.visitor(), alice.id, LinkPurpose::Reset).await.unwrap();
        tx.commit().await.unwrap();
        for ((token, purpose), good) in tokens.iter().zip([false, false, true, true]) {
            assert_eq!(look(&bench.visitor(), token, *purpose).await.is_ok(), good);
        }
    }
}
