//! The contract's vectors, made by an independent implementation.

use cuekey_sdk::canonical;
use cuekey_sdk::envelope::Answer;
use cuekey_sdk::forge::Signer;
use cuekey_sdk::key_text;
use cuekey_sdk::sign::{ResponseKey, Secret, read_signature};
use serde::Deserialize;

const VECTORS: &str = include_str!("../client-vectors.json");

#[derive(Deserialize)]
pub struct Vectors {
    pub requests: Vec<Request>,
    pub response_public_key: String,
    response_private_seed_hex: String,
    pub responses: Vec<Response>,
}

#[derive(Deserialize)]
pub struct Request {
    method: String,
    target: String,
    timestamp: i64,
    nonce: String,
    body: String,
    secret: String,
    canonical: String,
    signature: String,
}

#[derive(Deserialize)]
pub struct Response {
    pub status: u16,
    pub timestamp: i64,
    pub request_nonce: String,
    pub body: String,
    canonical: String,
    pub signature: String,
}

impl Vectors {
    pub fn load() -> Self {
        serde_json::from_str(VECTORS).expect("the vectors are JSON of this form")
    }

    pub fn signer(&self) -> Signer {
        let seed = data_encoding::HEXLOWER.decode(self.response_private_seed_hex.as_bytes()).expect("a seed in hex");
        Signer::from_seed(&seed.try_into().expect("a seed of 32 bytes"))
    }

    pub fn key(&self) -> ResponseKey {
        ResponseKey::from_base64(&self.response_public_key).expect("a public key")
    }
}

impl Response {
    pub fn answer(&self) -> Answer {
        let headers = vec![
            ("Cuekey-Response-Timestamp".into(), self.timestamp.to_string().into_bytes()),
            ("Cuekey-Response-Signature".into(), self.signature.clone().into_bytes()),
        ];
        Answer { status: self.status, headers, body: self.body.clone().into_bytes() }
    }
}

#[test]
fn k8_1_requests_are_signed_as_the_contract_says() {
    let vectors = Vectors::load();
    assert_eq!(vectors.requests.len(), 4);
    for v in &vectors.requests {
        let text = canonical::request(&v.method, &v.target, v.timestamp, &v.nonce, v.body.as_bytes());
        assert_eq!(text, v.canonical);
        assert_eq!(Secret::new(&v.secret).sign(&text), v.signature);
    }
}

#[test]
fn k8_1_answers_are_checked_as_the_contract_says() {
    let vectors = Vectors::load();
    assert_eq!(vectors.responses.len(), 4);
    for v in &vectors.responses {
        let text = canonical::response(&v.request_nonce, v.status, v.timestamp, v.body.as_bytes());
        assert_eq!(text, v.canonical);
        assert!(vectors.key().verifies(&text, &read_signature(&v.signature).unwrap()));
        for now in [v.timestamp - 300, v.timestamp, v.timestamp + 300] {
            let believed = v.answer().authenticate(&vectors.key(), &v.request_nonce, now).unwrap();
            assert_eq!((believed.status(), believed.body()), (v.status, v.body.as_bytes()));
        }
        for now in [v.timestamp - 301, v.timestamp + 301] {
            assert!(v.answer().authenticate(&vectors.key(), &v.request_nonce, now).is_err());
        }
    }
}

#[test]
fn k8_1_the_kits_signer_signs_as_the_server_does() {
    let vectors = Vectors::load();
    assert_eq!(vectors.signer().public_key(), vectors.key());
    for v in &vectors.responses {
        let signature = vectors.signer().sign(&v.request_nonce, v.status, v.timestamp, v.body.as_bytes());
        assert_eq!(signature, v.signature);
    }
}

/// The copy in the repository is what other people's clients are written against.
#[test]
fn k8_1_the_copy_of_the_vectors_is_the_contracts() {
    let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/contract/client-vectors.json");
    match std::fs::read_to_string(contract) {
        Ok(original) => assert_eq!(original, VECTORS),
        Err(error) => println!("not compared, the contract is not beside this repository: {error}"),
    }
}

#[test]
fn k3_1b_keys_are_normalised_as_in_the_other_languages() {
    #[derive(Deserialize)]
    struct Row {
        typed: String,
        sent: String,
    }
    let rows: Vec<Row> = serde_json::from_str(include_str!("../key-text.json")).unwrap();
    for Row { typed, sent } in rows {
        assert_eq!(key_text::normalise(&typed), sent, "{typed:?}");
    }
}
