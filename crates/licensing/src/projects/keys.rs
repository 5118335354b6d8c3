//! What a project's programs prove themselves by, and what they recognise the server by.

use kernel::Random;
use platform::vault::Vault;
use ring::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::model::{RESPONSE_SEED, SECRET};

/// Public, but not to be guessed: 24 characters of base64url, 144 bits.
pub fn api_key(random: &Random) -> String {
    random.secret::<18>("pk_")
}

/// 256 bits. The text itself is the key of the signature (contract, "Request authentication").
pub fn secret(random: &Random) -> Zeroizing<String> {
    Zeroizing::new(random.secret::<32>("sk_"))
}

pub fn seal_secret(vault: &Vault, secret: &str) -> Vec<u8> {
    vault.seal(SECRET, secret.as_bytes())
}

/// An Ed25519 pair: the seed, sealed, and the public key.
pub fn response_pair(vault: &Vault, random: &Random) -> (Vec<u8>, Vec<u8>) {
    let seed = Zeroizing::new(random.bytes::<32>());
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).expect("any 32 bytes are a seed");
    (vault.seal(RESPONSE_SEED, seed.as_ref()), pair.public_key().as_ref().to_vec())
}
