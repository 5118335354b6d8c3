//! Being ready, and stopping.

use std::io::{Read, Write};

use store::testing::TestDb;
use store::{Db, DbConfig, Engine, args};

use crate::process::{Server, answer, ask, connect, cuekey, get, sign_in, until};

#[test]
fn a_fresh_folder_is_ready_stops_on_a_signal_and_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["TERM", "INT"] {
        let mut server = Server::serve(folder.path(), &[]);
        let address = server.address();
        assert_eq!(get(address, "/readyz"), (200, "ready".into()));
        assert_eq!(get(address, "/healthz"), (200, "ok".into()));
        let metrics = server.told("metrics", "address").parse().unwrap();
        let (status, page) = get(metrics, "/metrics");
        assert_eq!(status, 200);
        assert!(page.contains("cuekey_http_requests_total") && page.contains("cuekey_build_info"), "{page}");
        assert!(page.contains("cuekey_http_request_seconds_bucket"), "{page}");
        assert!(!get(address, "/metrics").1.contains("cuekey_build_info"), "not on the public listener");
        server.signal(name);
        assert!(server.ended().success(), "{}", server.said());
        assert!(server.said().contains("stopped"), "{}", server.said());
    }
}

#[test]
fn programs_that_are_refused_are_counted_by_reason() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::serve(folder.path(), &[]);
    let address = server.address();
    let metrics = server.told("metrics", "address").parse().unwrap();
    for _ in 0..3 {
        assert_eq!(get(address, "/client/v1/time").0, 401);
    }
    let page = get(metrics, "/metrics").1;
    assert!(page.contains("cuekey_client_refused_total{code=\"API_KEY_UNKNOWN\"} 3"), "{page}");
    server.stop();
}

#[test]
fn a_kind_of_job_that_was_never_given_up_is_counted_as_that_so_that_the_first_one_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::serve(folder.path(), &[]);
    let metrics = server.told("metrics", "address").parse().unwrap();
    for kind in ["mail.send", "pay.refund", "keys.generate"] {
        let line = format!("cuekey_jobs_total{{kind=\"{kind}\",state=\"dead\"}} 0\n");
        until("it is on the page", || get(metrics, "/metrics").1.contains(&line).then_some(()));
    }
    server.stop();
}

#[test]
fn stopping_finishes_what_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::serve(folder.path(), &[]);
    let address = server.address();
    let mut half = connect(address);
    write!(half, "GET /healthz HTTP/1.1\r\nHost: test\r\n").unwrap();
    // A second connection that is answered shows that the first was accepted.
    assert_eq!(get(address, "/healthz").0, 200);
    server.signal("TERM");
    until("the listener closes", || std::net::TcpStream::connect(address).is_err().then_some(()));
    write!(half, "\r\n").unwrap();
    let (status, _, body) = answer(half);
    assert_eq!((status, body.as_str()), (200, "ok"));
    assert!(server.ended().success(), "{}", server.said());
}

