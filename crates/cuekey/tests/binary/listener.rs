//! TLS in the binary, and slow clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};

use crate::process::{LONGEST, Server, answer, connect, cuekey, get, refused, run, sign_in, until};

type Made = rcgen::CertifiedKey<rcgen::KeyPair>;

/// A certificate for localhost, good until the end of this year of the century.
fn make(year: i32) -> Made {
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(year, 12, 31);
    let signing_key = rcgen::KeyPair::generate().unwrap();
    let cert = params.self_signed(&signing_key).unwrap();
    Made { cert, signing_key }
}

fn write(folder: &Path, made: &Made) {
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

const TLS: [(&str, &str); 2] = [("CUEKEY_TLS__CERTIFICATE", "cert.pem"), ("CUEKEY_TLS__KEY", "key.pem")];

fn serve(folder: &Path) -> std::process::Command {
    let args = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--log-format", "json"];
    let mut command = cuekey(folder, &args);
    command.envs(TLS);
    command
}

/// What `doctor` says.
fn doctor(folder: &Path) -> String {
    let args = ["doctor", "--data", "data", "--listen", "127.0.0.1:0", "--metrics-listen", ""];
    let output = cuekey(folder, &args).envs(TLS).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Asks over TLS, trusting only `certificate`.
fn ask(address: SocketAddr, certificate: CertificateDer<'static>, request: &str) -> std::io::Result<String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let client = rustls::ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = rustls::StreamOwned::new(client, connect(address));
    stream.write_all(request.as_bytes())?;
    let mut text = Vec::new();
    // Some close without saying so; what came counts.
    let _ = stream.read_to_end(&mut text);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn tls_is_spoken_and_a_renewed_certificate_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (make(2199), make(2199));
    write(folder.path(), &old);
    let mut server = Server::spawn(&mut serve(folder.path()));
    let address = server.address();
    assert!(server.told("ready", "console").starts_with("https://"));
    let healthy = ask(address, old.cert.der().clone(), GET).unwrap();
    assert!(healthy.starts_with("HTTP/1.1 200") && healthy.ends_with("ok"), "{healthy}");
    assert!(healthy.to_lowercase().contains("strict-transport-security: max-age="), "{healthy}");
    let (status, plain) = get(address, "/healthz");
    assert_eq!(status, 400);
    assert!(plain.contains("https://"), "{plain}");

    write(folder.path(), &new);
    server.signal("HUP");
    until("the new certificate", || server.said().contains("a new certificate is in use").then_some(()));
    assert!(ask(address, new.cert.der().clone(), GET).unwrap().ends_with("ok"));
    assert!(ask(address, old.cert.der().clone(), GET).is_err());
    std::fs::write(folder.path().join("key.pem"), old.signing_key.serialize_pem()).unwrap();
    server.signal("HUP");
    until("the refusal", || server.said().contains("the old one stays").then_some(()));
    assert!(ask(address, new.cert.der().clone(), GET).unwrap().ends_with("ok"));
    server.stop();
}

#[test]
fn files_that_are_of_no_use_are_named_at_the_start_and_by_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    refused(&mut serve(here), 2, &["cert.pem", "tls.certificate"]);
    write(here, &make(2199));
    std::fs::write(here.join("key.pem"), make(2199).signing_key.serialize_pem()).unwrap();
    refused(&mut serve(here), 2, &["tls.certificate", "tls.key", "do not belong together"]);
    assert!(doctor(here).contains("do not belong together"));
    assert!(!here.join("data").exists(), "nothing was touched");
    refused(cuekey(here, &["serve"]).env("CUEKEY_TLS__KEY", "key.pem"), 2, &["tls.certificate"]);
}

#[test]
fn doctor_warns_before_a_certificate_expires() {
    let folder = tempfile::tempdir().unwrap();
    let line = |made: &Made| {
        write(folder.path(), made);
        doctor(folder.path()).lines().find(|line| line.contains("cert.pem")).unwrap_or_default().to_owned()
    };
    let good = line(&make(2199));
    assert!(good.starts_with('✓') && good.contains("2199-12-31"), "{good}");
    let over = line(&make(2020));
    assert!(over.starts_with('✗') && over.contains("expired"), "{over}");
}

#[test]
fn a_running_server_with_tls_is_known_to_doctor() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &make(2199));
    let mut server = Server::spawn(&mut serve(folder.path()));
    let address = server.address().to_string();
    let output =
        cuekey(folder.path(), &["doctor", "--data", "data", "--listen", &address, "--metrics-listen", ""]).envs(TLS).output().unwrap();
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(table.contains("Cuekey is running"), "{table}");
    server.stop();
}

