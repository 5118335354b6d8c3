//! What a user may be called, and which addresses mail can go to. Both sign-up and creation by an admin ask here.

use kernel::text;

/// A refusal of one field, as [`kernel::Fields::take`] wants it.
pub type Refused = (&'static str, String, String);

pub const NAME_MIN: usize = 3;
pub const NAME_MAX: usize = 32;
/// Octets; RFC 5321, 4.5.3.1.3, less the angle brackets.
const EMAIL_MAX: usize = 254;
const LOCAL_MAX: usize = 64;

/// A user name 用户名: 3 to 32 letters of any script, digits, `_`, `-`, `.`, with at least one letter, so that no name is
/// taken for a number. Latin, Greek and Cyrillic do not mix: quota is sent by name, and `аlice` is not `alice`.
///
/// The folded form, by which names are compared, must pass too: some letters (ﷺ) stand for whole sentences.
pub fn clean_name(name: &str) -> Result<String, Refused> {
    let name = text::clean(name, NAME_MIN, NAME_MAX, false)?;
    let folded = text::fold(&name);
    let allowed = name.chars().chain(folded.chars()).all(|c| is_word(c) || text::is_mark(c) || matches!(c, '_' | '-' | '.'));
    // A mark needs something to stand on.
    let begins = name.chars().next().is_some_and(|c| !text::is_mark(c));
    if !allowed || !begins || !name.chars().any(|c| is_word(c) && !c.is_ascii_digit()) || folded.chars().count() > NAME_MAX * 2 {
        return Err((
            "NAME_INVALID",
            "用户名只能包含文字、数字、_、- 和 .，且至少有一个文字".into(),
            "A name holds letters, digits, _, - and . only, and at least one letter".into(),
        ));
    }
    let alphabets = [is_latin as fn(char) -> bool, is_greek, is_cyrillic];
    if alphabets.iter().filter(|alphabet| folded.chars().any(alphabet)).count() > 1 {
        return Err((
            "NAME_MIXED",
            "用户名不能混用不同文字的相似字母".into(),
            "A name may not mix the letters of look-alike alphabets".into(),
        ));
    }
    Ok(name)
}

/// Letters and digits that can be seen: the Hangul fillers are letters too, but blank.
fn is_word(c: char) -> bool {
    (c.is_alphabetic() && !matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')) || c.is_ascii_digit()
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || (c.is_alphabetic() && matches!(c, '\u{aa}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'))
}

fn is_greek(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')
}

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}')
}

/// An e-mail address that mail servers everywhere take: `local@domain` in ASCII, no quotes, no comments, no address
/// literals. Internationalised domains are written in their `xn--` form.
pub fn clean_email(email: &str) -> Result<String, Refused> {
    let email = text::clean(email, 1, EMAIL_MAX, false)?;
    let fits = match email.rsplit_once('@') {
        Some((local, domain)) => is_local(local) && is_domain(domain),
        None => false,
    };
    if fits { Ok(email) } else { Err(("EMAIL_INVALID", "邮箱地址格式不正确".into(), "This is not an e-mail address".into())) }
}

/// RFC 5322's dot-atom.
fn is_local(local: &str) -> bool {
    let atom = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b));
    local.len() <= LOCAL_MAX && local.split('.').all(atom)
}

