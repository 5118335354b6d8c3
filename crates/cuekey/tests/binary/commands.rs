//! Commands that end by themselves.

use crate::process::{Server, cuekey, refused, run, sign_in};

#[test]
fn config_prints_a_file_that_is_accepted_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), &["config"]);
    assert!(printed.status.success());
    std::fs::write(folder.path().join("cuekey.toml"), &printed.stdout).unwrap();
    let with = run(folder.path(), &["migrate"]);
    assert!(with.status.success(), "{}", String::from_utf8_lossy(&with.stderr));
    assert!(folder.path().join("data/cuekey.db").exists(), "the default data folder");
}

#[test]
fn openapi_and_version_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), &["openapi"]);
    let document: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert!(document["paths"]["/healthz"].is_object());
    let version = run(folder.path(), &["--version"]);
    assert_eq!(String::from_utf8_lossy(&version.stdout).trim(), format!("cuekey {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_super_admin_is_made_with_a_password_that_only_its_maker_sees() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["create-super-admin", "--data", "data", "--name", "chief", "--email", "chief@example.com"];
    let made = run(folder.path(), &create);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    let password = said.lines().find_map(|line| line.strip_prefix("password")?.rsplit(' ').next()).expect("a password");
    let mut server = Server::serve(folder.path(), &[]);
    let address = server.address();
    assert!(!server.said().contains(password));
    let (status, body) = sign_in(address, "chief", password);
    assert_eq!((status, &body["me"]["role"]), (200, &"super_admin".into()), "{body}");

    // Beside the running server; the same name again, and a password that is no good.
    refused(&mut cuekey(folder.path(), &create), 1, &["name"]);
    let mut weak =
        cuekey(folder.path(), &["create-super-admin", "--data", "data", "--name", "other", "--email", "o@example.com", "--password-stdin"]);
    std::fs::write(folder.path().join("weak"), "password\n").unwrap();
    refused(weak.stdin(std::fs::File::open(folder.path().join("weak")).unwrap()), 1, &["password"]);
    std::fs::write(folder.path().join("good"), "a horse in a battery\n").unwrap();
    let good = weak.stdin(std::fs::File::open(folder.path().join("good")).unwrap()).output().unwrap();
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    assert_eq!(sign_in(address, "other", "a horse in a battery").0, 200);
    server.stop();
}

#[test]
fn migrating_twice_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), &["migrate", "--data", "d"]);
    assert!(String::from_utf8_lossy(&first.stdout).contains("migrations applied"), "{first:?}");
    let second = run(folder.path(), &["migrate", "--data", "d"]);
    assert!(String::from_utf8_lossy(&second.stdout).contains("up to date"), "{second:?}");
}

#[test]
fn what_is_set_up_wrongly_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |args: &[&str]| cuekey(folder.path(), args);
    refused(
        &mut at(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--database", "mysql://db/x"]),
        2,
        &["postgres://", "--database"],
    );
    let nobody = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--database", "postgres://me:hush@127.0.0.1:1/x"];
    let said = refused(&mut at(&nobody), 2, &["postgres://me@127.0.0.1:1/x", "check its address"]);
    assert!(!said.contains("hush"), "the password is not shown: {said}");
    refused(&mut at(&["migrate", "--database", "postgres://me:hush@[bad/x"]), 2, &["postgres://me@[bad/x"]);
    std::fs::write(folder.path().join("file"), "").unwrap();
    refused(&mut at(&["migrate", "--data", "file/data"]), 2, &["file/data", "--data"]);
    refused(&mut at(&["migrate", "--config", "nowhere.toml"]), 2, &["nowhere.toml"]);
    let mail = [("CUEKEY_MAIL__HOST", "smtp.example.com"), ("CUEKEY_MAIL__FROM", "a@example.com"), ("CUEKEY_MAIL__USER", "a")];
    refused(at(&["serve", "--listen", "127.0.0.1:0"]).envs(mail), 2, &["[mail]", "password"]);
    std::fs::write(folder.path().join("cuekey.toml"), "[server]\nlisen = \"x\"\n").unwrap();
    refused(&mut at(&["migrate"]), 2, &["cuekey.toml", "server.lisen"]);
    refused(at(&["migrate"]).env("LC_ALL", "zh_CN.UTF-8"), 2, &["没有配置项 server.lisen"]);
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cuekey.toml"), "[data]\nfolder = \"from-file\"\n").unwrap();
    std::fs::write(folder.path().join("other.toml"), "[data]\nfolder = \"from-other\"\n").unwrap();
    let there = |name: &str| folder.path().join(name).join("cuekey.db").exists();
    let migrate = |flags: &[&str], name: &str, value: &str| {
        let output = cuekey(folder.path(), &[&["migrate"], flags].concat()).env(name, value).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    migrate(&["--data", "from-flag"], "CUEKEY_DATA__FOLDER", "from-environment");
    assert!(there("from-flag") && !there("from-environment") && !there("from-file"));
    migrate(&[], "CUEKEY_DATA__FOLDER", "from-environment");
    assert!(there("from-environment") && !there("from-file"));
    migrate(&[], "CUEKEY_CONFIG", "other.toml");
    assert!(there("from-other") && !there("from-file"));
    migrate(&[], "CUEKEY_URL", "http://unrelated");
    assert!(there("from-file"));
}
