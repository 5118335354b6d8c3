//! What stands in a request's headers before anybody has signed in.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderValue};
use kernel::Lang;
use web::forwarded::{client_address, is_https};

use crate::text;

const PROXIES: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2))];
const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9));

/// A header a line; those that begin with `p` say by what protocol.
pub const FORWARDED: &[&str] = &[
    "1.2.3.4, 10.0.0.2",
    "[2001:db8::1]:555",
    "6.6.6.6, junk, 10.0.0.2",
    "6.6.6.6\n::ffff:1.2.3.4",
    "phttps\n1.2.3.4",
    ",,\u{1e}",
    "1.2.3.4:555",
];

/// Nobody but the proxies that are named chooses an address, and they choose the one that they saw.
pub fn forwarded(input: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        let (name, value) = line.strip_prefix(b"p").map_or(("x-forwarded-for", line), |rest| ("x-forwarded-proto", rest));
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name, value);
        }
    }
    assert_eq!(client_address(Some(SOMEBODY), &headers, &PROXIES), Some(SOMEBODY));
    assert!(!is_https(Some(SOMEBODY), &headers, &PROXIES));
    let seen = client_address(Some(PROXIES[0]), &headers, &PROXIES).expect("there is a peer");
    assert_eq!(seen.to_canonical(), seen, "an address has one spelling");
    // As a proxy leaves it that was asked by somebody, and as two do, one behind the other.
    headers.append("x-forwarded-for", HeaderValue::from_static("9.9.9.9"));
    assert_eq!(client_address(Some(PROXIES[0]), &headers, &PROXIES), Some(SOMEBODY));
    headers.append("x-forwarded-for", HeaderValue::from_static("10.0.0.2"));
    assert_eq!(client_address(Some(PROXIES[0]), &headers, &PROXIES), Some(SOMEBODY));
    headers.append("x-forwarded-proto", HeaderValue::from_static("http"));
    assert!(!is_https(Some(PROXIES[0]), &headers, &PROXIES), "the nearest proxy says so");
}

pub const LANGUAGES: &[&str] = &["fr, en-GB;q=0.8, zh", "zh-TW,en", "EN", "en_US", "*", ";q=1,zh-Hans-CN;q=0.9"];

/// The first language that we speak counts, whatever stands about it.
pub fn languages(input: &[u8]) {
    let text = text(input);
    let chosen = Lang::from_header(&text);
    assert_eq!(Lang::from_header(&format!("fr;q=1, {text}")), chosen);
    assert_eq!(Lang::from_header(&format!("{text}, zh")), chosen, "Chinese is what is chosen where nothing is");
    assert_eq!(Lang::from_header(&format!("en,{text}")), Lang::En);
    assert_eq!(Lang::from_header(chosen.as_str()), chosen);
}
