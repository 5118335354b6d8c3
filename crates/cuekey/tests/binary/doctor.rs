//! `cuekey doctor` names what is wrong, and changes nothing.

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use store::testing::TestDb;
use store::{Db, DbConfig, Engine, args};

use crate::process::{Server, cuekey, run};

/// Ports that nobody else has: each is free at the time of asking.
fn examine(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    let args = [&["doctor", "--data", "data", "--listen", "127.0.0.1:0", "--metrics-listen", ""], more].concat();
    let Output { status, stdout, .. } = run(folder, &args);
    (status.code(), String::from_utf8_lossy(&stdout).into_owned())
}

/// The table must have these lines, each with its mark, and end with this code.
#[track_caller]
fn found((code, table): (Option<i32>, String), expected: i32, lines: &[(char, &str, &str)]) {
    for (mark, subject, words) in lines {
        let there = table.lines().any(|line| line.starts_with(&format!("{mark} {subject} ")) && line.contains(words));
        assert!(there, "{mark} {subject} … {words} is not in\n{table}");
    }
    assert_eq!(code, Some(expected), "{table}");
}

fn set(folder: &Path, file: &str, mode: u32) {
    std::fs::set_permissions(folder.join(file), std::fs::Permissions::from_mode(mode)).expect("the mode can be set");
}

#[test]
fn an_empty_folder_is_left_empty() {
    let folder = tempfile::tempdir().unwrap();
    found(examine(folder.path(), &[]), 0, &[('!', "data folder", "not there yet"), ('!', "database", "not there yet")]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_running_installation_is_good_until_something_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut server = Server::serve(here, &[]);
    let address = server.address().to_string();
    let good = [
        ('✓', "database", "SQLite"),
        ('✓', "SQLite settings", "wal synchronous=2 foreign_keys=true"),
        ('✓', "SQLite file", "sound"),
        ('✓', "migrations", "up to date"),
        ('✓', "master key", "fits"),
        ('✓', "time zone", "Asia/Shanghai"),
        ('✓', "ledger", "adds up"),
        ('✓', "withdrawals and the ledger", "deducted and returned"),
        ('✓', "keys and quota", "charged"),
        ('✓', "operation log", "unchanged"),
        ('!', "super admin", "none"),
        ('✓', "jobs", ""),
        ('✓', "listen address", "Cuekey is running"),
        ('!', "mail", "no SMTP"),
    ];
    let metrics = server.told("metrics", "address");
    found(examine(here, &["--listen", &address, "--metrics-listen", &metrics]), 0, &good);
    server.stop();

    set(here, "data/master.key", 0o644);
    set(here, "data", 0o777);
    found(examine(here, &[]), 1, &[('✗', "master key", "chmod 600"), ('✗', "data folder", "mode 777")]);
    set(here, "data", 0o700);
    std::fs::write(here.join("data/master.key"), "cd".repeat(32)).unwrap();
    set(here, "data/master.key", 0o600);
    found(examine(here, &[]), 1, &[('✗', "master key", "not the one"), ('✓', "ledger", "adds up")]);
    std::fs::remove_file(here.join("data/master.key")).unwrap();
    found(examine(here, &[]), 1, &[('✗', "master key", "missing")]);
    assert!(!here.join("data/master.key").exists());
}

#[test]
fn wrong_surroundings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    // Not Cuekey: says good-bye at once, in no known language.
    std::thread::spawn(move || {
        for stream in taken.incoming().flatten() {
            let _ = (&stream).write_all(b"hello\r\n");
        }
    });
    found(examine(folder.path(), &["--listen", &address]), 1, &[('✗', "listen address", "another program")]);
    let port = address.rsplit_once(':').unwrap().1;
    std::fs::write(folder.path().join("cuekey.toml"), format!("[mail]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"a@example.com\"\n"))
        .unwrap();
    found(examine(folder.path(), &[]), 1, &[('✗', "mail", "does not speak SMTP: hello")]);
    found(examine(folder.path(), &["--public-url", "http://example.com"]), 1, &[('✗', "public address", "not https")]);
    found(examine(folder.path(), &["--listen", "0.0.0.0:0"]), 1, &[('✗', "public address", "not set")]);
    found(
        examine(folder.path(), &["--public-url", "https://example.com"]),
        1,
        &[('!', "reverse proxy", "trusted_proxies"), ('✓', "public address", "")],
    );
    found(examine(folder.path(), &["--database", "postgres://me@127.0.0.1:1/x"]), 1, &[('✗', "database", "cannot be opened")]);
}

#[test]
fn a_mail_server_that_answers_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let smtp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = smtp.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in smtp.incoming().flatten() {
            let _ = (&stream).write_all(b"220 mail.example.com ESMTP\r\n");
        }
    });
    std::fs::write(folder.path().join("cuekey.toml"), format!("[mail]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"a@example.com\"\n"))
        .unwrap();
    found(examine(folder.path(), &[]), 0, &[('✓', "mail", "220 mail.example.com")]);
}

/// An address whose port is not for everybody, where there are such.
fn reserved() -> Option<SocketAddr> {
    let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").ok()?.trim().parse::<u16>().ok()?;
    let mut addresses = (600..first).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses.find(|address| !TcpListener::bind(address).is_err_and(|error| error.kind() == ErrorKind::AddrInUse))
}

