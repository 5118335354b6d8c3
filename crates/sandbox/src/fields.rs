//! What both payment networks want of the fields that merchants send. Pure.

use std::ops::RangeInclusive;

/// A number of the merchant's own: so long, of letters, digits and these signs.
pub(crate) fn is_number(text: &str, length: RangeInclusive<usize>, signs: &[u8]) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || signs.contains(&byte))
}

/// Where notices go: an address on the web, without a query.
pub(crate) fn is_notify_url(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty()) && url.len() <= 255 && !url.contains(['?', '#', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_1_numbers_and_addresses_are_as_networks_want_them() {
        assert!(is_number("0192a0b0-*_", 6..=32, b"_-*") && is_number("1", 1..=64, b""));
        for bad in ["", "12345", "123456#", "台球台球台球", &"1".repeat(33)] {
            assert!(!is_number(bad, 6..=32, b"_-*"), "{bad}");
        }
        assert!(is_notify_url("https://hall.example/callbacks/wechat") && is_notify_url("http://127.0.0.1:9/"));
        for bad in
            ["", "https://", "hall.example/x", "ftp://hall.example/", "https://hall.example/?a=1", &format!("https://{}", "x".repeat(255))]
        {
            assert!(!is_notify_url(bad), "{bad}");
        }
    }
}
