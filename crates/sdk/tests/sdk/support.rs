//! A small server on loopback that behaves as a test says, and a project that answers as the real one would.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri};
use cuekey_sdk::envelope::Answer;
use cuekey_sdk::forge::Signer;
use cuekey_sdk::sign::Secret;
use cuekey_sdk::{Builder, Client, Device, canonical};

pub const NOW: i64 = 1_795_248_000;
pub const SECRET: &str = "sk_test_loopback";
pub const API_KEY: &str = "pk_test_loopback";
/// The public half of [`Project`]'s key, worked out apart from this crate.
pub const PUBLIC_KEY: &str = "6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=";

/// A request as the server saw it.
pub struct Seen {
    pub method: Method,
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn nonce(&self) -> &str {
        self.header("cuekey-nonce")
    }
}

/// Serves on a thread of its own, until the test process ends. Gives the base URL.
pub fn serve(behave: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    listener.set_nonblocking(true).expect("a socket can be made nonblocking");
    let behave = Arc::new(behave);
    let app = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let target = uri.path_and_query().map(|target| target.as_str().to_owned()).unwrap_or_default();
        let answer = behave(&Seen { method, target, headers, body });
        async move { sendable(&answer).expect("the test made an answer that HTTP can carry") }
    });
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("it is nonblocking");
            axum::serve(listener, app).await
        })
    });
    format!("http://{address}")
}

/// A URL at which nobody listens: a low port, which no test running beside this one can be given.
pub fn nobody() -> String {
    "http://127.0.0.1:1".to_owned()
}

/// The answer as HTTP, or `None` if HTTP has no form for it.
pub fn sendable(answer: &Answer) -> Option<Response<Body>> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        response = response.header(name, HeaderValue::from_bytes(value).ok()?);
    }
    response.body(Body::from(answer.body.clone())).ok()
}

/// A clock that stands until a test moves it.
#[derive(Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn at(seconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(seconds)))
    }

    pub fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

/// A project as its server sees it: checks requests in the contract's order, and signs its answers.
pub struct Project {
    pub signer: Signer,
    pub clock: Clock,
    nonces: Mutex<HashSet<String>>,
}

impl Project {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { signer: Signer::from_seed(&[7; 32]), clock: Clock::at(NOW), nonces: Mutex::default() })
    }

    /// A client of this project, whose clock is right.
    pub fn builder(&self, hosts: &[String]) -> Builder {
        let clock = self.clock.clone();
        Client::builder(hosts, API_KEY, SECRET, PUBLIC_KEY).clock(move || clock.now())
    }

    pub fn client(&self, host: &str) -> Client {
        self.builder(&[host.to_owned()]).build().expect("the settings are right")
    }

    /// An answer signed for this request, now.
    pub fn sign(&self, seen: &Seen, status: u16, body: &str) -> Answer {
        self.signer.answer(seen.nonce(), status, self.clock.now(), body)
    }

    /// Refuses the request as the server would, or lets `answer` say status and body.
    pub fn answer(&self, seen: &Seen, answer: impl Fn(&Seen) -> (u16, String)) -> Answer {
        if seen.header("cuekey-key") != API_KEY {
            return unsigned(401, r#"{"code":"API_KEY_UNKNOWN","message":"no such key"}"#);
        }
        let refuse = |code: &str| self.sign(seen, 401, &format!(r#"{{"code":"{code}","message":"refused"}}"#));
        let Ok(timestamp) = seen.header("cuekey-timestamp").parse::<i64>() else { return refuse("SIGNATURE_INVALID") };
        if timestamp.abs_diff(self.clock.now()) > 300 {
            return refuse("TIMESTAMP_SKEWED");
        }
        let text = canonical::request(seen.method.as_str(), &seen.target, timestamp, seen.nonce(), &seen.body);
        if seen.header("cuekey-signature") != Secret::new(SECRET).sign(&text) {
            return refuse("SIGNATURE_INVALID");
        }
        if !self.nonces.lock().expect("no test panics here").insert(seen.nonce().to_owned()) {
            return refuse("NONCE_REUSED");
        }
        let (status, body) = answer(seen);
        self.sign(seen, status, &body)
    }
}

pub fn device() -> Device {
    Device::own("a1b2c3d4e5f60718").expect("a good id")
}

pub fn unsigned(status: u16, body: &str) -> Answer {
    Answer { status, headers: vec![("content-type".into(), b"application/json".to_vec())], body: body.into() }
}

/// A verdict's body.
pub fn verdict(code: &str, action: &str) -> String {
    let key = r#""key":{"id":"key_01h455vb4pex5vsknk084sn02q","state":"active","activated_at":"2026-11-21T08:00:00Z",
        "expires_at":"2026-12-21T08:00:00Z","remaining_seconds":2592000,"first_use":true},"#;
    let key = if code == "NOT_FOUND" { "" } else { key };
    let valid = code == "VALID";
    format!(r#"{{"valid":{valid},"code":"{code}","message":"说明 note","action":"{action}",{key}"server_time":"2026-11-21T08:00:00Z"}}"#)
}

pub fn valid(_: &Seen) -> (u16, String) {
    (200, verdict("VALID", "continue"))
}
