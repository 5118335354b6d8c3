//! Where a coil is.

use std::net::IpAddr;

use kernel::Fields;
use serde::{Deserialize, Serialize};

use super::frame::Framing;
use super::timer::{LAST_COIL, Timer};

/// A board in the network.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Board {
    pub host: String,
    pub port: u16,
    pub framing: Framing,
}

/// One of a board's coils.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = CoilAddress)]
pub struct Address {
    /// A name, or an IP address.
    pub host: String,
    pub port: u16,
    pub unit: u8,
    /// Counted from 0.
    pub coil: u16,
    pub framing: Framing,
    pub timer: Timer,
}

impl Address {
    pub fn board(&self) -> Board {
        Board { host: self.host.clone(), port: self.port, framing: self.framing }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // As in a URL: the colons of an IPv6 address are not the port's.
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{}: {open}{}{close}:{}, {}/{}", self.framing, self.host, self.port, self.unit, self.coil)?;
        match self.timer {
            Timer::None => Ok(()),
            Timer::Flash => write!(f, ", {}", self.timer),
        }
    }
}

/// As somebody has entered it.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCoilAddress)]
pub struct NewAddress {
    pub host: String,
    /// 1 to 65535; 502 where nobody has changed it.
    pub port: i64,
    /// 0 to 255; with `rtu` not 0, which is everybody, and nobody's to answer.
    pub unit: i64,
    /// 0 to 65535, counted from 0; with the timer `flash` to 254.
    pub coil: i64,
    pub framing: Framing,
    /// `none` where it is not said.
    #[serde(default = "no_timer")]
    pub timer: Timer,
}

const fn no_timer() -> Timer {
    Timer::None
}

impl NewAddress {
    /// `None` where something is wrong with it, which is noted then.
    pub(in crate::devices) fn check(&self, fields: &mut Fields) -> Option<Address> {
        let host = host(&self.host);
        if host.is_none() {
            fields.add("address.host", "HOST", "请填写 IP 地址或主机名", "An IP address or a host's name");
        }
        let mut within = |field: &str, value: i64, from: i64, to: i64| {
            let fits = (from..=to).contains(&value).then_some(value);
            if fits.is_none() {
                fields.add(field, "RANGE", format!("须为 {from} 至 {to} 的整数"), format!("{from} to {to}"));
            }
            fits
        };
        let port = within("address.port", self.port, 1, 65_535);
        let unit = within("address.unit", self.unit, if self.framing == Framing::Rtu { 1 } else { 0 }, 255);
        let last_coil = if self.timer == Timer::Flash { LAST_COIL } else { 65_535 };
        let coil = within("address.coil", self.coil, 0, last_coil);
        Some(Address {
            host: host?,
            port: u16::try_from(port?).ok()?,
            unit: u8::try_from(unit?).ok()?,
            coil: u16::try_from(coil?).ok()?,
            framing: self.framing,
            timer: self.timer,
        })
    }
}

/// In the one spelling in which it is compared with others. Nothing that is not one machine's.
fn host(text: &str) -> Option<String> {
    let text = text.trim();
    if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        let address = address.to_canonical();
        let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
        return (!address.is_unspecified() && !address.is_multicast() && !broadcast).then(|| address.to_string());
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    // What ends in a number is an address to some resolvers, in a spelling of long ago.
    let last = name.rsplit('.').next().unwrap_or_default();
    let number =
        last.starts_with(|c: char| c.is_ascii_digit()) && (last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x"));
    (name.len() <= 253 && !number && name.split('.').all(label)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn v5_1_a_board_is_an_address_or_a_name_in_one_spelling() {
        for (text, kept) in [
            ("192.168.1.50", "192.168.1.50"),
            (" Relay-1.Hall.LAN. ", "relay-1.hall.lan"),
            ("relay_7", "relay_7"),
            ("[FE80::0:1]", "fe80::1"),
            ("::ffff:10.0.0.5", "10.0.0.5"),
        ] {
            assert_eq!(host(text).as_deref(), Some(kept), "{text}");
        }
        for text in [
            "",
            " ",
            ".",
            "a..b",
            "10.0.0",
            "7",
            "0x7f.1",
            "1.0x1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "http://a",
            "a:502",
            "a/b",
            "a b",
            "继电器",
            "-a",
            "a\r\nb",
            "user@a",
            "a%00",
        ] {
            assert_eq!(host(text), None, "{text}");
        }
        assert_eq!(host(&"a".repeat(64)), None);
        assert_eq!(host(&"a.".repeat(200)), None);
    }

    #[test]
    fn v5_1_all_that_is_wrong_with_an_address_is_named() {
        let mut fields = Fields::default();
        let wrong = NewAddress { host: String::new(), port: 0, unit: 256, coil: -1, framing: Framing::Tcp, timer: Timer::None };
        assert_eq!(wrong.check(&mut fields), None);
        let named: Vec<_> = fields.fault().fields.into_iter().map(|field| field.field).collect();
        assert_eq!(named, ["address.host", "address.port", "address.unit", "address.coil"]);
        let with = |unit, coil, framing, timer| {
            NewAddress { host: "a".into(), port: 502, unit, coil, framing, timer }.check(&mut Fields::default())
        };
        let everybody = |framing| with(0, 0, framing, Timer::None);
        assert!(everybody(Framing::Tcp).is_some() && everybody(Framing::Rtu).is_none());
        let all_coils = |timer| with(1, 255, Framing::Tcp, timer);
        assert!(all_coils(Timer::None).is_some() && all_coils(Timer::Flash).is_none());
        assert!(with(1, 254, Framing::Tcp, Timer::Flash).is_some());
    }

    proptest! {
        #[test]
        fn v5_1_a_spelling_that_is_kept_is_its_own(text in "[a-zA-Z0-9.:_\\[\\]x -]{0,40}") {
            if let Some(kept) = host(&text) {
                let again = host(&kept);
                prop_assert_eq!(again.as_deref(), Some(kept.as_str()));
            }
        }
    }
}
