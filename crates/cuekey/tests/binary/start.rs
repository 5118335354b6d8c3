//! What a start makes, and what it refuses.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use store::migrate::describe;
use store::testing::TestDb;
use store::{Db, DbConfig, Engine, Row, Sql, args};

use crate::process::{Server, cuekey, refused, run};

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
async fn a_database_that_lacks_a_step_below_another_is_refused_and_not_touched() {
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

/// Tables, columns and indexes, and which steps are said to be applied.
async fn tables(url: &str) -> Vec<String> {
    let db = Db::open(&DbConfig::new(url)).await.expect("the database answers");
    let mut lines = describe(&db).await.expect("the database answers");
    let step =
        |row: &Row| Ok(format!("step {} {} {}", row.get::<i64>("number")?, row.get::<String>("name")?, row.get::<i64>("applied_at")?));
    lines.extend(
        db.read()
            .all("SELECT number, name, applied_at FROM migrations ORDER BY number", args![], step)
            .await
            .expect("the database answers"),
    );
    db.close().await;
    lines
}

/// The last step was done by hand, or a dump was restored in part: what it makes is there, and nothing says that it was applied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_done_database_is_refused_with_advice_by_every_command_and_not_touched() {
    let folder = installed();
    let file = folder.path().join("data/cuekey.db");
    let postgres = TestDb::new(Engine::Postgres, &web::migrations()).await;
    let sqlite = format!("sqlite://{}", file.display());
    for url in [sqlite.as_str(), postgres.url.as_str()] {
        let db = Db::open(&DbConfig::new(url)).await.unwrap();
        let last = "SELECT name FROM migrations WHERE number = (SELECT MAX(number) FROM migrations)";
        let name: String = db.read().one(last, args![], |row| row.get("name")).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let forget = "DELETE FROM migrations WHERE number = (SELECT MAX(number) FROM migrations)";
        assert_eq!(tx.exec(forget, args![]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        if url == sqlite {
            settle(&file, &db).await;
        } else {
            db.close().await;
        }
        let (before, bytes) = (tables(url).await, std::fs::read(&file).unwrap());
        let named = format!("migration {name} cannot be applied");
        for command in [&SERVE[..], &["migrate", "--data", "data"]] {
            let all = [command, &["--database", url]].concat();
            refused(&mut cuekey(folder.path(), &all), 2, &[&named, "half-done", "restore a backup", "not touched"]);
        }
        let ports = ["--listen", "127.0.0.1:0", "--metrics-listen", ""];
        let doctor = run(folder.path(), &[&["doctor", "--data", "data", "--database", url][..], &ports].concat());
        let said = String::from_utf8_lossy(&doctor.stdout);
        assert_eq!(doctor.status.code(), Some(1), "{said}");
        for words in [named.as_str(), "is there already", "restore a backup"] {
            assert!(said.contains(words), "{words:?} is not in {said}");
        }
        assert!(std::fs::read(&file).unwrap() == bytes, "the file is what it was");
        assert_eq!(tables(url).await, before);
    }
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
