//! What a proxy says of the connection before it. Believed from proxies that the configuration names, and from nobody else.
//!
//! `X-Forwarded-For` and `X-Forwarded-Proto` are read. `Forwarded` (RFC 7239) is not: a proxy that passes a client's own on while it
//! writes the others would let anybody be anybody.

use std::net::IpAddr;

use axum::http::HeaderMap;

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";

/// The address that a request came from: the peer's, or where that is a trusted proxy, the last address in `X-Forwarded-For`
/// that is not one. What stands before that could have been written by anybody.
pub fn client_address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> Option<IpAddr> {
    let peer = peer?.to_canonical();
    if !trusted.contains(&peer) {
        return Some(peer);
    }
    let mut nearest = peer;
    for part in values(headers, FOR).into_iter().rev() {
        // What is no address was not written by a proxy of ours: nothing before it is, either.
        let Some(address) = address(part) else { break };
        nearest = address;
        if !trusted.contains(&address) {
            break;
        }
    }
    Some(nearest)
}

/// Whether the proxy that connected here was itself asked by https.
pub fn is_https(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> bool {
    peer.is_some_and(|peer| trusted.contains(&peer.to_canonical()))
        && values(headers, PROTO).last().is_some_and(|proto| proto.eq_ignore_ascii_case("https"))
}

/// All values of a list that may stand in one header or in several, in order.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

/// An address, as some proxies write it with its port or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().ok().or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|with_port| with_port.ip()));
    bare.or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok()).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"));
        }
        headers
    }

    fn from(peer: &str, forwarded: &str) -> Option<IpAddr> {
        client_address(Some(ip(peer)), &headers(&[(FOR, forwarded)]), &[ip("10.0.0.1"), ip("10.0.0.2")])
    }

    #[test]
    fn only_named_proxies_are_believed() {
        assert_eq!(from("9.9.9.9", "1.2.3.4"), Some(ip("9.9.9.9")));
        assert_eq!(from("10.0.0.1", "1.2.3.4"), Some(ip("1.2.3.4")));
        assert_eq!(from("::ffff:10.0.0.1", "1.2.3.4"), Some(ip("1.2.3.4")), "a listener on [::] sees IPv4 so");
    }

    #[test]
    fn the_last_address_that_is_not_a_proxy_counts() {
        assert_eq!(from("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2"), Some(ip("1.2.3.4")), "what stands before it could be forged");
        assert_eq!(from("10.0.0.1", "10.0.0.2"), Some(ip("10.0.0.2")), "the proxy itself asked");
        let two = headers(&[(FOR, "6.6.6.6"), (FOR, "1.2.3.4")]);
        assert_eq!(client_address(Some(ip("10.0.0.1")), &two, &[ip("10.0.0.1")]), Some(ip("1.2.3.4")));
    }

    #[test]
    fn what_is_no_address_ends_the_chain() {
        assert_eq!(from("10.0.0.1", "junk"), Some(ip("10.0.0.1")));
        assert_eq!(from("10.0.0.1", "6.6.6.6, junk, 10.0.0.2"), Some(ip("10.0.0.2")), "nothing before it is believed");
        assert_eq!(from("10.0.0.1", "1.2.3.4:555"), Some(ip("1.2.3.4")));
        assert_eq!(from("10.0.0.1", "[2001:db8::1]:555"), Some(ip("2001:db8::1")));
    }

    #[test]
    fn forwarded_is_not_read() {
        let both = headers(&[("forwarded", "for=6.6.6.6;proto=https"), (FOR, "1.2.3.4")]);
        assert_eq!(client_address(Some(ip("10.0.0.1")), &both, &[ip("10.0.0.1")]), Some(ip("1.2.3.4")));
        assert!(!is_https(Some(ip("10.0.0.1")), &both, &[ip("10.0.0.1")]));
    }

    #[test]
    fn https_is_believed_from_named_proxies_only() {
        let said = |proto| headers(&[(PROTO, proto)]);
        assert!(is_https(Some(ip("10.0.0.1")), &said("https"), &[ip("10.0.0.1")]));
        assert!(!is_https(Some(ip("10.0.0.1")), &said("https, http"), &[ip("10.0.0.1")]), "the nearest proxy counts");
        assert!(!is_https(Some(ip("9.9.9.9")), &said("https"), &[ip("10.0.0.1")]));
    }

    proptest! {
        #[test]
        fn nobody_else_can_choose_an_address(forged: String) {
            let Ok(value) = HeaderValue::from_str(&forged) else { return Ok(()) };
            let mut headers = HeaderMap::new();
            headers.append(FOR, value);
            prop_assert_eq!(client_address(Some(ip("9.9.9.9")), &headers, &[ip("10.0.0.1")]), Some(ip("9.9.9.9")));
            // Nor through a proxy, which appends the address that it sees.
            headers.append(FOR, HeaderValue::from_static("9.9.9.9"));
            prop_assert_eq!(client_address(Some(ip("10.0.0.1")), &headers, &[ip("10.0.0.1")]), Some(ip("9.9.9.9")));
        }
    }
}
