//! What a password must be (K1.3b). Pure, and the same wherever one is set.

use kernel::text::fold;

use super::common;
use super::naming::Refused;

const LONGEST_PASSWORD: usize = 128;

/// 密码策略: at least `min` characters, none that everybody tries first, and not the name or address in another dress.
pub fn password(text: &str, min: usize, name: &str, email: &str) -> Result<(), Refused> {
    // Measured before the work, so that a huge text costs nothing.
    if text.len() > LONGEST_PASSWORD * 4 || text.chars().count() > LONGEST_PASSWORD {
        return Err(("TOO_LONG", format!("最多 {LONGEST_PASSWORD} 个字符"), format!("At most {LONGEST_PASSWORD} characters")));
    }
    if text.is_empty() {
        return Err(("REQUIRED", "请填写".into(), "This is needed".into()));
    }
    if text.chars().count() < min {
        return Err(("TOO_SHORT", format!("至少 {min} 个字符"), format!("At least {min} characters")));
    }
    let local = email.split_once('@').map_or(email, |(local, _)| local);
    if fold(text) == fold(email) || [name, local].iter().any(|own| wears(text, own)) {
        return Err(("PASSWORD_IS_NAME", "密码不能是用户名或邮箱".into(), "The password may not be the name or the e-mail address".into()));
    }
    if common::is_common(text) {
        return Err(("PASSWORD_COMMON", "密码过于常见".into(), "This password is too common".into()));
    }
    Ok(())
}

/// Whether `password` is `own`, once or several times, with digits and signs about it.
fn wears(password: &str, own: &str) -> bool {
    let letters = |text: &str| fold(text).chars().filter(|c| c.is_alphabetic()).collect::<String>();
    let (password_letters, own_letters) = (letters(password), letters(own));
    fold(password) == fold(own)
        || (!own_letters.is_empty() && !password_letters.is_empty() && password_letters.replace(&own_letters, "").is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn k1_3b_a_password_is_long_rare_and_not_the_name() {
        let check = |text: &str| password(text, 10, "alice", "someone@example.com").map_err(|refused| refused.0);
        assert_eq!(check("purple-otter-7"), Ok(()));
        assert_eq!(check("一个很长的中文密码短语"), Ok(()));
        assert_eq!(check("short"), Err("TOO_SHORT"));
        assert_eq!(check(""), Err("REQUIRED"));
        assert_eq!(check(&"x".repeat(10_000)), Err("TOO_LONG"));
        for bad in ["Alice12345", "alice.alice", "...ALICE...", "someone@example.com", "Someone-2024", "ａｌｉｃｅ99999"] {
            assert_eq!(check(bad), Err("PASSWORD_IS_NAME"), "{bad}");
        }
        assert_eq!(check("Password123!"), Err("PASSWORD_COMMON"));
        assert_eq!(password("purple-otter-7", 20, "alice", "a@b.cn").unwrap_err().0, "TOO_SHORT");
    }

    #[test]
    fn k1_3b_thousands_of_the_passwords_that_are_used_most_are_refused() {
        let listed = common::listed();
        assert!(listed.len() > 10_000, "{}", listed.len());
        for text in &listed {
            assert!((10..=128).contains(&text.chars().count()), "{text} fits the policy but for this");
            let (code, zh, en) = password(text, 10, "xq-vk", "xq-vk@example.com").unwrap_err();
            assert_eq!((code, zh.as_str(), en.as_str()), ("PASSWORD_COMMON", "密码过于常见", "This password is too common"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_password_or_is_refused(text in "\\PC{0,60}") {
            if password(&text, 10, "alice", "a@b.cn").is_ok() {
                prop_assert!((10..=128).contains(&text.chars().count()));
            }
        }
    }

    #[test]
    fn k1_3b_lengths_are_counted_in_characters_and_their_bounds_belong_to_them() {
        let check = |text: &str| password(text, 10, "alice", "someone@example.com").map_err(|refused| refused.0);
        assert_eq!((check("purple-ott"), check("purple-ot")), (Ok(()), Err("TOO_SHORT")));
        let wide: String = (0..128).filter_map(|n| char::from_u32(0x20000 + n * n % 997)).collect();
        let longest = "purple-otter-sea".repeat(8);
        assert_eq!((longest.len(), wide.len(), wide.chars().count()), (128, 512, 128));
        assert_eq!((check(&longest), check(&wide)), (Ok(()), Ok(())));
        assert_eq!((check(&format!("{longest}x")), check(&format!("{wide}x"))), (Err("TOO_LONG"), Err("TOO_LONG")));
    }

    #[test]
    fn k1_3b_digits_are_no_name_unless_the_name_is_of_digits() {
        let check = |text: &str, name: &str, email: &str| password(text, 10, name, email).map_err(|refused| refused.0);
        assert_eq!(check("8306172954", "alice", "someone@example.com"), Ok(()));
        assert_eq!(check("8306172954", "alice", "8306172954@qq.com"), Err("PASSWORD_IS_NAME"));
        assert_eq!(check("8306172954", "alice", "8306172955@qq.com"), Ok(()));
        assert_eq!(check("purple-otter-7", "12", "34@example.com"), Ok(()));
        assert_eq!(check("alice-someone-7", "alice", "someone@example.com"), Ok(()), "two words are not one of them");
    }
}
