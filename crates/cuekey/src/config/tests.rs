//! The default file is the reference; each source goes before the one below it; what is wrong is named.

use kernel::Lang;

use super::environment::Environment;
use super::load::{Flags, read};
use super::*;
use crate::trouble::Result;

fn environment(variables: &[(&str, &str)]) -> Result<Environment> {
    Environment::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn from(file: &str, variables: &[(&str, &str)], flags: &Flags) -> Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cuekey.toml");
    std::fs::write(&path, file).unwrap();
    read(Some(&path), environment(variables)?, flags)
}

/// What somebody is told; it must name `all` of these.
#[track_caller]
fn refused(result: Result<Config>, all: &[&str]) {
    let trouble = result.unwrap_err();
    assert_eq!(trouble.exit, 2);
    for lang in [Lang::Zh, Lang::En] {
        for word in all {
            assert!(trouble.message(lang).contains(word), "{word:?} is not in {:?}", trouble.message(lang));
        }
    }
}

#[test]
fn the_default_file_says_every_key_and_exactly_the_defaults() {
    let written: toml::Table = DEFAULT_FILE.parse().unwrap();
    let built_in = toml::Table::try_from(Config::default()).unwrap();
    assert_eq!(written, built_in);
    assert_eq!(from(DEFAULT_FILE, &[], &Flags::default()).unwrap(), Config::default());
}

#[test]
fn file_then_environment_then_flag() {
    let file = "[jobs]\nworkers = 2\n[server]\nlisten = \"127.0.0.1:1\"\n[database]\nconnections = 5\n";
    let variables = [("CUEKEY_SERVER__LISTEN", "127.0.0.1:2"), ("CUEKEY_DATABASE__CONNECTIONS", "6"), ("CUEKEY_URL", "http://unrelated")];
    let flags = Flags { listen: Some("127.0.0.1:3".into()), ..Flags::default() };
    let config = from(file, &variables, &flags).unwrap();
    assert_eq!(config.jobs.workers, 2, "the file goes before the defaults");
    assert_eq!(config.database.connections, 6, "the environment goes before the file");
    assert_eq!(config.server.listen.port(), 3, "a flag goes before both");
    assert_eq!(config.mail, Config::default().mail);
}

#[test]
fn the_environment_is_read_as_each_key_needs_it() {
    let variables = [
        ("CUEKEY_MAIL__PASSWORD", "0012345"),
        ("CUEKEY_MAIL__USER", "true"),
        ("CUEKEY_SERVER__TRUSTED_PROXIES", "10.0.0.1, ::1"),
        ("CUEKEY_SERVER__METRICS_LISTEN", ""),
        ("CUEKEY_CALLBACKS__ALLOW_PRIVATE_ADDRESSES", "true"),
        ("CUEKEY_MASTER_KEY_FILE", "/run/secrets/key"),
    ];
    let config = from("", &variables, &Flags::default()).unwrap();
    assert_eq!((config.mail.password.as_str(), config.mail.user.as_str()), ("0012345", "true"));
    assert_eq!(config.server.trusted_proxies, ["10.0.0.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
    assert_eq!(config.server.metrics_listen, None);
    assert!(config.callbacks.allow_private_addresses);
    assert_eq!(config.data.master_key_file, PathBuf::from("/run/secrets/key"));
}

#[test]
fn unknown_keys_are_refused_by_name() {
    let none = Flags::default();
    refused(from("[server]\nlisen = \"127.0.0.1:1\"\n", &[], &none), &["cuekey.toml", "server.lisen"]);
    refused(from("[servr]\nlisten = \"127.0.0.1:1\"\n", &[], &none), &["cuekey.toml", "servr"]);
    refused(from("", &[("CUEKEY_SERVER__LISEN", "x")], &none), &["CUEKEY_SERVER__LISEN"]);
    refused(from("", &[("CUEKEY_SERVER_LISTEN", "127.0.0.1:1")], &none), &["CUEKEY_SERVER__LISTEN"]);
}

#[test]
fn wrong_values_are_refused_with_their_place() {
    let none = Flags::default();
    refused(from("[jobs]\nworkers = \"many\"\n", &[], &none), &["cuekey.toml", "jobs.workers", "many"]);
    refused(from("[jobs\n", &[], &none), &["cuekey.toml"]);
    refused(from("", &[("CUEKEY_JOBS__WORKERS", "many")], &none), &["CUEKEY_JOBS__WORKERS", "many"]);
    refused(from("", &[("CUEKEY_JOBS__WORKERS", "-1")], &none), &["CUEKEY_JOBS__WORKERS", "-1"]);
    refused(from("", &[], &Flags { listen: Some("nowhere".into()), ..Flags::default() }), &["--listen"]);
    refused(from("[jobs]\nworkers = 0\n", &[], &none), &["jobs.workers"]);
    refused(from("[log]\nformat = \"xml\"\n", &[], &none), &["log.format", "xml"]);
    refused(from("[log]\nlevel = \"loud=ly\"\n", &[], &none), &["log.level"]);
    refused(from("[mail]\nhost = \"smtp.example.com\"\n", &[], &none), &["mail.from"]);
    for url in ["example.com", "https://example.com/console", "ftp://example.com", "https://", "HTTPS://example.com"] {
        refused(from(&format!("[server]\npublic_url = \"{url}\"\n"), &[], &none), &["server.public_url"]);
    }
    refused(read(Some(std::path::Path::new("/nowhere/cuekey.toml")), environment(&[]).unwrap(), &none), &["/nowhere/cuekey.toml"]);
}

/// Its cookie would not be `Secure`, nor would https be asked for from then on.
#[test]
fn with_tls_the_public_address_is_no_plain_http() {
    let with_tls = |url: &str| {
        let file = format!("[server]\npublic_url = \"{url}\"\n[tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n");
        from(&file, &[], &Flags::default())
    };
    for url in ["http://cuekey.example.com", "http://127.0.0.1:7300"] {
        refused(with_tls(url), &["server.public_url", "https://", "tls.certificate"]);
    }
    for url in ["https://cuekey.example.com", ""] {
        assert!(with_tls(url).unwrap().public_url(SocketAddr::from(([127, 0, 0, 1], 443))).starts_with("https://"), "{url:?}");
    }
    assert!(from("[server]\npublic_url = \"http://127.0.0.1:7300\"\n", &[], &Flags::default()).is_ok(), "without TLS it may be");
}

#[test]
fn https_and_this_machine_keep_a_cookie_from_others() {
    for url in ["https://example.com", "http://127.0.0.1:7300", "http://localhost", "http://[::1]:7300"] {
        assert!(is_private(url), "{url}");
    }
    for url in ["http://example.com", "http://192.168.1.2:7300", "http://0.0.0.0:7300"] {
        assert!(!is_private(url), "{url}");
    }
}

#[test]
fn passwords_do_not_reach_a_log() {
    let variables = [("CUEKEY_MAIL__PASSWORD", "hush-1"), ("CUEKEY_DATABASE__URL", "postgres://me:hush-2@db/x")];
    let config = from("", &variables, &Flags::default()).unwrap();
    assert!(!format!("{config:?}").contains("hush"));
}
