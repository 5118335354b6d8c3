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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn k2_1_a_projects_key_and_secret_are_its_own_and_long_enough_not_to_be_guessed() {
        let random = Random::seeded(1);
        let keys: HashSet<String> = (0..100).map(|_| api_key(&random)).collect();
        assert!(keys.len() == 100 && keys.iter().all(|key| key.starts_with("pk_") && key.len() == 3 + 24));
        let secrets: HashSet<String> = (0..100).map(|_| secret(&random).to_string()).collect();
        assert!(secrets.len() == 100 && secrets.iter().all(|secret| secret.starts_with("sk_") && secret.len() == 3 + 43));
    }

    #[test]
    fn k8_1_what_is_sealed_is_what_the_public_key_and_the_program_belong_to() {
        let random = Random::seeded(2);
        let vault = Vault::new(&Zeroizing::new([7; 32]), random.clone());
        let (sealed, public) = response_pair(&vault, &random);
        let seed = vault.open(RESPONSE_SEED, &sealed).unwrap();
        assert!(Ed25519KeyPair::from_seed_and_public_key(&seed, &public).is_ok());
        assert!(vault.open(SECRET, &sealed).is_err(), "each is sealed for its own purpose");
        assert_eq!(vault.open(SECRET, &seal_secret(&vault, "sk_x")).unwrap().as_slice(), b"sk_x");
    }
}
