//! Where callbacks may go: to the internet, and not into the network that this program runs in.
//!
//! The address of a URL is looked at when it is set; what its name resolves to, at each attempt ([`is_public`]), by the one who
//! then connects to the very address that was looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::post::DeliveryTrouble;

const LONGEST: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    #[error("not a URL")]
    Unreadable,
    #[error("only http and https")]
    Scheme,
    #[error("a name or password in the URL")]
    UserInfo,
    #[error("a private or reserved address")]
    Private,
}

impl UrlRefusal {
    /// For a delivery.
    pub const fn trouble(self) -> DeliveryTrouble {
        match self {
            Self::Unreadable | Self::Scheme | Self::UserInfo => DeliveryTrouble::BadAddress,
            Self::Private => DeliveryTrouble::PrivateAddress,
        }
    }

    /// For a form.
    pub fn words(self) -> (&'static str, String, String) {
        match self {
            Self::Unreadable => ("URL_INVALID", "网址无效".into(), "This is not a URL".into()),
            Self::Scheme => {
                ("URL_SCHEME", "网址须以 http:// 或 https:// 开头".into(), "The URL must begin with http:// or https://".into())
            }
            Self::UserInfo => ("URL_USER_INFO", "网址中不能包含用户名或密码".into(), "The URL must not hold a name or password".into()),
            Self::Private => (
                "URL_PRIVATE",
                "不允许回调内网、本机或保留地址".into(),
                "Callbacks to private, local or reserved addresses are not allowed".into(),
            ),
        }
    }
}

/// What can be told from the URL alone. `private` is whether this installation allows any address.
pub fn check_url(text: &str, private: bool) -> Result<Url, UrlRefusal> {
    if text.len() > LONGEST {
        return Err(UrlRefusal::Unreadable);
    }
    let url = Url::parse(text).map_err(|_| UrlRefusal::Unreadable)?;
    // Written down, each byte that is not ASCII takes three.
    if url.as_str().len() > LONGEST {
        return Err(UrlRefusal::Unreadable);
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlRefusal::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlRefusal::UserInfo);
    }
    let public = match url.host() {
        None => return Err(UrlRefusal::Unreadable),
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            if name.is_empty() {
                return Err(UrlRefusal::Unreadable);
            }
            name != "localhost" && !name.ends_with(".localhost")
        }
    };
    if public || private { Ok(url) } else { Err(UrlRefusal::Private) }
}

/// Whether an address is one of the internet's, by IANA's registries of special-purpose addresses.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    // The metadata and host service of a large cloud stands on an address that looks like any other.
    const WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
    let [a, b, c, _] = ip.octets();
    let special = match a {
        // This network, private, loopback; multicast, reserved and broadcast.
        0 | 10 | 127 | 224..=255 => true,
        // Carrier-grade NAT; some clouds' metadata.
        100 => (64..128).contains(&b),
        // Link-local; most clouds' metadata.
        169 => b == 254,
        172 => (16..32).contains(&b),
        // Protocol assignments, documentation, 6to4 relays, private.
        192 => matches!((b, c), (0, 0 | 2) | (88, 99) | (168, _)),
        // Benchmarks, documentation.
        198 => matches!((b, c), (18 | 19, _) | (51, 100)),
        203 => (b, c) == (0, 113),
        _ => false,
    };
    !special && ip != WIRE_SERVER
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // NAT64: as good as the address inside. Networks without IPv4 resolve the whole internet to these.
    if let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = segments {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    match segments {
        // Protocol assignments, Teredo among them, which hides an IPv4 address.
        [0x2001, 0..=0x1ff, ..] => false,
        // Documentation.
        [0x2001, 0xdb8, ..] => false,
        [0x3fff, 0..=0xfff, ..] => false,
        // 6to4 hides an IPv4 address too.
        [0x2002, ..] => false,
        // All else that is in use lies here: not the loopback, not IPv4 mapped into IPv6, not unique local, link-local, multicast.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests;
