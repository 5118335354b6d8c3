//! Keys of the stand-ins: see `keys/README.md`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{self, KeyPair as _, RsaKeyPair, UnparsedPublicKey};

/// A key pair of `keys/`.
pub(crate) struct Pair(RsaKeyPair);

impl Pair {
    /// # Panics
    /// When the file in the repository is no key.
    pub fn of(pem: &str) -> Self {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(body).expect("a key of the repository is base64");
        Self(RsaKeyPair::from_pkcs8(&der).expect("a key of the repository is a key"))
    }

    /// In base64.
    pub fn sign(&self, message: &[u8]) -> String {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("the key signs");
        STANDARD.encode(signature)
    }

    /// Whether the holder of this key has signed it.
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, self.0.public_key().as_ref());
        STANDARD.decode(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
    }
}
