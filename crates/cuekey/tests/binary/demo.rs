//! `cuekey demo`: from an empty folder to something to look at, and on from there.

use std::os::unix::fs::PermissionsExt;

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value;

use std::net::SocketAddr;

use crate::process::{Server, cuekey, get, refused, run, sign_in};

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
    assert_eq!(roles, ["super_admin", "agent_admin", "agent", "venue_manager"]);
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
