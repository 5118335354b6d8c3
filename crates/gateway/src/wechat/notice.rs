//! Notices: verified, decrypted, and read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platform::payments::{NotBelieved, Notice, PayProblemCode, Problem, Received, RefundStanding};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::words::{Identity, RefundNotice, Transaction};

#[derive(Deserialize)]
struct Envelope {
    id: String,
    event_type: String,
    resource: Resource,
}

#[derive(Deserialize)]
struct Resource {
    algorithm: String,
    ciphertext: String,
    #[serde(default)]
    associated_data: Option<String>,
    nonce: String,
}

/// What a verified notice says.
pub(super) fn read(body: &[u8], key: &Zeroizing<String>, own: &Identity) -> Result<Received, NotBelieved> {
    let not = |why: &str| NotBelieved(why.to_owned());
    let envelope: Envelope = serde_json::from_slice(body).map_err(|error| NotBelieved(format!("its body: {error}")))?;
    let plain = open(&envelope.resource, key).ok_or_else(|| not("it cannot be decrypted"))?;
    let text = std::str::from_utf8(&plain).map_err(|_| not("it is no text"))?;
    let notice = match envelope.event_type.as_str() {
        "TRANSACTION.SUCCESS" => {
            let transaction: Transaction = serde_json::from_str(text).map_err(|error| NotBelieved(format!("a payment: {error}")))?;
            let paid =
                transaction.paid(own).map_err(|problem| NotBelieved(problem.to_string()))?.ok_or_else(|| not("a success that is none"))?;
            Notice::Paid(paid)
        }
        event if event.starts_with("REFUND.") => {
            let refund: RefundNotice = serde_json::from_str(text).map_err(|error| NotBelieved(format!("a refund: {error}")))?;
            if refund.mchid != own.merchant_id {
                return Err(not("another merchant's"));
            }
            let standing = match refund.refund_status.as_str() {
                "SUCCESS" => RefundStanding::Done { channel_no: refund.refund_id },
                other => RefundStanding::Failed(Problem::saying(PayProblemCode::Failed, other)),
            };
            Notice::Refund { refund_number: refund.out_refund_no, standing }
        }
        other => Notice::Other(other.to_owned()),
    };
    Ok(Received { id: envelope.id, notice })
}

fn open(resource: &Resource, key: &Zeroizing<String>) -> Option<Zeroizing<Vec<u8>>> {
    if resource.algorithm != "AEAD_AES_256_GCM" {
        return None;
    }
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(resource.nonce.as_bytes()).ok()?;
    let mut text = Zeroizing::new(STANDARD.decode(&resource.ciphertext).ok()?);
    let aad = Aad::from(resource.associated_data.as_deref().unwrap_or_default().as_bytes());
    let length = key.open_in_place(nonce, aad, &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}