/// A live page would stay open for ever.
#[test]
fn stopping_ends_live_pages() {
    let folder = tempfile::tempdir().unwrap();
    let password = "a horse in a battery";
    std::fs::write(folder.path().join("password"), password).unwrap();
    let create = ["create-super-admin", "--data", "data", "--name", "chief", "--email", "c@example.com", "--password-stdin"];
    let made = cuekey(folder.path(), &create).stdin(std::fs::File::open(folder.path().join("password")).unwrap()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let mut server = Server::serve(folder.path(), &[]);
    let address = server.address();
    let token = sign_in(address, "chief", password).1["token"].as_str().unwrap().to_owned();
    let mut live = connect(address);
    write!(live, "GET /events HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
    let mut first = [0; 12];
    live.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let watch = kernel::Stopwatch::start();
    server.stop();
    assert!(watch.elapsed() < std::time::Duration::from_secs(10), "{:?}", watch.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_postgresql_are_both_ready() {
    let database = TestDb::new(Engine::Postgres, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &str| {
        let args = [
            "serve",
            "--data",
            name,
            "--database",
            &database.url,
            "--listen",
            "127.0.0.1:0",
            "--metrics-listen",
            "",
            "--log-format",
            "json",
        ];
        Server::spawn(cuekey(folder.path(), &args).env("CUEKEY_MASTER_KEY_FILE", folder.path().join("shared.key")))
    };
    let (mut one, mut two) = (start("one"), start("two"));
    for server in [&mut one, &mut two] {
        let address = server.address();
        assert_eq!(get(address, "/readyz"), (200, "ready".into()));
    }
    let keyless = ["serve", "--data", "three", "--database", &database.url, "--listen", "127.0.0.1:0", "--metrics-listen", ""];
    crate::process::refused(&mut cuekey(folder.path(), &keyless), 2, &["three/master.key", "missing", "CUEKEY_MASTER_KEY_FILE"]);
    one.stop();
    two.stop();
}

#[test]
fn a_request_has_the_same_id_in_the_log_and_in_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--log-format", "json"];
    let mut server = Server::spawn(cuekey(folder.path(), &args).env("CUEKEY_LOG__LEVEL", "info,web=debug"));
    let (_, head, _) = ask(server.address(), "/healthz");
    let id = head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).expect("an id").to_owned();
    let line = until("the log line", || server.said().lines().find(|line| line.contains(&id)).map(str::to_owned));
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["message"], &line["span"]["id"], &line["status"]), (&"answered".into(), &id.into(), &200.into()));
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_ours_is_in_the_log_with_its_cause_and_the_id_that_the_asker_is_told() {
    let postgres = TestDb::new(Engine::Postgres, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::serve(folder.path(), &["--database", &postgres.url]);
    let address = server.address();
    let db = Db::open(&DbConfig::new(&postgres.url)).await.expect("it opens");
    let mut tx = db.begin().await.expect("begin");
    tx.exec("ALTER TABLE captchas RENAME TO elsewhere", args![]).await.expect("it is renamed");
    tx.commit().await.expect("commit");
    db.close().await;

    let mut stream = connect(address);
    let head = "Host: test\r\nContent-Type: application/json\r\nContent-Length: 15";
    write!(stream, "POST /api/v1/captchas HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n{{\"kind\":\"work\"}}").unwrap();
    let (status, _, body) = answer(stream);
    assert_eq!(status, 500, "{body}");
    assert!(!body.contains("captchas"), "{body}");
    let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
    let id = problem["request_id"].as_str().expect("an id").to_owned();
    let line = until("the log line", || {
        let said = server.said();
        let lines = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.into_iter().find(|line| line["span"]["id"] == id.as_str() && line["level"] == "ERROR")
    });
    assert_eq!((&line["message"], &line["code"]), (&"a request failed on our side".into(), &"INTERNAL".into()));
    assert!(line["error"].as_str().is_some_and(|cause| cause.contains("captchas")), "{line}");
    server.stop();
}

#[test]
fn v8_1_what_is_refused_is_in_the_log_by_code_and_route_without_what_was_in_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::serve(folder.path(), &[]);
    let address = server.address();
    for (path, status, code, route) in [
        ("/api/v1/users/usr_01h455vb4pex5vsknk084sn02q", 401, "SIGN_IN_REQUIRED", "/api/v1/users/{id}"),
        ("/api/v1/nobody/13800138000", 404, "NO_SUCH_ROUTE", "/api/{*rest}"),
    ] {
        let (answered, _, body) = ask(address, path);
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((answered, &problem["code"]), (status, &code.into()), "{body}");
        let id = problem["request_id"].as_str().expect("an id").to_owned();
        let line = until("the log line", || server.said().lines().find(|line| line.contains(&id)).map(str::to_owned));
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let said = ["level", "message", "method", "route", "status", "code"].map(|name| line[name].clone());
        let wanted: [serde_json::Value; 6] = ["INFO".into(), "refused".into(), "GET".into(), route.into(), status.into(), code.into()];
        assert_eq!(said, wanted);
    }
    let said = server.said();
    assert!(!said.contains("usr_01h455vb4pex5vsknk084sn02q") && !said.contains("13800138000"), "{said}");
    server.stop();
}

/// The broker inside logs whom it turns away, and so does `rmqtt`, by the names that they gave themselves.
#[test]
fn whoever_comes_to_the_mqtt_port_can_begin_no_line_of_the_log() {
    const FORGED: &str = "2026-01-01T00:00:00.000000Z  INFO cuekey: all is well";
    let folder = tempfile::tempdir().unwrap();
    let args = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--metrics-listen", ""];
    let mut server = Server::spawn(cuekey(folder.path(), &args).env("CUEKEY_MQTT__LISTEN", "127.0.0.1:0"));
    server.ready_text();
    let address: std::net::SocketAddr = until("the broker", || {
        let said = server.said();
        let line = said.lines().find(|line| line.contains("MQTT broker"))?;
        line.split("address=").nth(1)?.split(' ').next()?.parse().ok()
    });
    // CONNECT of MQTT 3.1.1 (3.1): a clean session, 60 seconds, a client id and a user name, and no password.
    let field = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat();
    let id = format!("lamp\n{FORGED}");
    let rest = [&field("MQTT")[..], &[4, 0b1000_0010, 0, 60][..], &field(&id)[..], &field("lamp\r\nnobody")[..]].concat();
    let length = u8::try_from(rest.len()).ok().filter(|length| *length < 0x80).expect("one byte says how long it is");
    let mut stranger = connect(address);
    stranger.write_all(&[&[0x10, length][..], &rest[..]].concat()).unwrap();
    // CONNACK (3.2): a bad user name or password.
    let mut answer = [0; 4];
    stranger.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 4]);
    until("the log lines", || {
        let said = server.said();
        (said.contains("an MQTT client was refused") && said.contains("Connection Refused")).then_some(())
    });
    server.signal("TERM");
    assert!(server.ended().success(), "{}", server.said());
    let said = server.said();
    let named = said.lines().filter(|line| line.contains(&format!("lamp\\n{FORGED}")) && line.contains("lamp\\r\\nnobody"));
    assert!(named.count() >= 2, "it is said who was turned away: {said}");
    assert!(!said.lines().any(|line| line.starts_with(FORGED) || line.starts_with("nobody")), "{said}");
}

