//! An authenticator app: RFC 6238 written down a second time, so that tests do not ask the server's own library.

use kernel::Timestamp;
use ring::hmac;

/// The six digits that an app shows at this time for a secret in base32.
///
/// # Panics
/// When the secret is not base32.
pub fn totp(secret: &str, at: Timestamp) -> String {
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).expect("a secret in base32");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &at.unix().div_euclid(30).to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0xf);
    let head: [u8; 4] = tag[offset..offset + 4].try_into().expect("four bytes");
    format!("{:06}", (u32::from_be_bytes(head) & 0x7fff_ffff) % 1_000_000)
}
