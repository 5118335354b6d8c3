//! Secrets at rest: encrypted under the installation's master key, or hashed under it when they need only be compared.
//!
//! Each purpose has a key of its own, derived from the master key, so that a value sealed for one can never be opened as another.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use kernel::{Fault, Random};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{hkdf, hmac};
use zeroize::Zeroizing;

/// Names the key a value is protected under. A constant at each use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Purpose(pub &'static str);

const FORMAT: u8 = 1;

#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    master: hkdf::Prk,
    random: Random,
    sealing: RwLock<HashMap<Purpose, Arc<LessSafeKey>>>,
    hashing: RwLock<HashMap<Purpose, hmac::Key>>,
}

/// The value was not sealed for this purpose by this installation, or was altered.
#[derive(Debug, thiserror::Error)]
#[error("a sealed value cannot be opened: another master key, or an altered value")]
pub struct CannotOpen;

impl From<CannotOpen> for Fault {
    fn from(error: CannotOpen) -> Self {
        Self::internal(error)
    }
}

impl Vault {
    pub fn new(master: &Zeroizing<[u8; 32]>, random: Random) -> Self {
        let master = hkdf::Salt::new(hkdf::HKDF_SHA256, b"cuekey master key v1").extract(master.as_ref());
        Self { inner: Arc::new(Inner { master, random, sealing: RwLock::default(), hashing: RwLock::default() }) }
    }

    /// Encrypts (AES-256-GCM). 29 bytes longer than `plain`.
    pub fn seal(&self, purpose: Purpose, plain: &[u8]) -> Vec<u8> {
        let key = self.sealing_key(purpose);
        let nonce = self.inner.random.bytes::<NONCE_LEN>();
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let start = 1 + NONCE_LEN;
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.0), &mut sealed[start..])
            .expect("AES-GCM seals anything shorter than 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    pub fn open(&self, purpose: Purpose, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
        let (&format, rest) = sealed.split_first().ok_or(CannotOpen)?;
        if format != FORMAT || rest.len() < NONCE_LEN {
            return Err(CannotOpen);
        }
        let (nonce, body) = rest.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self.sealing_key(purpose).open_in_place(nonce, Aad::from(purpose.0), &mut body).map_err(|_| CannotOpen)?.len();
        body.truncate(length);
        Ok(body)
    }

    pub fn open_text(&self, purpose: Purpose, sealed: &[u8]) -> Result<Zeroizing<String>, CannotOpen> {
        let plain = self.open(purpose, sealed)?;
        std::str::from_utf8(&plain).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| CannotOpen)
    }

    /// A keyed hash (HMAC-SHA256): equal values can be found without being held.
    pub fn hash(&self, purpose: Purpose, value: &[u8]) -> [u8; 32] {
        let known = self.inner.hashing.read().unwrap_or_else(PoisonError::into_inner).get(&purpose).cloned();
        let key = known.unwrap_or_else(|| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, self.derive("hash", purpose).as_ref());
            self.inner.hashing.write().unwrap_or_else(PoisonError::into_inner).insert(purpose, key.clone());
            key
        });
        let tag = hmac::sign(&key, value);
        tag.as_ref().try_into().expect("SHA-256 has 32 bytes")
    }

    /// The key that this master key gives for hashing for a purpose: to be kept where what was hashed cannot be hashed anew.
    pub(crate) fn hashing_key(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        self.derive("hash", purpose)
    }

    /// From now on hashes for this purpose by a key that was kept.
    pub(crate) fn hash_by(&self, purpose: Purpose, key: &[u8]) {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        self.inner.hashing.write().unwrap_or_else(PoisonError::into_inner).insert(purpose, key);
    }

    /// Whether this has the form of a sealed value: for telling one from another text.
    pub(crate) fn is_sealed(value: &[u8]) -> bool {
        value.first() == Some(&FORMAT) && value.len() > NONCE_LEN + AES_256_GCM.tag_len()
    }

    fn sealing_key(&self, purpose: Purpose) -> Arc<LessSafeKey> {
        if let Some(key) = self.inner.sealing.read().unwrap_or_else(PoisonError::into_inner).get(&purpose) {
            return Arc::clone(key);
        }
        let key = UnboundKey::new(&AES_256_GCM, self.derive("seal", purpose).as_ref()).expect("32 bytes are a key");
        let key = Arc::new(LessSafeKey::new(key));
        self.inner.sealing.write().unwrap_or_else(PoisonError::into_inner).insert(purpose, Arc::clone(&key));
        key
    }

    fn derive(&self, use_: &str, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let info = [use_.as_bytes(), b" ", purpose.0.as_bytes()];
        let material = self.inner.master.expand(&info, hkdf::HKDF_SHA256).expect("32 bytes can be derived");
        material.fill(key.as_mut()).expect("32 bytes can be derived");
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vault() -> Vault {
        Vault::new(&Zeroizing::new([7; 32]), Random::seeded(1))
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_again_and_only_unaltered(plain: Vec<u8>, at: usize, bit in 0_u8..8) {
            let sealed = vault().seal(Purpose("a"), &plain);
            prop_assert_eq!(vault().open(Purpose("a"), &sealed).unwrap().to_vec(), plain);
            prop_assert!(vault().open(Purpose("b"), &sealed).is_err());
            let mut altered = sealed.clone();
            let at = at % altered.len();
            altered[at] ^= 1 << bit;
            prop_assert!(vault().open(Purpose("a"), &altered).is_err());
            prop_assert!(vault().open(Purpose("a"), &sealed[..at]).is_err());
        }
    }

    #[test]
    fn text_opens_as_it_was_sealed_and_bytes_that_are_no_text_do_not() {
        let (vault, purpose) = (vault(), Purpose("a"));
        for text in ["", "x", "密钥 key"] {
            let sealed = vault.seal(purpose, text.as_bytes());
            assert_eq!(vault.open_text(purpose, &sealed).unwrap().as_str(), text);
            assert!(vault.open_text(Purpose("b"), &sealed).is_err());
        }
        assert!(vault.open_text(purpose, &vault.seal(purpose, &[0xe5, 0xaf])).is_err(), "half a character");
    }

    #[test]
    fn what_is_too_short_to_have_been_sealed_does_not_open() {
        let sealed = vault().seal(Purpose("a"), b"");
        assert_eq!(sealed.len(), 29);
        for length in 0..sealed.len() {
            assert!(vault().open(Purpose("a"), &sealed[..length]).is_err(), "{length}");
        }
        assert!(vault().open(Purpose("a"), &sealed).unwrap().is_empty());
    }

    #[test]
    fn another_installation_hashes_and_opens_differently() {
        let other = Vault::new(&Zeroizing::new([8; 32]), Random::seeded(1));
        assert_ne!(vault().hash(Purpose("a"), b"x"), other.hash(Purpose("a"), b"x"));
        assert_ne!(vault().hash(Purpose("a"), b"x"), vault().hash(Purpose("b"), b"x"));
        assert!(other.open(Purpose("a"), &vault().seal(Purpose("a"), b"x")).is_err());
    }
}
