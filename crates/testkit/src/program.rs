//! A program that holds a project's API key: signs its requests, and checks the signature of every answer.

use axum::http::Method;
use ring::{digest, hmac, signature};
use serde_json::{Value, json};

use crate::{Answer, Client, TestServer};

/// A project as its author holds it.
#[derive(Clone)]
pub struct Program {
    client: Client,
    pub project: String,
    pub api_key: String,
    pub secret: String,
    pub public_key: Vec<u8>,
    clock: kernel::Clock,
    random: kernel::Random,
}

/// What a request is made of; each part can be bent.
#[derive(Clone)]
pub struct Signed {
    pub method: Method,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub nonce: String,
    pub body: Vec<u8>,
}

impl Program {
    /// From what `POST /projects` answered.
    pub fn new(server: &TestServer, created: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let public = text(&created["project"]["response_public_key"]);
        Self {
            client: server.visitor(),
            project: text(&created["project"]["id"]),
            api_key: text(&created["project"]["api_key"]),
            secret: text(&created["secret"]),
            public_key: data_encoding::BASE64.decode(public.as_bytes()).expect("base64"),
            clock: server.clock.clone(),
            random: server.platform.random.clone(),
        }
    }

    /// The same program from another address.
    pub fn from(&self, address: [u8; 4]) -> Self {
        Self { client: self.client.from(address), ..self.clone() }
    }

    /// The same program from an address of IPv6, all of its bits.
    pub fn from_v6(&self, address: u128) -> Self {
        Self { client: self.client.from_v6(address), ..self.clone() }
    }

    /// The same program, calling another process.
    pub fn at(&self, server: &TestServer) -> Self {
        Self { client: server.visitor(), clock: server.clock.clone(), ..self.clone() }
    }

    /// A signed request, not sent yet.
    pub fn request(&self, method: Method, target: &str, body: Vec<u8>) -> Signed {
        self.request_with(method, target, body, self.clock.now().unix(), &self.random.secret::<15>(""))
    }

    pub fn request_with(&self, method: Method, target: &str, body: Vec<u8>, timestamp: i64, nonce: &str) -> Signed {
        let hash = hex::encode(digest::digest(&digest::SHA256, &body));
        let canonical = format!("cuekey-request-v1\n{method}\n{target}\n{timestamp}\n{nonce}\n{hash}");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes()), canonical.as_bytes());
        let headers = [
            ("Cuekey-Key", self.api_key.clone()),
            ("Cuekey-Timestamp", timestamp.to_string()),
            ("Cuekey-Nonce", nonce.to_owned()),
            ("Cuekey-Signature", format!("v1={}", hex::encode(tag))),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Signed { method, target: target.to_owned(), headers, nonce: nonce.to_owned(), body }
    }

    /// Sends it. The answer must be signed, unless the key was not known.
    #[track_caller]
    pub fn send(&self, request: Signed) -> impl Future<Output = Answer> + Send + use<> {
        let mut client = self.client.clone();
        let public = self.public_key.clone();
        async move {
            for (name, value) in &request.headers {
                client = client.with(name, value);
            }
            let body = if request.method == Method::GET { None } else { Some(request.body) };
            let answer = client.send(request.method, &request.target, body).await;
            let unknown = answer.json()["code"] == "API_KEY_UNKNOWN";
            assert_eq!(signed(&public, &request.nonce, &answer), !unknown, "the signature of {}", answer.text());
            answer
        }
    }

    pub async fn verify(&self, key: &str, device: &str) -> Answer {
        let body = json!({"key": key, "device": {"id": device, "name": format!("name of {device}")}});
        self.send(self.request(Method::POST, "/client/v1/keys/verify", body.to_string().into_bytes())).await
    }

    /// The verdict's code.
    pub async fn code(&self, key: &str, device: &str) -> String {
        let answer = self.verify(key, device).await.ok(200);
        assert_eq!(answer["valid"], answer["code"] == "VALID", "{answer}");
        answer["code"].as_str().unwrap_or_default().to_owned()
    }

    pub async fn query(&self, key: &str) -> Answer {
        let body = json!({"key": key});
        self.send(self.request(Method::POST, "/client/v1/keys/query", body.to_string().into_bytes())).await
    }
}

/// Whether an answer carries the project's signature over this request's nonce.
pub fn signed(public: &[u8], nonce: &str, answer: &Answer) -> bool {
    let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(timestamp), Some(sent)) = (header("cuekey-response-timestamp"), header("cuekey-response-signature")) else { return false };
    let hash = hex::encode(digest::digest(&digest::SHA256, &answer.bytes));
    let canonical = format!("cuekey-response-v1\n{nonce}\n{}\n{timestamp}\n{hash}", answer.status.as_u16());
    let Some(sent) = sent.strip_prefix("v1=").and_then(|text| data_encoding::BASE64.decode(text.as_bytes()).ok()) else { return false };
    signature::UnparsedPublicKey::new(&signature::ED25519, public).verify(canonical.as_bytes(), &sent).is_ok()
}
