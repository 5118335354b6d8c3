//! Captchas: an image or a proof of work, each good for one answer.

use kernel::MINUTE;
use platform::vault::Purpose;
use serde_json::{Value, json};
use store::args;
use testkit::{Client, TestServer, on_server};

/// A form that needs a captcha and nothing else that matters.
async fn ask(visitor: &Client, captcha: Value) -> testkit::Answer {
    visitor.post("/api/v1/password/forgot", json!({"email": "nobody@example.com", "captcha": captcha})).await
}

/// Puts a known answer behind an image.
async fn know(server: &TestServer, captcha: &Value, answer: &str) {
    let id = captcha["id"].as_str().unwrap();
    let hash = server.platform.vault.hash(Purpose("captcha answer"), format!("{id} {answer}").as_bytes());
    let id: platform::identity::captcha::CaptchaId = id.parse().unwrap();
    let mut tx = server.platform.db.begin().await.unwrap();
    assert_eq!(tx.exec("UPDATE captchas SET answer_hash = $1 WHERE id = $2", args![hash, id]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

on_server! {
    async fn k1_2b_an_image_is_a_png_and_its_answer_is_not_told(server) {
        let visitor = server.visitor();
        let captcha = visitor.post("/api/v1/captchas", json!({"kind": "image"})).await.ok(200);
        let image = captcha["image"].as_str().unwrap();
        assert!(image.starts_with("data:image/png;base64,iVBORw0KGgo"), "{}", &image[..60]);
        assert!(image.len() < 100_000, "{}", image.len());
        let mut names: Vec<_> = captcha.as_object().unwrap().keys().cloned().collect();
        names.sort();
        assert_eq!(names, ["expires_at", "id", "image", "kind"]);
    }

    async fn k1_2b_an_image_is_answered_once_in_any_case(server) {
        let visitor = server.visitor();
        let captcha = visitor.post("/api/v1/captchas", json!({"kind": "image"})).await.ok(200);
        know(server, &captcha, "AB34X").await;
        let answer = json!({"id": captcha["id"], "answer": " ab34x "});
        ask(&visitor, answer.clone()).await.ok(202);
        ask(&visitor, answer).await.refused(401, "CAPTCHA_WRONG");
    }

    async fn k1_2b_a_wrong_answer_uses_it_up(server) {
        let visitor = server.visitor();
        let captcha = visitor.post("/api/v1/captchas", json!({"kind": "image"})).await.ok(200);
        know(server, &captcha, "AB34X").await;
        let wrong = ask(&visitor, json!({"id": captcha["id"], "answer": "AB34Y"})).await.refused(401, "CAPTCHA_WRONG");
        assert_eq!(wrong["captcha_required"], true);
        ask(&visitor, json!({"id": captcha["id"], "answer": "AB34X"})).await.refused(401, "CAPTCHA_WRONG");
        let other = visitor.post("/api/v1/captchas", json!({"kind": "image"})).await.ok(200);
        ask(&visitor, json!({"id": other["id"], "answer": "长".repeat(5_000)})).await.refused(401, "CAPTCHA_WRONG");
    }

    async fn k1_2b_a_proof_of_work_must_be_done_for_its_own_salt(server) {
        let visitor = server.visitor();
        let solved = visitor.captcha().await;
        let other = visitor.post("/api/v1/captchas", json!({"kind": "work"})).await.ok(200);
        assert_eq!(other["bits"], 18);
        assert!(other.get("image").is_none());
        ask(&visitor, json!({"id": other["id"], "answer": solved["answer"]})).await.refused(401, "CAPTCHA_WRONG");
        ask(&visitor, solved).await.ok(202);
    }

    async fn k1_2b_it_is_good_for_ten_minutes(server) {
        let visitor = server.visitor();
        let (early, late) = (visitor.captcha().await, visitor.captcha().await);
        server.clock.step(9 * MINUTE);
        ask(&visitor, early).await.ok(202);
        server.clock.step(MINUTE);
        ask(&visitor, late).await.refused(401, "CAPTCHA_WRONG");
        server.tick().await;
    }

    async fn k1_2b_of_many_answers_at_once_one_counts(server) {
        let visitor = server.visitor();
        let captcha = visitor.captcha().await;
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let (visitor, captcha) = (visitor.from([10, 0, 0, n]), captcha.clone());
                tokio::spawn(async move { ask(&visitor, captcha).await.status.as_u16() })
            })
            .collect();
        let mut accepted = 0;
        for task in tasks {
            accepted += i32::from(task.await.unwrap() == 202);
        }
        assert_eq!(accepted, 1);
    }

    async fn k1_2b_one_address_has_so_many(server) {
        let visitor = server.visitor().from([203, 0, 113, 9]);
        for _ in 0..120 {
            visitor.post("/api/v1/captchas", json!({"kind": "work"})).await.ok(200);
        }
        visitor.post("/api/v1/captchas", json!({"kind": "work"})).await.refused(429, "RATE_LIMITED");
        visitor.post("/api/v1/captchas", json!({"kind": "audio"})).await.refused(422, "INVALID");
        server.clock.step(10 * MINUTE);
        visitor.post("/api/v1/captchas", json!({"kind": "work"})).await.ok(200);
    }
}
