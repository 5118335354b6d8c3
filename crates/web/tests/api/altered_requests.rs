//! K8.1: a signed request of which any one byte was changed is refused, and refusing it changes nothing.

use axum::http::{HeaderValue, Method, Uri};
use serde_json::json;
use testkit::{Signed, TestServer, on_server};

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

impl Part {
    /// Its place among the headers of a [`Signed`].
    const fn header(self) -> Option<usize> {
        match self {
            Self::Key => Some(0),
            Self::Timestamp => Some(1),
            Self::Nonce => Some(2),
            Self::Signature => Some(3),
            Self::Method | Self::Target | Self::Body => None,
        }
    }

    fn read(self, request: &Signed) -> Vec<u8> {
        match (self.header(), self) {
            (Some(at), _) => request.headers[at].1.clone().into_bytes(),
            (None, Self::Method) => request.method.as_str().as_bytes().to_vec(),
            (None, Self::Target) => request.target.clone().into_bytes(),
            (None, _) => request.body.clone(),
        }
    }

    /// The request with this part replaced; `None` where no HTTP message can carry it.
    fn write(self, request: &Signed, bytes: Vec<u8>) -> Option<Signed> {
        let mut altered = request.clone();
        match (self.header(), self) {
            (Some(at), _) => {
                HeaderValue::from_bytes(&bytes).ok()?;
                altered.headers[at].1 = String::from_utf8(bytes).ok()?;
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

/// Each byte flipped in each bit, left out, doubled, and with another before it; and one more at the end.
fn alterations(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in 0..bytes.len() {
        let mut with = |old: usize, new: &[u8]| all.push([&bytes[..at], new, &bytes[at + old..]].concat());
        (0..8).for_each(|bit| with(1, &[bytes[at] ^ (1 << bit)]));
        with(1, b"");
        with(0, &[bytes[at]]);
        with(0, b" ");
        with(0, b"0");
    }
    all.extend([b' ', b'0', b'A', b'='].map(|byte| [bytes, &[byte]].concat()));
    all.retain(|altered| altered != bytes);
    all
}

/// What refuses it. A target outside `/client` is no call of a program at all.
fn codes(part: Part, altered: &Signed) -> &'static [&'static str] {
    let path = altered.target.split('?').next().unwrap();
    let outside = path != "/client" && !path.starts_with("/client/");
    match part {
        Part::Key => &["API_KEY_UNKNOWN"],
        Part::Timestamp => &["SIGNATURE_INVALID", "TIMESTAMP_SKEWED"],
        Part::Target if outside => &["METHOD_NOT_ALLOWED"],
        Part::Method | Part::Target | Part::Body | Part::Nonce | Part::Signature => &["SIGNATURE_INVALID"],
    }
}

/// Sends it as it is: what is signed in the answer is another test's business.
async fn send(server: &TestServer, n: usize, request: &Signed) -> testkit::Answer {
    // Each from an address of its own: failures are counted by address, and that is not the question here.
    let [_, _, a, b] = u32::try_from(n).unwrap().to_be_bytes();
    let mut client = server.visitor().from([10, 1, a, b]);
    for (name, value) in &request.headers {
        client = client.with(name, value);
    }
    client.send(request.method.clone(), &request.target, Some(request.body.clone())).await
}

on_server! {
    async fn k8_1_every_single_byte_change_of_a_signed_request_is_refused(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let body = json!({"key": key, "device": {"id": "device-a", "name": "客厅"}}).to_string().into_bytes();
        let request = shop.program.request(Method::POST, "/client/v1/keys/verify", body);
        let (mut sent, mut cannot, mut wrong) = (0, 0, Vec::new());
        for part in PARTS {
            for bytes in alterations(&part.read(&request)) {
                let shown = String::from_utf8_lossy(&bytes).into_owned();
                let Some(altered) = part.write(&request, bytes) else {
                    cannot += 1;
                    continue;
                };
                let answer = send(server, sent, &altered).await;
                sent += 1;
                let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
                let status = answer.status.as_u16();
                if !codes(part, &altered).contains(&code.as_str()) || !matches!(status, 401 | 405) {
                    wrong.push(format!("{part:?} {shown:?}: {status} {}", answer.text().chars().take(100).collect::<String>()));
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {sent}:\n{}", wrong.len(), wrong.join("\n"));
        assert!(sent > 2_000 && cannot < sent / 8, "{sent} were sent, {cannot} fit into no HTTP message");
        // Other calls under the same signature.
        for (target, method) in [("/client/v1/keys/query", Method::POST), ("/client/v1/time", Method::GET), ("/client/v1/keys/verify?a=1", Method::POST)] {
            let altered = Signed { target: target.into(), method, ..request.clone() };
            send(server, sent, &altered).await.refused(401, "SIGNATURE_INVALID");
        }
        // None of them used up the nonce or touched the key: the real one is its first use.
        assert_eq!(shop.agent.get("/api/v1/keys?state=unused").await.ok(200)["items"].as_array().unwrap().len(), 1);
        let genuine = send(server, sent, &request).await.ok(200);
        assert_eq!((&genuine["code"], &genuine["key"]["first_use"]), (&json!("VALID"), &json!(true)));
        send(server, sent, &request).await.refused(401, "NONCE_REUSED");
    }
}
