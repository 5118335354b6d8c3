//! Cursors, ids, times, and what people type.

use kernel::{Cursor, PageAsk, Timestamp, text as typed};
use licensing::keys::KeyId;
use platform::identity::{UserId, naming, policy};

use crate::{parts, text};

pub const CURSORS: &[&str] = &["aaaaaaaaaaaaaaaaaaaaaaaaaa", "ag5wjpmvdp3n4gfvqlz4sa3ttq", "7777777777777777777777777y"];

/// A cursor that was not made by us is refused; one that was is read back as what it was.
pub fn cursors(input: &[u8]) {
    let text = text(input);
    let asked = PageAsk::parse(Some(&text), Some(1));
    match Cursor::parse(&text) {
        Ok(cursor) => {
            assert_eq!(cursor.encode(), text.to_ascii_lowercase());
            assert_eq!(Cursor::parse(&cursor.encode()).ok(), Some(cursor));
            assert_eq!(asked.ok().map(|ask| ask.before()), Some(cursor.0));
        }
        Err(_) => assert_eq!(asked.is_ok(), text.is_empty()),
    }
}

pub const TYPE_IDS: &[&str] = &["key_01h455vb4pex5vsknk084sn02q", "usr_01h455vb4pex5vsknk084sn02q", "key_7zzzzzzzzzzzzzzzzzzzzzzzzz"];

/// An id has one spelling, and is of one kind.
pub fn type_ids(input: &[u8]) {
    let text = text(input);
    let (key, user) = (text.parse::<KeyId>(), text.parse::<UserId>());
    assert!(key.is_err() || user.is_err(), "one text, two kinds: {text}");
    if let Ok(id) = key {
        assert_eq!(id.to_string(), text);
        assert_eq!(kernel::type_id("key", id.uuid()).as_deref(), Some(text.as_str()));
    }
}

pub const TIMES: &[&str] =
    &["2026-11-21T08:00:00Z", "2026-11-21T08:00:00.123456+08:00", "-009999-01-02T01:59:59Z", "9999-12-30T22:00:00.999999Z"];

/// A time that is read is written so that it is read as the same.
pub fn times(input: &[u8]) {
    if let Ok(at) = text(input).parse::<Timestamp>() {
        assert_eq!(at.to_string().parse::<Timestamp>().ok(), Some(at), "{at}");
    }
}

pub const TYPED_TEXTS: &[&str] = &["  张三  ", "a\u{202e}b", "e\u{301}\u{301}", "line\nline", "\u{feff}x", "ﬁ", "\u{1100}\u{1161}"];

/// What was cleaned is clean, within its bounds, and shows all that it holds.
pub fn typed_texts(input: &[u8]) {
    let text = text(input);
    for (min, max, lines) in [(0, 4, true), (1, 32, false)] {
        if let Ok(clean) = typed::clean(&text, min, max, lines) {
            assert_eq!(typed::clean(&clean, min, max, lines).as_ref(), Ok(&clean), "{text:?}");
            assert!((min..=max).contains(&clean.chars().count()));
            assert!(!clean.chars().any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))));
        }
    }
}

pub const NAMES_AND_ADDRESSES: &[&str] =
    &["alice", "张三丰", "Ünïcødé", "li.wei-2_x", "o'hara@xn--fiq228c.cn", "a@example.com", "ＡＢＣ", "ǅabc", "İstanbul", "ẞabc"];

/// What passes is the same however often it is cleaned, and what it is compared by as well.
pub fn names_and_addresses(input: &[u8]) {
    let text = text(input);
    if let Ok(name) = naming::clean_name(&text) {
        assert_eq!(naming::clean_name(&name).as_ref(), Ok(&name));
        let key = typed::fold(&name);
        assert_eq!(typed::fold(&key), key, "folding once is enough: {name:?}");
        assert!(!name.chars().any(|c| c.is_control() || c.is_whitespace() || "@/\\<>'\"=+".contains(c)));
    }
    if let Ok(address) = naming::clean_email(&text) {
        assert!(address.is_ascii() && address.matches('@').count() == 1 && !address.contains(['\r', '\n', ' ', ',', '<']));
        assert_eq!(naming::clean_email(&address).as_ref(), Ok(&address));
    }
}

pub const PASSWORDS: &[&str] =
    &["purple-otter-7\u{1e}alice", "Alice12345\u{1e}alice", "8306172954\u{1e}x", "一个很长的中文密码短语\u{1e}张三", "someone@example.com"];

/// A password that passes lies within its bounds, and is not the name or the address in other letters.
pub fn passwords(input: &[u8]) {
    let [password, name] = parts::<2>(input).map(text);
    if policy::password(&password, 10, &name, "someone@example.com").is_ok() {
        assert!((10..=128).contains(&password.chars().count()));
        assert_ne!(typed::fold(&password), typed::fold(&name));
        assert_ne!(typed::fold(&password), typed::fold("someone@example.com"));
    }
}
