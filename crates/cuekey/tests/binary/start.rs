//! What a start makes, and what it refuses.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use store::{Db, DbConfig, args};

use crate::process::{Server, cuekey, refused};

const SERVE: [&str; 7] = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--metrics-listen", ""];

/// A folder in which the server was started once.
fn installed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = Server::serve(folder.path(), &[]);
    server.address();
    server.stop();
    folder
}

#[test]
fn the_first_start_makes_a_private_key_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::serve(folder.path(), &[]);
    server.address();
    let key = folder.path().join("data/master.key");
    assert!(server.said().contains("data/master.key") && server.said().contains("back it up"), "{}", server.said());
    assert_eq!(key.metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(folder.path().join("data").metadata().unwrap().mode() & 0o777, 0o700);
    for file in ["cuekey.db", "cuekey.db-wal"] {
        assert_eq!(folder.path().join("data").join(file).metadata().unwrap().mode() & 0o777, 0o600, "{file}");
    }
    let made = std::fs::read(&key).unwrap();
    server.stop();
    let mut again = Server::serve(folder.path(), &[]);
    again.address();
    assert!(!again.said().contains("back it up"));
    again.stop();
    assert_eq!(std::fs::read(&key).unwrap(), made);
}

#[test]
fn another_master_key_is_refused_and_so_is_none() {
    let folder = installed();
    let key = folder.path().join("data/master.key");
    std::fs::rename(&key, folder.path().join("away")).unwrap();
    refused(&mut cuekey(folder.path(), &SERVE), 2, &["master.key", "missing"]);
    assert!(!key.exists(), "no new key is made for a database that has one");

    std::fs::write(&key, format!("{}\n", "ab".repeat(32))).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    refused(&mut cuekey(folder.path(), &SERVE), 2, &["master.key", "not the one"]);

    std::fs::rename(folder.path().join("away"), &key).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&mut cuekey(folder.path(), &SERVE), 2, &["chmod 600"]);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let elsewhere = folder.path().join("elsewhere.key");
    std::fs::rename(&key, &elsewhere).unwrap();
    let mut command = cuekey(folder.path(), &SERVE);
    let mut server = Server::spawn(command.args(["--log-format", "json"]).env("CUEKEY_MASTER_KEY_FILE", &elsewhere));
    server.address();
    server.stop();
}

#[tokio::test]
async fn a_newer_database_is_refused_and_not_touched() {
    let folder = installed();
    let path = folder.path().join("data/cuekey.db");
    let url = format!("sqlite://{}", path.display());
    let db = Db::open(&DbConfig::new(&url)).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let sql = "INSERT INTO migrations (number, name, checksum, applied_at) VALUES (9999, 'from tomorrow', 1, 1)";
    tx.exec(sql, args![]).await.unwrap();
    tx.commit().await.unwrap();
    settle(&path, &db).await;

    let before = std::fs::read(&path).unwrap();
    for command in [&SERVE[..], &["migrate", "--data", "data"]] {
        refused(&mut cuekey(folder.path(), command), 2, &["newer version", "from tomorrow", "not touched"]);
    }
    assert!(std::fs::read(&path).unwrap() == before, "the file is what it was");
}

#[tokio::test]
async fn a_half_done_database_is_refused_and_not_touched() {
    let folder = installed();
    let path = folder.path().join("data/cuekey.db");
    let db = Db::open(&DbConfig::new(format!("sqlite://{}", path.display()))).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.exec("DELETE FROM migrations WHERE number = 5", args![]).await.unwrap();
    tx.commit().await.unwrap();
    settle(&path, &db).await;
    let before = std::fs::read(&path).unwrap();
    for command in [&SERVE[..], &["migrate", "--data", "data"]] {
        refused(&mut cuekey(folder.path(), command), 2, &["payments", "half-done", "restore a backup", "not touched"]);
    }
    assert!(std::fs::read(&path).unwrap() == before, "the file is what it was");
}

#[test]
fn a_damaged_file_is_refused_and_not_touched() {
    let folder = installed();
    let path = folder.path().join("data/cuekey.db");
    let good = std::fs::read(&path).unwrap();
    let mut no_header = good.clone();
    no_header[..16].fill(b'x');
    for bytes in [no_header, good[..good.len() / 2].to_vec()] {
        std::fs::write(&path, &bytes).unwrap();
        refused(&mut cuekey(folder.path(), &SERVE), 2, &["damaged", "restore a backup", "not touched"]);
        let doctor = crate::process::run(folder.path(), &["doctor", "--data", "data"]);
        assert_eq!(doctor.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&doctor.stdout).contains("restore a backup"), "{doctor:?}");
        assert!(std::fs::read(&path).unwrap() == bytes, "the file is what it was");
    }
}

/// Brings everything from SQLite's log into its file.
async fn settle(path: &Path, db: &Db) {
    use store::Sql;
    let _ = db.read().all("PRAGMA wal_checkpoint(TRUNCATE)", args![], |_| Ok(())).await.expect("SQLite answers");
    db.close().await;
    assert_eq!(path.with_extension("db-wal").metadata().map_or(0, |metadata| metadata.len()), 0);
}

#[test]
fn a_taken_port_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let main = ["serve", "--data", "data", "--listen", &address, "--metrics-listen", ""];
    refused(&mut cuekey(folder.path(), &main), 2, &[&address, "taken", "--listen"]);
    let metrics = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--metrics-listen", &address];
    refused(&mut cuekey(folder.path(), &metrics), 2, &[&address, "taken", "--metrics-listen"]);
    assert!(!folder.path().join("data").exists(), "nothing was made before the refusal");
}

#[test]
fn a_folder_is_served_by_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::serve(folder.path(), &[]);
    server.address();
    refused(&mut cuekey(folder.path(), &SERVE), 2, &["another Cuekey"]);
    server.stop();
}