/// The shell lets no file grow beyond 48 KiB: as with a full disk, what was accepted cannot be kept.
#[test]
fn a_database_that_cannot_write_stops_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Server::serve(folder.path(), &[]);
    first.address();
    first.stop();
    let serve = cuekey(folder.path(), &["serve", "--data", "data", "--listen", "127.0.0.1:0", "--metrics-listen", ""]);
    let mut limited = std::process::Command::new("/bin/sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 96; exec \"$0\" \"$@\""]).arg(serve.get_program()).args(serve.get_args());
    limited.current_dir(folder.path()).env("LC_ALL", "en_GB.UTF-8");
    let mut server = Server::spawn(&mut limited);
    let address = server.ready_text();
    let status = until("the end", || {
        // Each of these writes a row, as long as it can.
        if let Ok(mut stream) = std::net::TcpStream::connect(address) {
            let head = "Host: test\r\nX-Cuekey-Console: 1\r\nContent-Type: application/json\r\nContent-Length: 15";
            let _ = write!(stream, "POST /api/v1/captchas HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n{{\"kind\":\"work\"}}");
            let _ = stream.read(&mut [0; 512]);
        }
        server.has_ended()
    });
    assert_eq!(status.code(), Some(1), "{}", server.said());
    until("what it says", || server.said().contains("stopped to protect the data").then_some(()));
}
