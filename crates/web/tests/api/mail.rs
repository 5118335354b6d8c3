//! Mail that does not go out: letters wait for it, and whoever can mend it hears of it where mail is not needed.

use kernel::{DAY, HOUR, Lang, MINUTE, Timestamp};
use platform::identity::Role;
use platform::messages::{self, templates};
use serde_json::json;
use store::{Sql, args};
use testkit::{TestServer, on_server};

const TO: &str = "alice@example.com";

async fn write(server: &TestServer) {
    let (cx, said) = (server.cx(), [("name", "alice".to_owned()), ("url", "https://cuekey.example".to_owned())]);
    let mut tx = cx.db.begin().await.unwrap();
    messages::mail(&mut tx, &cx, TO, Lang::En, &templates::RESET_PASSWORD, &said).await.unwrap();
    tx.commit().await.unwrap();
}

/// The mailbox is away, or back.
async fn mailbox(server: &TestServer, is_away: bool) {
    let (from, to) = if is_away { ("mailbox", "mailbox_away") } else { ("mailbox_away", "mailbox") };
    let mut tx = server.platform.db.begin().await.unwrap();
    tx.exec(&format!("ALTER TABLE {from} RENAME TO {to}"), vec![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// When a letter is tried next, where one waits.
async fn next(server: &TestServer) -> Option<Timestamp> {
    let sql = "SELECT MIN(run_at) AS at FROM jobs WHERE kind = 'mail.send' AND state = 'queued'";
    server.platform.db.read().one(sql, args![], |row| row.get("at")).await.unwrap()
}

on_server! {
    async fn v8_1_letters_wait_for_a_day_and_that_mail_fails_is_told_in_the_console_once_a_day(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        mailbox(server, true).await;
        write(server).await;
        write(server).await;
        let begun = server.clock.now();
        let passed = || server.clock.now().micros() - begun.micros();
        server.run_jobs().await;
        while let Some(at) = next(server).await {
            server.clock.step((at.micros() - server.clock.now().micros()).max(0));
            server.run_jobs().await;
            let told = server.told(root.id()).await.len();
            match passed() {
                ..=300_000_000 => assert_eq!(told, 0, "a moment's trouble"),
                passed if passed > HOUR && passed < 15 * HOUR => assert_eq!(told, 1),
                // The day ends sixteen hours after a test begins.
                _ => assert!(told <= 2, "{told}"),
            }
        }
        assert!((18 * HOUR..DAY + 5 * HOUR).contains(&passed()), "{}", passed());
        let root = server.again(&root).await;
        let told = root.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
        assert_eq!((&told["kind"], &told["link"]), (&json!("mail.failing"), &json!("/jobs?state=queued&kind=mail.send")));
        let by_mail = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM jobs WHERE kind = 'mail.send'";
        let letters: i64 = server.platform.db.read().one(by_mail, args![], |row| row.get("n")).await.unwrap();
        assert_eq!(letters, 2, "of mail that fails nobody is told by mail");

        // Given up, and started again when mail is back.
        mailbox(server, false).await;
        let dead = root.get("/api/v1/jobs?state=dead&kind=mail.send").await.ok(200);
        assert_eq!(dead["items"].as_array().unwrap().len(), 2);
        root.post(&format!("/api/v1/jobs/{}/retry", dead["items"][0]["id"].as_str().unwrap()), json!({})).await.ok(200);
        assert_eq!(server.mails(TO).await.len(), 1);
    }

    async fn v8_1_letters_of_hours_arrive_within_half_an_hour_once_mail_works_again(server) {
        mailbox(server, true).await;
        write(server).await;
        let begun = server.clock.now();
        server.run_jobs().await;
        while server.clock.now().micros() - begun.micros() < 8 * HOUR {
            let at = next(server).await.unwrap();
            server.clock.step(at.micros() - server.clock.now().micros());
            server.run_jobs().await;
        }
        mailbox(server, false).await;
        // Half an hour, and a fifth of it more or less.
        server.clock.step(36 * MINUTE);
        assert_eq!(server.mails(TO).await.len(), 1);
    }
}
