//! What a name, an e-mail address and a password must be (K1.1b, K1.3b). Pure, and the same wherever one is set.

use kernel::text::{clean, fold};

use super::common;

/// Code, and why, in both languages: what [`kernel::Fields::take`] wants.
pub type Refused = (&'static str, String, String);

const LONGEST_PASSWORD: usize = 128;

/// 用户名: 3 to 32 letters of any script, digits, `_`, `-` and `.`, at least one of them a letter, so that no name can be
/// taken for a number. Latin, Greek and Cyrillic letters do not mix: quota is sent by name, and `аlice` is not `alice`.
pub fn name(text: &str) -> Result<String, Refused> {
    let name = clean(text, 3, 32, false)?;
    if !name.chars().all(|c| c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.')) {
        return Err(("CHARACTERS", "只能使用文字、数字和 _ - .".into(), "Only letters, digits and _ - . may be used".into()));
    }
    if !name.chars().any(char::is_alphabetic) {
        return Err(("NEEDS_LETTER", "至少包含一个字母或文字".into(), "At least one letter is needed".into()));
    }
    let scripts = [is_latin as fn(char) -> bool, is_greek, is_cyrillic];
    if scripts.iter().filter(|script| name.chars().any(|c| script(c))).count() > 1 {
        return Err(("MIXED_SCRIPTS", "不能混用不同语言的相似字母".into(), "Letters of look-alike alphabets may not be mixed".into()));
    }
    Ok(name)
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || (c.is_alphabetic() && matches!(c, '\u{aa}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}'))
}

fn is_greek(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')
}

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}')
}

/// An address as mail servers take it, without the rarities (quotes, comments, bare host names). International domains
/// in their `xn--` form.
pub fn email(text: &str) -> Result<String, Refused> {
    let email = clean(text, 1, 254, false)?;
    if is_email(&email) { Ok(email) } else { Err(("EMAIL_INVALID", "邮箱格式不正确".into(), "Not an e-mail address".into())) }
}

fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else { return false };
    let local_fits = (1..=64).contains(&local.len())
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c)));
    let labels: Vec<&str> = domain.split('.').collect();
    let label_fits = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    local_fits
        && labels.len() >= 2
        && labels.iter().all(label_fits)
        && labels.last().is_some_and(|top| top.chars().any(|c| c.is_ascii_alphabetic()))
}

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
    fn k1_1b_names_are_letters_of_any_script() {
        for good in ["bob", "张三丰", "Ünal_99", "o.b-1", "Владимир", "αβγ", "  padded  ", "대리점1"] {
            assert!(name(good).is_ok(), "{good}");
        }
        for (bad, code) in [
            ("ab", "TOO_SHORT"),
            ("", "REQUIRED"),
            ("12345", "NEEDS_LETTER"),
            ("...", "NEEDS_LETTER"),
            ("<script>", "CHARACTERS"),
            ("a b c", "CHARACTERS"),
            ("a:b:c", "CHARACTERS"),
            ("a@b.c", "CHARACTERS"),
            ("=cmd", "CHARACTERS"),
            ("bob\u{202e}", "CHARACTERS"),
            ("\u{430}lice", "MIXED_SCRIPTS"),
        ] {
            assert_eq!(name(bad).unwrap_err().0, code, "{bad}");
        }
        assert_eq!(name(&"长".repeat(10_000)).unwrap_err().0, "TOO_LONG");
    }

    #[test]
    fn k1_1b_addresses_are_what_mail_servers_take() {
        for good in ["a@b.cn", "first.last+tag@sub.example.com", "o'brien@xn--fiqs8s.cn"] {
            assert!(email(good).is_ok(), "{good}");
        }
        for bad in
            ["a@b", "@b.cn", "a@", "a@@b.cn", "a b@c.cn", "a@-b.cn", "a@b..cn", ".a@b.cn", "a@1.2.3.4", "a@b.cn>", "<a@b.cn", "a@张.cn"]
        {
            assert_eq!(email(bad).unwrap_err().0, "EMAIL_INVALID", "{bad}");
        }
        assert_eq!(email("a@b.cn\r\nBcc: c@d.cn").unwrap_err().0, "CHARACTERS");
    }

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

    proptest! {
        #[test]
        fn an_accepted_name_is_accepted_again_and_harmless(text in "\\PC{0,40}") {
            if let Ok(accepted) = name(&text) {
                prop_assert_eq!(name(&accepted).unwrap(), accepted.clone());
                let harmful = ['<', '>', '&', '"', '\'', '=', '{', '@', ':', '/', ' '];
                prop_assert!(!accepted.contains(harmful));
            }
        }

        #[test]
        fn any_text_is_an_address_or_is_refused(text in "\\PC{0,60}") {
            if let Ok(accepted) = email(&text) {
                prop_assert!(accepted.is_ascii() && accepted.contains('@'));
            }
        }

        #[test]
        fn any_text_is_a_password_or_is_refused(text in "\\PC{0,60}") {
            if password(&text, 10, "alice", "a@b.cn").is_ok() {
                prop_assert!((10..=128).contains(&text.chars().count()));
            }
        }
    }
}