/// What doctor says of this address to somebody who may not take it: as root that has to be given up first.
fn examine_unprivileged(folder: &Path, address: SocketAddr) -> (Option<i32>, String) {
    let address = address.to_string();
    let plain = cuekey(folder, &["doctor", "--data", "data", "--listen", &address, "--metrics-listen", ""]);
    let mut command = Command::new("setpriv");
    command.args(["--inh-caps", "-net_bind_service", "--bounding-set", "-net_bind_service", "--"]);
    command.arg(plain.get_program()).args(plain.get_args()).current_dir(folder);
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let Output { status, stdout, .. } = command.output().expect("setpriv, of util-linux, is installed");
    (status.code(), String::from_utf8_lossy(&stdout).into_owned())
}

#[test]
fn a_server_on_a_port_that_doctor_may_not_take_is_found_and_its_absence_said_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let Some(address) = reserved() else { return };
    let nobody = [('✗', "listen address", "nobody answers, and who runs this may not take the port")];
    // Not as root there can be no server on it.
    if TcpListener::bind(address).is_err() {
        return found(examine(here, &["--listen", &address.to_string()]), 1, &nobody);
    }
    let mut server = Server::serve(here, &["--listen", &address.to_string()]);
    assert_eq!(server.address(), address);
    found(examine_unprivileged(here, address), 0, &[('✓', "listen address", "Cuekey is running")]);
    server.stop();
    found(examine_unprivileged(here, address), 1, &nobody);
}

/// An account that says that something is there which no line of its statement put there.
async fn spoil(url: &str) {
    let db = Db::open(&DbConfig::new(url)).await.expect("it opens");
    let mut tx = db.begin().await.expect("begin");
    let sql = "INSERT INTO ledger_accounts (id, owner_kind, owner_id, unit, keeps_balance, posted, held, entries, created_at) \
               VALUES ($1, 'user', $1, 'quota', TRUE, 5, 0, 0, 0)";
    let id: kernel::Id<store::jobs::JobEntity> = kernel::Id::new(kernel::Timestamp::from_unix(1), &kernel::Random::seeded(1));
    tx.exec(sql, args![id]).await.expect("insert");
    tx.commit().await.expect("commit");
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_does_not_add_up_is_found_on_both_databases() {
    let postgres = TestDb::new(Engine::Postgres, &web::migrations()).await;
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("x.db").display());
    assert!(run(folder.path(), &["migrate", "--database", &sqlite]).status.success());
    for (url, name) in [(sqlite.as_str(), "SQLite"), (postgres.url.as_str(), "PostgreSQL")] {
        let before = examine(folder.path(), &["--database", url]);
        found(before, 0, &[('✓', "database", name), ('✓', "ledger", "adds up")]);
        spoil(url).await;
        found(examine(folder.path(), &["--database", url]), 1, &[('✗', "ledger", "an account says 5 there"), ('✓', "database", name)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_are_behind_are_named() {
    let empty = TestDb::new(Engine::Postgres, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    found(examine(folder.path(), &["--database", &empty.url]), 1, &[('✗', "migrations", "to be applied"), ('✓', "clock", "ms")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_log_that_was_changed_by_hand_is_found_on_both_databases() {
    let postgres = TestDb::new(Engine::Postgres, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join("data")).unwrap();
    set(here, "data", 0o700);
    let sqlite = format!("sqlite://{}", here.join("data/cuekey.db").display());
    for url in [&sqlite, &postgres.url] {
        let database = ["--database", url];
        let mut server = Server::serve(here, &database);
        server.address();
        for name in ["one", "two", "three"] {
            let email = format!("{name}@example.com");
            let create = [["create-super-admin", "--data", "data", "--name", name, "--email", &email].as_slice(), &database].concat();
            assert!(run(here, &create).status.success());
        }
        server.stop();
        found(examine(here, &database), 0, &[('✓', "operation log", "unchanged: 3 lines")]);
        let db = Db::open(&DbConfig::new(url)).await.expect("it opens");
        for (sql, said) in [
            ("UPDATE operations SET detail = '{\"name\":\"nobody\"}' WHERE seq = 2", "line 2 "),
            ("DELETE FROM operations WHERE seq = 2", "lines 2 to 2 are missing"),
        ] {
            let mut tx = db.begin().await.expect("begin");
            assert_eq!(tx.exec(sql, args![]).await.expect("it is changed"), 1);
            tx.commit().await.expect("commit");
            found(examine(here, &database), 1, &[('✗', "operation log", said), ('✓', "ledger", "adds up")]);
        }
        // All of it, as if there had never been any.
        let mut tx = db.begin().await.expect("begin");
        for table in ["operations", "operation_chain"] {
            assert!(tx.exec(&format!("DELETE FROM {table}"), args![]).await.expect("it is emptied") > 0);
        }
        tx.commit().await.expect("commit");
        found(examine(here, &database), 1, &[('✗', "operation log", "no line says that the super admin \"one\" was made")]);
        db.close().await;
    }
}
