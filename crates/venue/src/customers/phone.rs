//! Phone numbers of the mainland. Pure.

/// Eleven digits, as they are stored; `None` for what is no mobile number. A country code, blanks and hyphens may stand in it.
pub fn read(text: &str) -> Option<String> {
    if text.len() > 40 {
        return None;
    }
    let mut digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{3000}')).collect();
    for code in ["+86", "0086"] {
        if let Some(rest) = digits.strip_prefix(code) {
            digits = rest.to_owned();
            break;
        }
    }
    let mobile =
        digits.len() == 11 && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.starts_with('1') && digits.as_bytes()[1] >= b'3';
    mobile.then_some(digits)
}

/// With its middle hidden: 138****0000.
pub fn hint(digits: &str) -> String {
    match (digits.get(..3), digits.get(digits.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) => format!("{head}****{tail}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn v2_1_numbers_are_read_as_people_write_them() {
        for text in ["13800138000", "138 0013 8000", "+86 138-0013-8000", "008613800138000"] {
            assert_eq!(read(text).as_deref(), Some("13800138000"), "{text}");
        }
        for text in [
            "",
            "1380013800",
            "138001380000",
            "23800138000",
            "12800138000",
            "1380013800a",
            "１３８００１３８０００",
            "+8613800138000; DROP",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(hint("13800138000"), "138****8000");
    }

    proptest! {
        #[test]
        fn v2_1_whatever_is_typed_is_eleven_digits_or_refused(text in "\\PC{0,60}") {
            if let Some(digits) = read(&text) {
                prop_assert!(digits.len() == 11 && digits.bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert_eq!(read(&digits), Some(digits.clone()));
                prop_assert!(!hint(&digits).contains(&digits[3..7]));
            }
        }
    }
}
