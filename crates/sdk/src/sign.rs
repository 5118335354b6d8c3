//! The two keys a client holds: the secret that signs requests (HMAC-SHA256) and the public key that
//! checks answers (Ed25519).
//!
//! Both signatures travel as `v1=…`. Reading one is strict: anything but the one spelling that the server
//! writes is refused, so that no two different headers mean the same signature.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use ring::{hmac, signature};

const VERSION: &str = "v1=";
const SIGNATURE_BYTES: usize = 64;

/// A project's secret, `sk_…`, ready to sign. Its text is not kept.
pub struct Secret(hmac::Key);

impl Secret {
    /// The secret's UTF-8 bytes are the HMAC key.
    pub fn new(text: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()))
    }

    /// The value of `Cuekey-Signature` for this canonical text.
    pub fn sign(&self, canonical: &str) -> String {
        let tag = hmac::sign(&self.0, canonical.as_bytes());
        format!("{VERSION}{}", HEXLOWER.encode(tag.as_ref()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// A project's public key for answers, shown in the console and built into the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseKey([u8; 32]);

impl ResponseKey {
    /// Reads the console's base64 text; `None` if it is not that of 32 bytes.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The key's 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Whether this key's owner signed the text.
    pub fn verifies(&self, canonical: &str, signature: &[u8; SIGNATURE_BYTES]) -> bool {
        signature::UnparsedPublicKey::new(&signature::ED25519, &self.0).verify(canonical.as_bytes(), signature).is_ok()
    }
}

/// Reads the value of `Cuekey-Response-Signature`: `v1=` and standard base64 with its padding and no
/// stray bits. `None` for every other spelling.
pub fn read_signature(header: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    STANDARD.decode(header.strip_prefix(VERSION)?).ok()?.try_into().ok()
}

/// The value of `Cuekey-Response-Signature` for these bytes.
#[cfg(feature = "testkit")]
pub(crate) fn write_signature(signature: &[u8]) -> String {
    format!("{VERSION}{}", STANDARD.encode(signature))
}
