//! The texts that get signed, byte for byte as the client API's contract has them.
//!
//! Pure functions. Both texts start with a label of their own, so that a signature for one can never
//! pass for the other.

use data_encoding::HEXLOWER;
use ring::digest;

/// What a request's HMAC covers. `target` is path and query as in the request line, `body` the bytes as
/// sent, `timestamp` Unix seconds.
pub fn request(method: &str, target: &str, timestamp: i64, nonce: &str, body: &[u8]) -> String {
    let digest = sha256_hex(body);
    format!("cuekey-request-v1\n{method}\n{target}\n{timestamp}\n{nonce}\n{digest}")
}

/// What an answer's Ed25519 signature covers. `nonce` is the request's, `timestamp` Unix seconds.
pub fn response(nonce: &str, status: u16, timestamp: i64, body: &[u8]) -> String {
    let digest = sha256_hex(body);
    format!("cuekey-response-v1\n{nonce}\n{status:03}\n{timestamp}\n{digest}")
}

fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nonce() -> impl Strategy<Value = String> {
        "[A-Za-z0-9_-]{16,64}"
    }

    proptest! {
        #[test]
        fn k8_1_the_request_text_has_six_lines_that_give_its_parts_back(
            method in "GET|POST", target in "/[ -~]{0,40}", timestamp in any::<i64>(), nonce in nonce(),
            body in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let text = request(&method, &target, timestamp, &nonce, &body);
            let lines: Vec<&str> = text.split('\n').collect();
            let stamp = timestamp.to_string();
            prop_assert_eq!(&lines[..5], &["cuekey-request-v1", &*method, &*target, &*stamp, &*nonce]);
            prop_assert_eq!(lines.len(), 6);
            prop_assert!(lines[5].len() == 64 && lines[5].bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        }

        #[test]
        fn k8_1_different_answers_have_different_texts(
            a in (nonce(), 100_u16..1000, any::<i64>(), proptest::collection::vec(any::<u8>(), 0..40)),
            b in (nonce(), 100_u16..1000, any::<i64>(), proptest::collection::vec(any::<u8>(), 0..40)),
        ) {
            let text = |(nonce, status, at, body): &(String, u16, i64, Vec<u8>)| response(nonce, *status, *at, body);
            prop_assert_eq!(a == b, text(&a) == text(&b));
        }

        #[test]
        fn k8_1_no_request_text_is_an_answer_text(
            nonce in nonce(), at in any::<i64>(), body in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            prop_assert_ne!(request("GET", "/", at, &nonce, &body), response(&nonce, 200, at, &body));
        }
    }
}
