//! The ways to alter an answer, one function for each part of it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

use super::{Forged, Genuine, Signer};
use crate::envelope::{Answer, SIGNATURE_HEADER, TIMESTAMP_HEADER, WINDOW_SECONDS};

/// What was done to a genuine answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alteration {
    BodyByte,
    BodyTruncated,
    BodyExtended,
    BodyCase,
    Status,
    TimestampByte,
    TimestampSpelling,
    SignatureByte,
    SignatureCase,
    SignatureVersion,
    SignatureSpelling,
    OtherNonce,
    OldTime,
    FutureTime,
    OtherProjectKey,
    HeaderMissing,
    HeaderRepeated,
    HeadersSwapped,
}

impl Alteration {
    /// Every one, in the order of declaration.
    pub const ALL: [Self; 18] = [
        Self::BodyByte,
        Self::BodyTruncated,
        Self::BodyExtended,
        Self::BodyCase,
        Self::Status,
        Self::TimestampByte,
        Self::TimestampSpelling,
        Self::SignatureByte,
        Self::SignatureCase,
        Self::SignatureVersion,
        Self::SignatureSpelling,
        Self::OtherNonce,
        Self::OldTime,
        Self::FutureTime,
        Self::OtherProjectKey,
        Self::HeaderMissing,
        Self::HeaderRepeated,
        Self::HeadersSwapped,
    ];
}

/// What can be altered of an answer, and of how it is presented, each without regard to the others. What adds and takes whole headers is left out:
/// there is nothing left of them to be altered then.
const PARTS: [&[Alteration]; 6] = [
    &[Alteration::BodyByte, Alteration::BodyTruncated, Alteration::BodyExtended, Alteration::BodyCase],
    &[Alteration::Status],
    &[Alteration::TimestampByte, Alteration::TimestampSpelling],
    &[
        Alteration::SignatureByte,
        Alteration::SignatureCase,
        Alteration::SignatureVersion,
        Alteration::SignatureSpelling,
        Alteration::OtherProjectKey,
    ],
    &[Alteration::OtherNonce],
    &[Alteration::OldTime, Alteration::FutureTime],
];

/// One altered answer; now and then one that came out as it was. One in twenty is altered in one way alone: of these there are some ten thousand to each
/// genuine answer. The others are altered in three to five parts, of which one gives its name.
pub(super) fn draw(genuine: &Genuine, stranger: &Signer, random: &mut ChaCha8Rng) -> Forged {
    let drawn = if below(random, 20) == 0 { vec![pick(random, &Alteration::ALL)] } else { several(random) };
    let alteration = pick(random, &drawn);
    let mut forged = Forged { alteration, nonce: genuine.nonce.clone(), now: genuine.now, answer: genuine.answer.clone() };
    for alteration in drawn {
        alter(&mut forged, alteration, genuine, stranger, random);
    }
    forged
}

/// One alteration each of three to five parts, in the order of the parts.
fn several(random: &mut ChaCha8Rng) -> Vec<Alteration> {
    let (mut wanted, mut left) = (3 + below(random, 3), PARTS.len());
    let mut drawn = Vec::new();
    for part in PARTS {
        if below(random, left) < wanted {
            drawn.push(pick(random, part));
            wanted -= 1;
        }
        left -= 1;
    }
    drawn
}

fn alter(forged: &mut Forged, alteration: Alteration, genuine: &Genuine, stranger: &Signer, random: &mut ChaCha8Rng) {
    let answer = &mut forged.answer;
    match alteration {
        Alteration::BodyByte => change_byte(&mut answer.body, random),
        Alteration::BodyTruncated => truncate(&mut answer.body, random),
        Alteration::BodyExtended => extend(&mut answer.body, random),
        Alteration::BodyCase => change_case(&mut answer.body, random),
        Alteration::Status => answer.status = pick_status(random),
        Alteration::TimestampByte => change_byte(value(answer, TIMESTAMP_HEADER), random),
        Alteration::TimestampSpelling => respell_timestamp(value(answer, TIMESTAMP_HEADER), random),
        Alteration::SignatureByte => change_byte(value(answer, SIGNATURE_HEADER), random),
        Alteration::SignatureCase => change_case(value(answer, SIGNATURE_HEADER), random),
        Alteration::SignatureVersion => change_version(value(answer, SIGNATURE_HEADER), random),
        Alteration::SignatureSpelling => respell_signature(value(answer, SIGNATURE_HEADER), random),
        Alteration::OtherNonce => forged.nonce = other_nonce(&genuine.nonce, random),
        Alteration::OldTime => forged.now += beyond_window(random),
        Alteration::FutureTime => forged.now -= beyond_window(random),
        Alteration::OtherProjectKey => sign_as(stranger, &genuine.nonce, answer),
        Alteration::HeaderMissing => drop_headers(answer, random),
        Alteration::HeaderRepeated => repeat_header(answer, random),
        Alteration::HeadersSwapped => swap_headers(answer),
    }
}

fn below(random: &mut ChaCha8Rng, limit: usize) -> usize {
    (random.next_u64() % limit.max(1) as u64) as usize
}

fn pick<T: Copy>(random: &mut ChaCha8Rng, from: &[T]) -> T {
    from[below(random, from.len())]
}

fn value<'a>(answer: &'a mut Answer, header: &str) -> &'a mut Vec<u8> {
    let found = answer.headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(header));
    &mut found.expect("a genuine answer has both headers").1
}

fn change_byte(bytes: &mut [u8], random: &mut ChaCha8Rng) {
    let at = below(random, bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << below(random, 8);
    }
}

