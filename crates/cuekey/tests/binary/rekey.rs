//! `cuekey rekey`: with the servers stopped, whole or not at all.

use std::path::{Path, PathBuf};

use store::testing::TestDb;
use store::{Db, DbConfig, Engine, args};

use crate::process::{Server, cuekey, refused, run, sign_in};

/// An installation with a super admin whose password this answers.
struct Installed {
    folder: tempfile::TempDir,
    url: String,
    password: String,
}

impl Installed {
    fn at(url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = url.map_or_else(|| format!("sqlite://{}", folder.path().join("data/cuekey.db").display()), str::to_owned);
        let create = ["create-super-admin", "--data", "data", "--database", &url, "--name", "chief", "--email", "c@example.com"];
        let made = run(folder.path(), &create);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let said = String::from_utf8_lossy(&made.stdout).into_owned();
        let password = said.lines().find_map(|line| line.strip_prefix("password")?.rsplit(' ').next()).expect("a password").to_owned();
        Self { folder, url, password }
    }

    fn here(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.here().join("data").join(name)
    }

    fn key(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).expect("a key")
    }

    fn args<'a>(&'a self, command: &'a str) -> Vec<&'a str> {
        vec![command, "--data", "data", "--database", &self.url]
    }

    fn serve(&self) -> Server {
        Server::serve(self.here(), &["--database", &self.url])
    }

    /// Whoever knows the password comes in, and the data is sound.
    #[track_caller]
    fn works(&self) {
        let mut server = self.serve();
        let address = server.address();
        assert_eq!(sign_in(address, "chief", &self.password).0, 200);
        server.stop();
        let ports = ["--listen", "127.0.0.1:0", "--metrics-listen", ""];
        let doctor = run(self.here(), &[self.args("doctor").as_slice(), &ports].concat());
        assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
    }

    #[track_caller]
    fn rekey(&self) -> String {
        let done = run(self.here(), &self.args("rekey"));
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }
}

/// On both databases; nobody else is connected.
async fn on_both(check: impl Fn(Installed)) {
    let postgres = TestDb::new(Engine::Postgres, &[]).await;
    postgres.db.close().await;
    for url in [None, Some(postgres.url.as_str())] {
        check(Installed::at(url));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_master_key_is_in_the_place_of_the_old_one_which_is_kept_and_opens_nothing() {
    on_both(|installed| {
        let before = installed.key("master.key");
        // Left behind by an attempt that was cut short before its commit.
        std::fs::write(installed.file("master.key.next"), "ab".repeat(32)).unwrap();
        let said = installed.rekey();
        assert!(said.contains("master.key.old") && said.contains("back it up"), "{said}");
        assert!(installed.key("master.key") != before && installed.key("master.key.old") == before);
        assert!(!installed.file("master.key.next").exists());
        installed.works();
        refused(&mut cuekey(installed.here(), &installed.args("rekey")), 2, &["master.key.old", "not overwritten"]);

        let after = installed.key("master.key");
        std::fs::write(installed.file("master.key"), &before).unwrap();
        refused(&mut cuekey(installed.here(), &serve(&installed)), 2, &["not the one"]);
        refused(&mut cuekey(installed.here(), &installed.args("rekey")), 2, &["not the one"]);
        std::fs::write(installed.file("master.key"), after).unwrap();
        installed.works();
    })
    .await;
}

fn serve(installed: &Installed) -> Vec<&str> {
    let mut args = installed.args("serve");
    args.extend(["--listen", "127.0.0.1:0", "--metrics-listen", ""]);
    args
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_short_between_the_commit_and_the_renaming_is_ended_by_running_it_again() {
    on_both(|installed| {
        let before = installed.key("master.key");
        installed.rekey();
        let after = installed.key("master.key");
        // As it was after the commit.
        std::fs::rename(installed.file("master.key"), installed.file("master.key.next")).unwrap();
        std::fs::rename(installed.file("master.key.old"), installed.file("master.key")).unwrap();
        refused(&mut cuekey(installed.here(), &serve(&installed)), 2, &["master.key.next", "run `cuekey rekey` once more"]);
        let doctor = run(installed.here(), &installed.args("doctor"));
        let said = String::from_utf8_lossy(&doctor.stdout);
        assert!(doctor.status.code() == Some(1) && said.contains("run `cuekey rekey` once more"), "{said}");
        assert_eq!(installed.key("master.key"), before, "neither has touched it");
        installed.rekey();
        assert_eq!((installed.key("master.key"), installed.key("master.key.old")), (after, before));
        assert!(!installed.file("master.key.next").exists());
        installed.works();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_key_is_not_changed_while_a_server_runs() {
    on_both(|installed| {
        let before = installed.key("master.key");
        let mut server = installed.serve();
        server.address();
        refused(&mut cuekey(installed.here(), &installed.args("rekey")), 2, &["another Cuekey"]);
        server.stop();
        assert_eq!(installed.key("master.key"), before);
        assert!(!installed.file("master.key.next").exists());
        installed.rekey();
        installed.works();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_key_of_tables_that_are_behind_is_not_changed() {
    let installed = Installed::at(None);
    let before = installed.key("master.key");
    let db = Db::open(&DbConfig::new(&installed.url)).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let forget = "DELETE FROM migrations WHERE number = (SELECT MAX(number) FROM migrations)";
    assert_eq!(tx.exec(forget, args![]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    db.close().await;
    refused(&mut cuekey(installed.here(), &installed.args("rekey")), 2, &["not up to date", "cuekey migrate"]);
    assert_eq!(installed.key("master.key"), before);
}

#[test]
fn where_there_is_no_database_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    refused(&mut cuekey(folder.path(), &["rekey", "--data", "data"]), 2, &["cuekey.db", "not there"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
