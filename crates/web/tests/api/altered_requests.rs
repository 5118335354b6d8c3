//! K8.1: a signed request of which any one byte was changed, or any two neighbours, is refused, and refusing it changes nothing.

use axum::http::{HeaderValue, Method, Uri};
use serde_json::json;
use testkit::{Answer, Client, Engine, Signed, TestServer, on_server};

use crate::support::shop;

/// The parts of a request that a signature covers, the signature itself, and the key that says whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Method,
    Target,
    Body,
    Key,
    Timestamp,
    Nonce,
    Signature,
}

const PARTS: [Part; 7] = [Part::Method, Part::Target, Part::Body, Part::Key, Part::Timestamp, Part::Nonce, Part::Signature];

/// A request as it is sent: what is in a header need not be a text.
#[derive(Clone)]
struct Sent {
    method: Method,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl From<Signed> for Sent {
    fn from(Signed { method, target, headers, body, .. }: Signed) -> Self {
        Self { method, target, headers: headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(), body }
    }
}

impl Part {
    /// Its place among the headers.
    const fn header(self) -> Option<usize> {
        match self {
            Self::Key => Some(0),
            Self::Timestamp => Some(1),
            Self::Nonce => Some(2),
            Self::Signature => Some(3),
            Self::Method | Self::Target | Self::Body => None,
        }
    }

    fn read(self, request: &Sent) -> Vec<u8> {
        match (self.header(), self) {
            (Some(at), _) => request.headers[at].1.clone(),
            (None, Self::Method) => request.method.as_str().as_bytes().to_vec(),
            (None, Self::Target) => request.target.clone().into_bytes(),
            (None, _) => request.body.clone(),
        }
    }

    /// The request with this part replaced; `None` where no HTTP message can carry it.
    fn write(self, request: &Sent, bytes: Vec<u8>) -> Option<Sent> {
        let mut altered = request.clone();
        match (self.header(), self) {
            (Some(at), _) => {
                HeaderValue::from_bytes(&bytes).ok()?;
                altered.headers[at].1 = bytes;
            }
            (None, Self::Method) => altered.method = Method::from_bytes(&bytes).ok()?,
            (None, Self::Target) => {
                let target = String::from_utf8(bytes).ok()?;
                target.parse::<Uri>().ok()?.path_and_query()?;
                altered.target = target;
            }
            (None, _) => altered.body = bytes,
        }
        Some(altered)
    }
}

/// Each byte flipped in each bit, left out, doubled, and with another before it; each two neighbours exchanged; and one more at the end.
fn alterations(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in 0..bytes.len() {
        let mut with = |old: usize, new: &[u8]| all.push([&bytes[..at], new, &bytes[at + old..]].concat());
        (0..8).for_each(|bit| with(1, &[bytes[at] ^ (1 << bit)]));
        with(1, b"");
        with(0, &[bytes[at]]);
        with(0, b" ");
        with(0, b"0");
        if let [first, second, ..] = bytes[at..] {
            with(2, &[second, first]);
        }
    }
    all.extend([b' ', b'0', b'A', b'='].map(|byte| [bytes, &[byte]].concat()));
    all.retain(|altered| altered != bytes);
    all
}

/// Each byte replaced by each of the 255 others.
fn replacements(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let others = move |at: usize| (0..=u8::MAX).filter(move |byte| *byte != bytes[at]).map(move |byte| (at, byte));
    (0..bytes.len()).flat_map(others).map(move |(at, byte)| {
        let mut altered = bytes.to_vec();
        altered[at] = byte;
        altered
    })
}

/// What refuses it. A target outside `/client` is no call of a program at all.
fn codes(part: Part, altered: &Sent) -> &'static [&'static str] {
    let target: Uri = altered.target.parse().unwrap();
    let outside = target.path() != "/client" && !target.path().starts_with("/client/");
    match part {
        Part::Key => &["API_KEY_UNKNOWN"],
        Part::Timestamp => &["SIGNATURE_INVALID", "TIMESTAMP_SKEWED"],
        Part::Target if outside => &["METHOD_NOT_ALLOWED"],
        Part::Method | Part::Target | Part::Body | Part::Nonce | Part::Signature => &["SIGNATURE_INVALID"],
    }
}

/// Whoever sends it: each from an address of its own, since failures are counted by address, and that is not the question here.
fn sender(server: &TestServer, n: usize, request: &Sent) -> Client {
    let [_, _, a, b] = u32::try_from(n).unwrap().to_be_bytes();
    let client = server.visitor().from([10, 1, a, b]);
    request.headers.iter().fold(client, |client, (name, value)| client.with_bytes(name, value))
}

