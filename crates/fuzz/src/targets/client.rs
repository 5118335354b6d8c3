//! What programs send: keys, times, nonces, and what a signature covers.

use kernel::Timestamp;
use licensing::client::admit::{WINDOW, is_nonce, parse_timestamp};
use licensing::client::project::{request_canonical, response_canonical};
use licensing::keys::KeyText;

use crate::{parts, text};

const NOW: Timestamp = Timestamp::from_unix(1_700_000_000);

pub const KEY_TEXTS: &[&str] =
    &["00000-00000-00000-00000-1Y69H", "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZJMEN", "14D2P-F2DBS-QQG28-T5CY4-T6RS2", " 14d2pf2dbsqqg28t5cy4t6rs2 "];

/// A key has one text, whatever was typed; its bytes, its text and its hint are those of one key.
pub fn key_texts(input: &[u8]) {
    let typed = text(input);
    if let Some(key) = KeyText::parse(&typed) {
        let shown = key.to_string();
        assert_eq!(KeyText::parse(&shown), Some(key));
        assert_eq!(KeyText::from_bytes(&key.to_bytes()), Some(key));
        assert!(shown.ends_with(&key.hint()) && shown.len() == 29);
        // Nothing was read into it: what was typed is the key's own characters, in their order.
        let letters = |text: &str| text.chars().filter(|c| !(*c == '-' || c.is_whitespace())).collect::<String>();
        let plain = letters(&typed).to_ascii_uppercase().replace('O', "0").replace(['I', 'L'], "1");
        assert_eq!(plain, letters(&shown));
    }
    if let Some(key) = KeyText::from_bytes(input) {
        assert_eq!(key.to_bytes().as_slice(), input);
    }
}

pub const CANONICAL_REQUESTS: &[&str] = &[
    "POST\u{1e}/client/v1/keys/verify?a=b\u{1e}1700000000\u{1e}0123456789abcdef\u{1e}{\"key\":\"x\"}",
    "GET\u{1e}/client/v1/time\u{1e}1\u{1e}n\u{1e}",
];

/// The texts of two requests that differ anywhere differ, and none is an answer's: a signature is good for one request.
pub fn canonical_requests(input: &[u8]) {
    // The second is the first with a bit flipped, or with two bytes swapped, which moves a border.
    let mut other = input.to_vec();
    if let Some(place) = input.first().map(|byte| usize::from(*byte) % input.len()) {
        if place % 2 == 0 || place + 1 == other.len() { other[place] ^= 1 } else { other.swap(place, place + 1) }
    }
    let (one, two) = (Request::read(input), Request::read(&other));
    assert_eq!(one.canonical() == two.canonical(), one == two, "{one:?} {two:?}");
    let answer = |nonce: &str| response_canonical(nonce, 200, &one.timestamp, one.body);
    assert!(answer(&one.nonce) != one.canonical() && answer(&one.nonce) != two.canonical());
    assert_eq!(answer(&one.nonce) == answer(&two.nonce), one.nonce == two.nonce);
}

#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    method: String,
    target: String,
    timestamp: String,
    nonce: String,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    /// With what HTTP can carry in a method, a path and query, or a header's value: nothing that ends a line.
    fn read(bytes: &'a [u8]) -> Self {
        let [method, target, timestamp, nonce, body] = parts::<5>(bytes);
        let line = |bytes: &[u8]| text(bytes).chars().filter(|c| !c.is_control()).collect::<String>();
        Self { method: line(method), target: line(target), timestamp: line(timestamp), nonce: line(nonce), body }
    }

    fn canonical(&self) -> String {
        request_canonical(&self.method, &self.target, &self.timestamp, &self.nonce, self.body)
    }
}

pub const TIMES_AND_NONCES: &[&str] = &["1700000000", "1700000300", "1699999700", "0123456789abcdef", "+1700000000", "999999999999"];

/// A time passes within the window only, and a nonce is what the contract says.
pub fn times_and_nonces(input: &[u8]) {
    let text = text(input);
    if let Some(at) = parse_timestamp(&text, NOW) {
        assert!((at - NOW.unix()).abs() <= WINDOW && text.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(text.trim_start_matches('0'), at.to_string());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    assert_eq!(is_nonce(&text), (16..=64).contains(&text.chars().count()) && text.chars().all(allowed));
}
