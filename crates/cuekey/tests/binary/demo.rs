//! `cuekey demo`: from an empty folder to something to look at, and on from there.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value;

use std::net::SocketAddr;

use crate::process::{Server, answer, connect, cuekey, get, refused, run, sign_in, until};

fn start(folder: &Path, listen: &str) -> Server {
    Server::spawn(
        cuekey(folder, &["demo", "--data", "d", "--listen", listen]).env("CUEKEY_DATABASE__URL", "postgres://nobody@127.0.0.1:1/x"),
    )
}

fn note(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("d/demo.json")).expect("the note is there")).expect("the note is JSON")
}

/// Starts a demo and answers its note, which must be there when it says that it is ready.
fn ready(folder: &Path) -> (Server, SocketAddr, Value) {
    let mut server = start(folder, "127.0.0.1:0");
    let address = server.ready_text();
    let note = note(folder);
    assert_eq!(note["console"], format!("http://{address}"));
    assert_eq!(get(address, "/readyz"), (200, "ready".into()));
    (server, address, note)
}

#[test]
fn an_empty_folder_becomes_a_demo_and_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (server, address, first) = ready(here);
    assert_eq!(here.join("d/demo.json").metadata().unwrap().mode() & 0o777, 0o600);
    let roles: Vec<&str> = first["accounts"].as_array().unwrap().iter().map(|account| account["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["super_admin", "agent_admin", "agent", "venue_manager", "cashier"]);
    for account in first["accounts"].as_array().unwrap() {
        let (status, body) = sign_in(address, account["name"].as_str().unwrap(), account["password"].as_str().unwrap());
        assert_eq!((status, &body["me"]["role"], &body["me"]["must_change_password"]), (200, &account["role"], &false.into()), "{body}");
    }
    for field in ["id", "api_key", "secret", "response_public_key"] {
        assert!(!first["project"][field].as_str().unwrap().is_empty(), "{field}");
    }
    let mut keys: Vec<&str> = first["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 10);
    assert!(keys.iter().all(|key| key.len() == 29), "five groups of five: {keys:?}");
    let doctor = run(here, &["doctor", "--data", "d", "--listen", "127.0.0.1:0", "--metrics-listen", ""]);
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
    server.stop();

    let (server, _, second) = ready(here);
    assert_eq!((&second["accounts"], &second["project"], &second["keys"]), (&first["accounts"], &first["project"], &first["keys"]));
    server.stop();
}

#[test]
fn a_first_start_that_was_cut_short_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join("d")).unwrap();
    for (name, text) in [("demo.unfinished", ""), ("cuekey.db", "half"), ("master.key", "half")] {
        std::fs::write(here.join("d").join(name), text).unwrap();
    }
    std::fs::set_permissions(here.join("d"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (server, _, note) = ready(here);
    assert_eq!(note["keys"].as_array().unwrap().len(), 10);
    assert!(!here.join("d/demo.unfinished").exists());
    assert_eq!(std::fs::metadata(here.join("d")).unwrap().permissions().mode() & 0o777, 0o700, "it holds passwords");
    server.stop();
}

#[test]
fn a_real_installation_is_not_made_a_demo() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["migrate", "--data", "d"]).status.success());
    let before = std::fs::read(folder.path().join("d/cuekey.db")).unwrap();
    refused(&mut cuekey(folder.path(), &["demo", "--data", "d", "--listen", "127.0.0.1:0"]), 2, &["no demo's", "--data"]);
    assert!(std::fs::read(folder.path().join("d/cuekey.db")).unwrap() == before);
}

#[test]
fn a_taken_port_and_a_taken_folder_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&mut cuekey(folder.path(), &["demo", "--data", "d", "--listen", &address]), 2, &[&address, "taken", "--listen"]);
    assert!(!folder.path().join("d").exists());
    let (server, ..) = ready(folder.path());
    refused(&mut cuekey(folder.path(), &["demo", "--data", "d", "--listen", "127.0.0.1:0"]), 2, &["another Cuekey"]);
    server.stop();
}

#[test]
fn v2_1_a_code_goes_to_the_stand_in_for_texts_and_is_shown_in_the_mailbox() {
    const PHONE: &str = "13800138000";
    let folder = tempfile::tempdir().unwrap();
    let (server, address, note) = ready(folder.path());
    let ask = |head: &str, body: &str| {
        let mut stream = connect(address);
        write!(stream, "{head}\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let (status, _, body) = answer(stream);
        (status, serde_json::from_str::<Value>(&body).unwrap_or_default())
    };
    let (status, body) =
        ask("POST /customer/v1/phone-codes HTTP/1.1\r\nContent-Type: application/json", &format!("{{\"phone\":\"{PHONE}\"}}"));
    assert_eq!(status, 202, "{body}");

    let text = until("the code in the mailbox", || {
        let page: Value = serde_json::from_str(&get(address, "/api/v1/mailbox").1).ok()?;
        page["items"].as_array()?.iter().find(|mail| mail["to"] == PHONE)?["text"].as_str().map(str::to_owned)
    });
    let code = text.strip_prefix("code: ").unwrap();
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{text}");

    // By whom it was taken is to be seen in the log: what it is called there is the service's word.
    let chief = &note["accounts"][0];
    let (_, session) = sign_in(address, chief["name"].as_str().unwrap(), chief["password"].as_str().unwrap());
    let token = session["token"].as_str().unwrap();
    let called = until("what it is called", || {
        let (_, page) = ask(&format!("GET /api/v1/texts HTTP/1.1\r\nAuthorization: Bearer {token}"), "");
        page["items"][0]["called"].as_str().map(str::to_owned)
    });
    assert!(called.ends_with("^0"), "{called}");
    server.stop();
}