/// Sends it as it is: what is signed in the answer is another test's business.
async fn send(server: &TestServer, n: usize, request: &Sent) -> Answer {
    sender(server, n, request).send(request.method.clone(), &request.target, Some(request.body.clone())).await
}

/// What is wrong with how it was refused.
fn wrong(part: Part, altered: &Sent, answer: &Answer) -> Option<String> {
    let (status, body) = (answer.status.as_u16(), answer.json());
    let refused = codes(part, altered).contains(&body["code"].as_str().unwrap_or_default()) && matches!(status, 401 | 405);
    let shown = String::from_utf8_lossy(&part.read(altered)).into_owned();
    (!refused).then(|| format!("{part:?} {shown:?}: {status} {}", answer.text().chars().take(100).collect::<String>()))
}

on_server! {
    async fn k8_1_every_change_of_a_byte_or_two_of_a_signed_request_is_refused(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let body = json!({"key": key, "device": {"id": "device-a", "name": "客厅"}}).to_string().into_bytes();
        let request = Sent::from(shop.program.request(Method::POST, "/client/v1/keys/verify", body));
        let (mut sent, mut cannot, mut taken) = (0, 0, Vec::new());
        for part in PARTS {
            for bytes in alterations(&part.read(&request)) {
                let Some(altered) = part.write(&request, bytes) else {
                    cannot += 1;
                    continue;
                };
                let answer = send(server, sent, &altered).await;
                sent += 1;
                taken.extend(wrong(part, &altered, &answer));
            }
        }
        assert!(taken.is_empty(), "{} of {sent}:\n{}", taken.len(), taken.join("\n"));
        assert!(sent > 2_000 && cannot < sent / 8, "{sent} were sent, {cannot} fit into no HTTP message");
        // Other calls under the same signature.
        for (target, method) in [("/client/v1/keys/query", Method::POST), ("/client/v1/time", Method::GET), ("/client/v1/keys/verify?a=1", Method::POST)] {
            let altered = Sent { target: target.into(), method, ..request.clone() };
            send(server, sent, &altered).await.refused(401, "SIGNATURE_INVALID");
        }
        // None of them used up the nonce or touched the key: the real one is its first use.
        assert_eq!(shop.agent.get("/api/v1/keys?state=unused").await.ok(200)["items"].as_array().unwrap().len(), 1);
        let genuine = send(server, sent, &request).await.ok(200);
        assert_eq!((&genuine["code"], &genuine["key"]["first_use"]), (&json!("VALID"), &json!(true)));
        send(server, sent, &request).await.refused(401, "NONCE_REUSED");
    }
}

/// All of them, many at a time. On one database: they are refused before any is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k8_1_whichever_byte_of_a_signed_request_is_whichever_other_it_is_refused() {
    let server = &TestServer::start(Engine::Sqlite).await;
    let shop = shop(server).await;
    let key = shop.key().await;
    let body = json!({"key": key, "device": {"id": "a"}}).to_string().into_bytes();
    let request = Sent::from(shop.program.request(Method::POST, "/client/v1/keys/verify", body));
    let (mut sent, mut cannot, mut taken) = (0, 0, Vec::new());
    for part in PARTS {
        let all: Vec<_> = replacements(&part.read(&request)).collect();
        assert_eq!(all.len(), part.read(&request).len() * 255);
        for some in all.chunks(64) {
            let mut waiting = Vec::new();
            for bytes in some {
                let Some(altered) = part.write(&request, bytes.clone()) else {
                    cannot += 1;
                    continue;
                };
                let client = sender(server, sent, &altered);
                sent += 1;
                waiting.push(tokio::spawn(async move {
                    let answer = client.send(altered.method.clone(), &altered.target, Some(altered.body.clone())).await;
                    wrong(part, &altered, &answer)
                }));
            }
            for one in waiting {
                taken.extend(one.await.unwrap());
            }
        }
    }
    assert!(taken.is_empty(), "{} of {sent}:\n{}", taken.len(), taken.join("\n"));
    // Control characters fit into no header, and into a target much else does not. Those are tried at the door itself (`licensing::client`).
    assert!(sent > 3 * cannot, "{sent} were sent, {cannot} fit into no HTTP message");
    let genuine = send(server, sent, &request).await.ok(200);
    assert_eq!((&genuine["code"], &genuine["key"]["first_use"]), (&json!("VALID"), &json!(true)));
    server.check().await;
}
