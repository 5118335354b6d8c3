//! The baseline of a verification: an axum route that checks the same signature and signs an answer of the same length, and
//! does nothing else. A process of its own, as the product is. Where it is given a database, each request also has a transaction
//! there ([`crate::lone`]).

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use axum::serve::ListenerExt;
use ring::signature::{Ed25519KeyPair, KeyPair};
use ring::{digest, hmac};

use crate::clock::unix;
use crate::lone::Lone;

struct Keys {
    secret: hmac::Key,
    seed: Ed25519KeyPair,
    /// As long as the product's answer, with the word that the load looks for.
    body: Vec<u8>,
    lone: Option<Lone>,
}

/// Any will do: what it signs is as long as what the product signs.
const SEED: [u8; 32] = [7; 32];

fn signer() -> Option<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(&SEED).ok()
}

/// By which its answers are verified.
pub fn public_key() -> Vec<u8> {
    signer().map(|pair| pair.public_key().as_ref().to_vec()).unwrap_or_default()
}

/// Serves until it is killed.
pub async fn serve(listen: SocketAddr, secret: &str, length: usize, database: Option<&str>) -> Result<()> {
    let seed = signer().context("the seed")?;
    let mut body = b"{\"valid\":true,\"code\":\"VALID\",\"filler\":\"".to_vec();
    body.resize(length.saturating_sub(2).max(body.len()), b'x');
    body.extend_from_slice(b"\"}");
    let lone = match database {
        Some(url) => Some(Lone::open(url).await?),
        None => None,
    };
    let keys = Keys { secret: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), seed, body, lone };
    let router = Router::new().route("/client/v1/keys/verify", post(verify)).with_state(Arc::new(keys));
    let listener = tokio::net::TcpListener::bind(listen).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

async fn verify(State(keys): State<Arc<Keys>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (timestamp, nonce) = (text("cuekey-timestamp"), text("cuekey-nonce"));
    let hash = hex::encode(digest::digest(&digest::SHA256, &body));
    let canonical = format!("cuekey-request-v1\nPOST\n/client/v1/keys/verify\n{timestamp}\n{nonce}\n{hash}");
    let tag = text("cuekey-signature").strip_prefix("v1=").and_then(|tag| hex::decode(tag).ok()).unwrap_or_default();
    let mut response = Response::new(Body::empty());
    if hmac::verify(&keys.secret, canonical.as_bytes(), &tag).is_err() {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return response;
    }
    if let Some(lone) = &keys.lone
        && !matches!(lone.verify(nonce, &body).await, Ok(true))
    {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return response;
    }
    let now = unix().to_string();
    let hash = hex::encode(digest::digest(&digest::SHA256, &keys.body));
    let signature = keys.seed.sign(format!("cuekey-response-v1\n{nonce}\n200\n{now}\n{hash}").as_bytes());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put("cuekey-response-timestamp", &now);
    put("cuekey-response-signature", &format!("v1={}", data_encoding::BASE64.encode(signature.as_ref())));
    *response.body_mut() = Body::from(keys.body.clone());
    response
}
