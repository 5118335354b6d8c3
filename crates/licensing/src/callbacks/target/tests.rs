use super::*;
use proptest::prelude::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn k8_2_addresses_inside_are_told_from_those_outside() {
    let inside = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:169.254.169.254",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fdff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    for text in inside {
        assert!(!is_public(ip(text)), "{text}");
    }
    let outside = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "168.63.129.17",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2400::1",
        "2a00::1",
        "64:ff9b::808:808",
    ];
    for text in outside {
        assert!(is_public(ip(text)), "{text}");
    }
}

#[test]
fn k8_2_a_url_is_refused_for_what_can_be_seen_in_it() {
    let refused = |text: &str| check_url(text, false).unwrap_err();
    for text in [
        "",
        "example.com/hook",
        "http://",
        "http://./",
        "http://../",
        "https://exa mple.com/",
        &format!("https://example.com/{}", "a".repeat(2_000)),
        &format!("https://example.com/{}", "é".repeat(900)),
    ] {
        assert_eq!(refused(text), UrlRefusal::Unreadable, "{text}");
    }
    for text in ["ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)"] {
        assert_eq!(refused(text), UrlRefusal::Scheme, "{text}");
    }
    for text in ["https://user@example.com/", "https://user:password@example.com/", "https://:password@example.com/"] {
        assert_eq!(refused(text), UrlRefusal::UserInfo, "{text}");
    }
    // One address, in the ways that browsers and attackers write it.
    for text in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://localhost/",
        "http://LOCALHOST:8080/",
        "http://localhost./",
        "http://a.localhost/",
        "http://１２７.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
    ] {
        assert_eq!(refused(text), UrlRefusal::Private, "{text}");
        assert!(check_url(text, true).is_ok(), "{text}");
    }
    for text in ["https://example.com/hook?token=1", "http://example.com:8080/", "https://8.8.8.8/", "https://例子.测试/钩子"] {
        assert!(check_url(text, false).is_ok(), "{text}");
    }
}

proptest! {
    #[test]
    fn k8_2_whole_private_networks_are_inside(host: u32, low in any::<u16>()) {
        for (network, bits) in [("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16), ("127.0.0.0", 8), ("169.254.0.0", 16), ("100.64.0.0", 10), ("224.0.0.0", 3), ("0.0.0.0", 8)] {
            let network: Ipv4Addr = network.parse().unwrap();
            let address = Ipv4Addr::from(u32::from(network) | (host & (u32::MAX >> bits)));
            prop_assert!(!is_public(address.into()), "{}", address);
            prop_assert!(!is_public(address.to_ipv6_mapped().into()), "{}", address);
        }
        for prefix in [0xfc00_u16, 0xfe80, 0xff00] {
            let address = Ipv6Addr::new(prefix | (low & 0x3f), low, 0, 1, 2, 3, 4, low);
            prop_assert!(!is_public(address.into()), "{}", address);
        }
    }

    #[test]
    fn k8_2_an_ipv4_address_is_as_public_inside_nat64_and_never_when_mapped(bits: u32) {
        let address = Ipv4Addr::from(bits);
        let [a, b, c, d] = address.octets();
        let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        prop_assert_eq!(is_public(nat64.into()), is_public(address.into()));
        prop_assert!(!is_public(address.to_ipv6_mapped().into()));
        prop_assert!(!is_public(address.to_ipv6_compatible().into()));
    }

    #[test]
    fn k8_2_any_text_is_a_target_or_is_refused(text in ".{0,60}", host in "[a-z0-9.\\[\\]:@%]{0,20}") {
        for text in [text, format!("http://{host}/")] {
            if let Ok(url) = check_url(&text, false) {
                prop_assert!(url.scheme().starts_with("http") && url.username().is_empty() && url.host().is_some());
                // What is parsed again, as the sender does, is the same.
                prop_assert_eq!(check_url(url.as_str(), false).unwrap(), url);
            }
        }
    }
}