#[test]
fn slow_clients_end_within_the_limits_and_others_are_served_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--log-format", "json"];
    let mut command = cuekey(folder.path(), &args);
    command.env("CUEKEY_CONNECTIONS__HEADER_SECONDS", "1").env("CUEKEY_CONNECTIONS__BODY_SECONDS", "1");
    let mut server = Server::spawn(&mut command);
    let address = server.address();
    let metrics = server.told("metrics", "address").parse().unwrap();
    let watch = kernel::Stopwatch::start();
    let mut slow: Vec<TcpStream> = (0..300).map(|_| connect(address)).collect();
    for stream in &mut slow {
        write!(stream, "GET / HTTP/1.1\r\nHost: x\r\nX: ").unwrap();
    }
    let mut body = connect(address);
    let head = "Host: x\r\nX-Cuekey-Console: 1\r\nContent-Type: application/json\r\nContent-Length: 1000";
    write!(body, "POST /api/v1/session HTTP/1.1\r\n{head}\r\n\r\n{{").unwrap();
    assert_eq!(get(address, "/readyz").0, 200, "others are served");
    let (status, _, problem) = answer(body);
    assert_eq!(status, 400);
    assert!(problem.contains("BODY_UNREADABLE"), "{problem}");
    for stream in &mut slow {
        let _ = stream.read(&mut [0; 16]);
    }
    assert!(watch.elapsed() < LONGEST / 2, "{:?}", watch.elapsed());
    let page = get(metrics, "/metrics").1;
    let cut = |why: &str| {
        page.lines().find_map(|line| line.strip_prefix(&format!("cuekey_connections_cut_total{{why=\"{why}\"}} "))).map(str::to_owned)
    };
    assert_eq!((cut("head").as_deref(), cut("body").as_deref()), (Some("300"), Some("1")), "{page}");
    server.stop();
}

#[test]
fn bodies_that_strangers_hold_open_have_a_bound_and_their_room_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::serve(folder.path(), &[]);
    let address = server.address();
    let metrics = server.told("metrics", "address").parse().unwrap();
    let figure = |name: &str| -> u64 {
        let page = get(metrics, "/metrics").1;
        page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or_default()
    };
    let held = || figure("cuekey_body_bytes{listener=\"main\"} ");
    let refused = || figure("cuekey_bodies_refused_total{why=\"address\"} ");
    // Nobody who has not signed in may send more than a payment network: 300 times 64 KiB are more than 16 MiB.
    let mut open: Vec<TcpStream> = (0..300).map(|_| connect(address)).collect();
    for stream in &mut open {
        write!(stream, "POST /callbacks/wechat HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n").unwrap();
        // The last ones are refused before they have sent all of it.
        let _ = stream.write_all(&[b'x'; 65_000]);
    }
    until("a refusal", || (refused() > 0).then_some(()));
    until("what is held", || (held() > 12 << 20).then_some(()));
    assert!(held() <= 16 << 20, "{}", held());
    assert_eq!(get(address, "/readyz").0, 200, "what brings no body is served");
    drop(open);
    until("the room", || (held() == 0).then_some(()));
    assert_eq!(sign_in(address, "nobody", "password").0, 401);
    server.stop();
}

#[test]
fn the_configuration_of_the_listener_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    for key in ["connections.at_once", "connections.per_address", "connections.header_seconds", "connections.stall_seconds"] {
        let name = format!("CUEKEY_{}", key.to_uppercase().replace('.', "__"));
        refused(cuekey(folder.path(), &["serve"]).env(name, "0"), 2, &[key]);
    }
    let plain = ["serve", "--public-url", "http://cuekey.example.com"];
    refused(cuekey(folder.path(), &plain).envs(TLS), 2, &["server.public_url", "https://", "tls.certificate"]);
    assert!(run(folder.path(), &["config"]).status.success());
}
