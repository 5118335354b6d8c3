//! Where callbacks may go.

use licensing::callbacks::target::{check_url, is_public};
use url::Host;

use crate::text;

pub const CALLBACK_URLS: &[&str] = &[
    "https://owner.example/hook?x=1",
    "http://127.0.0.1/",
    "http://[::1]:8080/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://localhost./",
    "http://[::ffff:10.0.0.1]/",
    "http://user:pw@owner.example/",
    "http://[64:ff9b::7f00:1]/",
    "http://１２７.０.０.１/",
    "http://a.LOCALHOST/",
    "ftp://owner.example/",
];

/// A URL that passes goes to the internet by http or https, says no password, and passes again as it is written down.
pub fn callback_urls(input: &[u8]) {
    let text = text(input);
    let Ok(url) = check_url(&text, false) else { return };
    assert!(matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none());
    match url.host() {
        Some(Host::Ipv4(ip)) => assert!(is_public(ip.into()) && !ip.is_loopback() && !ip.is_private() && !ip.is_link_local()),
        Some(Host::Ipv6(ip)) => assert!(is_public(ip.into()) && !ip.is_loopback() && ip.to_ipv4_mapped().is_none()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            assert!(!name.is_empty() && name != "localhost" && !name.ends_with(".localhost"), "{text:?}");
            // A name that is an address in disguise must have been read as one.
            assert!(name.parse::<std::net::IpAddr>().is_err(), "{text:?}");
        }
        None => panic!("{text:?} has no host"),
    }
    assert_eq!(check_url(url.as_str(), false).as_ref(), Ok(&url), "as it is written down");
    assert!(check_url(&text, true).is_ok());
}
