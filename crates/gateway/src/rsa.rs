//! RSA with SHA-256 and PKCS #1 v1.5 padding, as payment networks sign. The algorithm is fixed here: what a message says about it is not asked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{self, RsaKeyPair, UnparsedPublicKey};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

/// Ours, for what we send.
pub(crate) struct SigningKey(RsaKeyPair);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoKey;

impl SigningKey {
    /// PEM, or what stands between its first line and its last; PKCS #8 or PKCS #1.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let der = der(text)?;
        let pair = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).map_err(|_| NoKey)?;
        Ok(Self(pair))
    }

    /// In base64.
    pub fn sign(&self, message: &[u8]) -> String {
        let mut signature = vec![0; self.0.public().modulus_len()];
        // Randomness blinds the computation; the signature is the same each time.
        match self.0.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature) {
            Ok(()) => STANDARD.encode(signature),
            // Nobody believes an empty one: the request is refused, and asked again.
            Err(_) => String::new(),
        }
    }
}

/// A network's, for what it sends.
pub(crate) struct VerifyingKey(UnparsedPublicKey<Vec<u8>>);

impl VerifyingKey {
    /// PEM of a public key or a certificate, or what stands between its first line and its last.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let der = der(text)?;
        let key = match SubjectPublicKeyInfo::from_der(&der) {
            Ok(([], key)) => key.subject_public_key.data.to_vec(),
            _ => {
                let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| NoKey)?;
                certificate.public_key().subject_public_key.data.to_vec()
            }
        };
        // Whether it is an RSA key at all: ring says so only when it verifies.
        x509_parser::public_key::RSAPublicKey::from_der(&key).map_err(|_| NoKey)?;
        Ok(Self(UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key)))
    }

    /// `signature` is in base64.
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        STANDARD.decode(signature).is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

fn der(text: &str) -> Result<Vec<u8>, NoKey> {
    let body: String =
        text.lines().filter(|line| !line.starts_with("-----")).flat_map(|line| line.chars()).filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(body).map_err(|_| NoKey)
}