fn change_case(bytes: &mut [u8], random: &mut ChaCha8Rng) {
    let at = below(random, bytes.len());
    match below(random, 4) {
        0 => bytes.make_ascii_uppercase(),
        1 => bytes.make_ascii_lowercase(),
        _ => {
            if let Some(letter) = bytes.iter_mut().skip(at).find(|byte| byte.is_ascii_alphabetic()) {
                *letter ^= 0x20;
            }
        }
    }
}

fn truncate(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let keep = below(random, body.len());
    if below(random, 2) == 0 {
        body.truncate(keep);
    } else {
        body.drain(..body.len() - keep);
    }
}

fn extend(body: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let more: &[u8] = pick(random, &[b"\n", b" ", b"\0", b"{}", br#"{"valid":true,"code":"VALID"}"#, b"\xef\xbb\xbf"]);
    let at = pick(random, &[0, body.len()]);
    body.splice(at..at, more.iter().copied());
}

fn pick_status(random: &mut ChaCha8Rng) -> u16 {
    let any = 200 + below(random, 400) as u16;
    pick(random, &[200, 201, 204, 401, 403, 404, 429, 500, any])
}

fn respell_timestamp(value: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let text = String::from_utf8_lossy(value).into_owned();
    *value = match below(random, 8) {
        0 => format!("0{text}"),
        1 => format!("+{text}"),
        2 => format!("{text}.0"),
        3 => format!("-{text}"),
        4 => format!("{text}, {text}"),
        5 => format!("0x{text}"),
        6 => text.chars().map(|digit| char::from_u32(u32::from(digit) + 0xfee0).unwrap_or(digit)).collect(),
        _ => String::new(),
    }
    .into_bytes();
}

fn change_version(value: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let versions: &[&[u8]] = &[b"", b"v2=", b"v0=", b"V1=", b"v1", b"v1:", b"v1==", b"=", b"v1=v1=", b"v11=", b"v1,"];
    let version = pick(random, versions);
    value.splice(..3, version.iter().copied());
}

/// Other texts from which a lax base64 decoder reads the same 64 bytes, and a few that nobody should read.
fn respell_signature(value: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let text = String::from_utf8_lossy(value).into_owned();
    let bare = text.trim_end_matches('=');
    let at = 3 + below(random, bare.len() - 3);
    *value = match below(random, 9) {
        0 => bare.to_owned(),
        1 => format!("{bare}="),
        2 => format!("{text}="),
        3 => text.replacen('+', "-", text.len()).replace('/', "_"),
        4 => format!("{} {}", &text[..at], &text[at..]),
        5 => format!("{}={}", &text[..at], &text[at..]),
        6 => stray_bits(bare, random),
        7 => format!("{text}, {text}"),
        _ => text[..3].to_owned(),
    }
    .into_bytes();
}

/// The last character of 64 bytes in base64 carries two bits; the other four must be zero, and here are not.
fn stray_bits(bare: &str, random: &mut ChaCha8Rng) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (front, last) = bare.split_at(bare.len() - 1);
    let bits = ALPHABET.iter().position(|letter| last.as_bytes() == [*letter]).unwrap_or_default();
    let stray = ALPHABET[bits | (1 + below(random, 15))];
    format!("{front}{}==", char::from(stray))
}

fn other_nonce(nonce: &str, random: &mut ChaCha8Rng) -> String {
    match below(random, 4) {
        0 => format!("{:032x}", (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64())),
        1 => nonce.to_ascii_uppercase(),
        2 => format!("{nonce}0"),
        _ => {
            let cut = below(random, nonce.len());
            nonce[..cut].to_owned()
        }
    }
}

fn beyond_window(random: &mut ChaCha8Rng) -> i64 {
    let window = WINDOW_SECONDS as i64;
    let days = 1 + below(random, 400) as i64;
    // The client's clock when genuine lies anywhere in the window, so twice the window is beyond it.
    pick(random, &[2 * window + 1, 3600, 86_400, days * 86_400])
}

fn sign_as(stranger: &Signer, nonce: &str, answer: &mut Answer) {
    let timestamp = String::from_utf8_lossy(value(answer, TIMESTAMP_HEADER)).parse().unwrap_or_default();
    let signature = stranger.sign(nonce, answer.status, timestamp, &answer.body);
    *value(answer, SIGNATURE_HEADER) = signature.into_bytes();
}

fn drop_headers(answer: &mut Answer, random: &mut ChaCha8Rng) {
    let dropped: &[&str] = pick(random, &[&[TIMESTAMP_HEADER], &[SIGNATURE_HEADER], &[TIMESTAMP_HEADER, SIGNATURE_HEADER]]);
    answer.headers.retain(|(name, _)| !dropped.iter().any(|header| name.eq_ignore_ascii_case(header)));
}

/// The same line again, or one with another value before or behind it.
fn repeat_header(answer: &mut Answer, random: &mut ChaCha8Rng) {
    let header = pick(random, &[TIMESTAMP_HEADER, SIGNATURE_HEADER]);
    let mut second = value(answer, header).clone();
    if below(random, 2) == 0 {
        change_byte(&mut second, random);
    }
    let name = if below(random, 2) == 0 { header.to_owned() } else { header.to_ascii_uppercase() };
    let at = below(random, answer.headers.len() + 1);
    answer.headers.insert(at, (name, second));
}

fn swap_headers(answer: &mut Answer) {
    let timestamp = std::mem::take(value(answer, TIMESTAMP_HEADER));
    let signature = std::mem::replace(value(answer, SIGNATURE_HEADER), timestamp);
    *value(answer, TIMESTAMP_HEADER) = signature;
}