fn is_domain(domain: &str) -> bool {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    // The last label is a word: 10.0.0.1 is no domain.
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.') && domain.split('.').all(label) && top.bytes().any(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_any_script_pass_and_tricks_do_not() {
        for name in ["alice", "张三丰", "li.wei-2_x", "Ünïcødé", "  bob  ", "オペレーター", "हिन्दी", "Ọ̀yọ́tọ́"]
        {
            assert_eq!(clean_name(name).unwrap(), name.trim(), "{name}");
        }
        for name in [
            "...",
            "a b",
            "a@b",
            "<b>x</b>",
            "ad\u{3164}min",
            "a/b",
            "a'--",
            "=1+1",
            "ﷺﷺﷺ",
            "½½½",
            "名 字",
            "12345",
            "1-2_3",
            "a\u{34f}bc",
            "\u{301}abc",
            "abc\u{fe0f}",
        ] {
            assert_eq!(clean_name(name).unwrap_err().0, "NAME_INVALID", "{name}");
        }
        assert!(clean_name("Владимир").is_ok() && clean_name("αβγ").is_ok());
        assert_eq!(clean_name("\u{430}lice").unwrap_err().0, "NAME_MIXED");
        assert_eq!(clean_name("ab").unwrap_err().0, "TOO_SHORT");
        assert_eq!(clean_name(&"长".repeat(33)).unwrap_err().0, "TOO_LONG");
        assert_eq!(clean_name("ad\u{202e}min").unwrap_err().0, "CHARACTERS");
        assert_eq!(clean_name(&"长".repeat(10_000)).unwrap_err().0, "TOO_LONG");
    }

    #[test]
    fn a_name_may_unfold_to_twice_the_longest_and_no_further() {
        // Ligatures: two letters in one character, and three.
        let (twice, more) = ("ĳ".repeat(32), format!("{}ﬃ", "ĳ".repeat(31)));
        let lengths = [&twice, &more].map(|name| (name.chars().count(), text::fold(name).chars().count()));
        assert_eq!(lengths, [(NAME_MAX, 2 * NAME_MAX), (NAME_MAX, 2 * NAME_MAX + 1)]);
        assert_eq!(clean_name(&twice).unwrap(), twice);
        assert_eq!(clean_name(&more).unwrap_err().0, "NAME_INVALID");
    }

    #[test]
    fn alphabets_whose_letters_look_alike_do_not_mix() {
        // The last begins with the sign for a millionth, which folds to a Greek letter.
        for name in ["αlice", "ALΙCE", "pаul", "Ἀnna", "αзбука", "µicro"] {
            assert_eq!(clean_name(name).unwrap_err().0, "NAME_MIXED", "{name}");
        }
        for name in ["αλίκη", "Ἄννα_7", "азбука", "李wei", "李αβγ"] {
            assert_eq!(clean_name(name).unwrap(), name, "{name}");
        }
    }

    #[test]
    fn addresses_have_one_local_part_and_a_domain() {
        for email in ["a@example.com", "first.last+tag@sub.example.co", "o'hara@xn--fiq228c.cn", " x@y.io "] {
            assert_eq!(clean_email(email).unwrap(), email.trim(), "{email}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for email in [
            "plain",
            "@example.com",
            "a@",
            "a@b",
            "a@@example.com",
            "a b@example.com",
            "a@exa mple.com",
            ".a@example.com",
            "a..b@example.com",
            "a@-example.com",
            "a@example..com",
            "a@[10.0.0.1]",
            "a@10.0.0.1",
            "\"a\"@example.com",
            "a@example.com,b@example.com",
            "<a@example.com>",
            "名@example.com",
            &long,
        ] {
            assert_eq!(clean_email(email).unwrap_err().0, "EMAIL_INVALID", "{email}");
        }
        assert_eq!(clean_email("a@example.com\r\nBcc: b@example.com").unwrap_err().0, "CHARACTERS");
        assert_eq!(clean_email(&format!("a@{}.com", "b".repeat(300))).unwrap_err().0, "TOO_LONG");
        assert_eq!(clean_email("").unwrap_err().0, "REQUIRED");
    }

    proptest! {
        #[test]
        fn what_passes_is_clean_already_and_printable(text in ".{0,40}") {
            if let Ok(name) = clean_name(&text) {
                prop_assert_eq!(clean_name(&name).unwrap(), name.clone());
                prop_assert!(!name.chars().any(|c| c.is_control() || c.is_whitespace() || c == '@'));
            }
            if let Ok(email) = clean_email(&text) {
                prop_assert!(email.is_ascii() && email.len() <= EMAIL_MAX && !email.contains([' ', '\r', '\n', '<', '>', ',']));
            }
        }
    }
}
