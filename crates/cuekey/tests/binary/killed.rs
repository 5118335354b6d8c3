//! What a server had begun that was killed: it is taken up again as soon as that is back, and need not wait for a lease to end.

use std::net::TcpListener;

use serde_json::{Value, json};
use store::Engine;
use store::testing::TestDb;

use crate::chief::{Chief, installed};
use crate::process::until;

const LETTERS: &str = "GET /api/v1/jobs?kind=mail.send&limit=1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_a_killed_server_was_sending_is_sent_by_the_next_one_at_once() {
    let database = TestDb::new(Engine::Postgres, &[]).await;
    for url in [None, Some(database.url.clone())] {
        // It takes the connection, and says nothing: the letter stays in somebody's hands.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut configuration = vec![
            ("CUEKEY_MAIL__HOST", "127.0.0.1".to_owned()),
            ("CUEKEY_MAIL__PORT", silent.local_addr().unwrap().port().to_string()),
            ("CUEKEY_MAIL__TLS", "none".to_owned()),
            ("CUEKEY_MAIL__FROM", "keys@cuekey.example".to_owned()),
        ];
        configuration.extend(url.map(|url| ("CUEKEY_DATABASE__URL", url)));
        let folder = installed(&configuration);
        let mut chief = Chief::start(folder.path(), &configuration);
        chief.ask("POST /api/v1/users", &json!({"name": "anna", "email": "anna@example.com", "role": "agent", "initial_quota": 0}));
        let first = silent.accept().unwrap();
        chief.server.signal("KILL");
        chief.server.ended();

        let mut chief = Chief::start(folder.path(), &configuration);
        chief.server.told("a former process had begun these jobs; they are taken up again", "former");
        let second = silent.accept().unwrap();
        let letter = until("the second try", || {
            let newest = chief.ask(LETTERS, &Value::Null)["items"][0].clone();
            (newest["attempts"] == 2).then_some(newest)
        });
        assert_eq!(letter["state"], "running", "{letter}");
        // One that has stopped as it should leaves nothing behind, whatever becomes of the letter.
        drop(silent);
        drop((first, second));
        chief.server.stop();
        let chief = Chief::start(folder.path(), &configuration);
        assert!(!chief.server.said().contains("had begun these jobs"), "{}", chief.server.said());
        chief.server.stop();
    }
}
