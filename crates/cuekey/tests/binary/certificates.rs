//! Mail and callbacks over TLS: a server is believed whose certificate somebody vouches for and which bears its name. No other one is told
//! anything, and what was meant for it waits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};

use crate::chief::{Chief, installed};
use crate::process::until;

type Made = rcgen::CertifiedKey<rcgen::KeyPair>;

/// What both servers are called.
const NAME: &str = "localhost";

fn certificate(name: &str) -> Made {
    rcgen::generate_simple_self_signed([name.to_owned()]).unwrap()
}

/// An owner's server, which answers whatever is asked of it over TLS. Ends with the test.
struct Target {
    port: u16,
    /// What was said to it once it was believed.
    heard: Arc<Mutex<Vec<String>>>,
}

impl Target {
    fn start(made: &Made) -> Self {
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let builder = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = Arc::new(builder.with_single_cert(vec![made.cert.der().clone()], key.into()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = rustls::StreamOwned::new(connection, socket);
                let mut first = [0; 4_096];
                // Whoever does not believe the certificate says nothing.
                if let Ok(length @ 1..) = stream.read(&mut first) {
                    hearing.lock().unwrap().push(String::from_utf8_lossy(&first[..length]).into_owned());
                    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                    // What is left unread would break the connection off before the answer is read.
                    let _ = stream.read_to_end(&mut Vec::new());
                }
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

#[test]
fn k8_2_a_callback_goes_to_a_server_whose_certificate_is_known_and_bears_its_name_and_to_no_other() {
    let folder = installed(&[]);
    let (own, other, strange) = (certificate(NAME), certificate("other.example"), certificate(NAME));
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, own.cert.pem() + &other.cert.pem()).unwrap();
    let allowed = ("CUEKEY_CALLBACKS__ALLOW_PRIVATE_ADDRESSES", "true".to_owned());
    let chief = Chief::start(folder.path(), &[("SSL_CERT_FILE", roots.display().to_string()), allowed]);
    let made = chief.ask("POST /api/v1/projects", &json!({"name": "shop"}));
    let callback = format!("/api/v1/projects/{}/callback", made["project"]["id"].as_str().unwrap());
    for (shown, wrong) in [(&own, None), (&other, Some("certificate not valid for name")), (&strange, Some("invalid peer certificate"))] {
        let target = Target::start(shown);
        chief.ask(&format!("PUT {callback}"), &json!({"url": format!("https://{NAME}:{}/hook", target.port), "events": []}));
        let trial = chief.ask(&format!("POST {callback}/test"), &json!({}));
        let line = format!("GET /api/v1/deliveries/{}", trial["id"].as_str().unwrap());
        let sent = until("the trial", || Some(chief.ask(&line, &Value::Null)).filter(|sent| sent["delivery"]["state"] != "waiting"));
        let (state, tried) = (&sent["delivery"]["state"], &sent["attempts"][0]);
        match wrong {
            None => {
                assert_eq!((state, &tried["status"]), (&json!("delivered"), &json!(204)), "{sent}");
                assert!(target.heard()[0].starts_with("POST /hook HTTP/1.1\r\n"), "{:?}", target.heard());
            }
            Some(wrong) => {
                assert_eq!((state, &tried["status"], &tried["error"]), (&json!("failed"), &json!(null), &json!("no_connection")), "{sent}");
                assert!(tried["detail"].as_str().unwrap().contains(wrong), "{sent}");
                assert_eq!(target.heard(), Vec::<String>::new());
            }
        }
    }
    chief.server.stop();
}

/// A mail server with this certificate: aiosmtpd, in xtask/smtp_sink.py.
struct Post {
    child: Child,
    port: String,
    mailbox: PathBuf,
}

impl Post {
    fn start(folder: &Path, tls: &str, made: &Made) -> Self {
        let python = std::env::var("CUEKEY_TEST_PYTHON").unwrap_or_else(|_| {
            panic!("CUEKEY_TEST_PYTHON names an interpreter with xtask/requirements.txt; `cargo xtask test` makes one, `cargo xtask services` keeps it")
        });
        let mailbox = folder.join("mailbox");
        std::fs::create_dir(&mailbox).unwrap();
        let [certificate, key, note] = ["cert.pem", "key.pem", "address"].map(|name| folder.join(name));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let mut sink = Command::new(python);
        sink.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/smtp_sink.py")).args(["--tls", tls]);
        sink.arg("--certificate").arg(&certificate).arg("--key").arg(&key).arg("--mailbox").arg(&mailbox).arg("--address-file").arg(&note);
        let child = sink.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let port = until("the mail server", || std::fs::read_to_string(&note).ok()?.rsplit_once(':').map(|(_, port)| port.to_owned()));
        Self { child, port, mailbox }
    }

    fn letters(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.mailbox).unwrap();
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn k1_1c_mail_goes_to_a_server_whose_certificate_is_known_and_bears_its_name_and_waits_for_any_other() {
    let folder = installed(&[]);
    let (own, other, strange) = (certificate(NAME), certificate("other.example"), certificate(NAME));
    for tls in ["starttls", "tls"] {
        // What the server shows, what is trusted, and what is wrong with that.
        let rounds = [
            ("strange", &strange, &own, Some("invalid peer certificate")),
            ("other", &other, &other, Some("certificate not valid for name")),
            ("own", &own, &own, None),
        ];
        for (round, shown, trusted, wrong) in rounds {
            let name = format!("{round}-{tls}");
            let here = folder.path().join(&name);
            std::fs::create_dir(&here).unwrap();
            let post = Post::start(&here, tls, shown);
            let trust = here.join("trusted.pem");
            std::fs::write(&trust, trusted.cert.pem()).unwrap();
            let configuration = [
                ("CUEKEY_MAIL__HOST", NAME.to_owned()),
                ("CUEKEY_MAIL__PORT", post.port.clone()),
                ("CUEKEY_MAIL__TLS", tls.to_owned()),
                ("CUEKEY_MAIL__FROM", "keys@cuekey.example".to_owned()),
                ("CUEKEY_MAIL__CA_FILE", trust.display().to_string()),
            ];
            let chief = Chief::start(folder.path(), &configuration);
            let to = format!("{name}@example.com");
            chief.ask("POST /api/v1/users", &json!({"name": name, "email": to, "role": "agent", "initial_quota": 0}));
            if let Some(wrong) = wrong {
                // Newest first: that of this round.
                let newest = || chief.ask("GET /api/v1/jobs?kind=mail.send&limit=1", &Value::Null)["items"][0].clone();
                let letter = until("a try", || Some(newest()).filter(|letter| letter["last_error"].is_string()));
                assert!(letter["last_error"].as_str().unwrap().contains(wrong), "{letter}");
                assert_eq!(letter["state"], "queued", "it is tried again: {letter}");
                assert_eq!(post.letters(), Vec::<String>::new(), "neither this one nor those that wait since before");
            } else {
                until("the letter", || post.letters().iter().any(|letter| letter.contains(&format!("X-RcptTo: {to}\r\n"))).then_some(()));
            }
            chief.server.stop();
        }
    }
}
