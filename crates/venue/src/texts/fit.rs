//! What may stand in a variable of a reviewed template. Pure.
//!
//! A hall's and a table's name are whatever an operator has typed. Providers refuse a text for one sign too many, and an address in it may cost
//! the signature that they have reviewed: so names are made fit, and where that is not possible the text is not sent.

use kernel::text;

/// Tencent takes twelve characters in a variable, Aliyun 35.
pub(super) const LONGEST: usize = 12;

kernel::words! {
    /// Why a value cannot be made fit.
    pub(super) enum Unfit {
        /// Nothing is left of it that can be sent.
        Empty = "EMPTY",
        /// A web address, or what looks like one.
        Address = "ADDRESS",
    }
}

/// The value as it can be sent: without brackets, emoji and whatever cannot be seen, and not too long.
pub(super) fn fit(value: &str) -> Result<String, Unfit> {
    let kept = text::plain(value).chars().filter_map(kept).collect::<String>();
    // What was taken out may have kept two signs apart that are one together.
    let kept = text::plain(&kept).split_whitespace().collect::<Vec<_>>().join(" ");
    if is_address(&kept) {
        return Err(Unfit::Address);
    }
    let cut = kept.chars().take(LONGEST).collect::<String>().trim_end().to_owned();
    if cut.chars().any(char::is_alphanumeric) { Ok(cut) } else { Err(Unfit::Empty) }
}

fn kept(c: char) -> Option<char> {
    if c.is_whitespace() || c.is_control() {
        return Some(' ');
    }
    // Signs that count as letters, for Unicode, and are drawn as pictures.
    let drawn = matches!(c, '\u{2100}'..='\u{2bff}' | '\u{1f000}'..='\u{1ffff}');
    ((c.is_alphanumeric() && !drawn) || "-_.,:()/+#、。".contains(c)).then_some(c)
}

/// Whether a phone might make a link of it, or a reader an address.
fn is_address(text: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().replace('。', ".").chars().filter(|c| *c != ' ').collect();
    let has = |part: &str| text.windows(part.len()).any(|window| window.iter().copied().eq(part.chars()));
    // "qiu.com": a word, a dot, and letters. "2.5" and "No.3" are none.
    let dotted = text.windows(4).any(|w| w[0].is_alphanumeric() && w[1] == '.' && w[2].is_ascii_alphabetic() && w[3].is_ascii_alphabetic());
    has("http") || has("www") || has("//") || dotted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn k12_2_names_are_made_fit() {
        for (name, fits) in [
            ("旗舰店", "旗舰店"),
            (" 3  号台 ", "3 号台"),
            ("【官方】3号台", "官方3号台"),
            ("🎱 ⑧号台 🅰", "8号台"),
            ("Ａ１\u{200b}\u{202e}台", "A1台"),
            ("a\nb\u{7}c", "a b c"),
            ("No.3", "No.3"),
            ("12.50", "12.50"),
            ("20:30", "20:30"),
            ("星河自助台球俱乐部（万达广场店）", "星河自助台球俱乐部(万达"),
        ] {
            assert_eq!(fit(name).as_deref(), Ok(fits), "{name:?}");
        }
    }

    #[test]
    fn k12_2_an_address_is_refused_however_it_is_written() {
        for name in [
            "qiu.com",
            "加V http 领券",
            "https://x.cn/a",
            "ＷＷＷ．qiu．cn",
            "w\u{200b}ww.1",
            "台球。com",
            "qiu .com",
            "q【】iu.c🎱om",
            "//x",
        ] {
            assert_eq!(fit(name), Err(Unfit::Address), "{name:?}");
        }
        for name in ["", "  ", "【】", "🎱🎱", "...", "\u{202e}"] {
            assert_eq!(fit(name), Err(Unfit::Empty), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn k12_2_whatever_is_typed_fits_or_is_refused(name in any::<String>(), around in "[【】w.a-c:/ 🎱。\u{200b}]{0,20}") {
            for name in [&name, &around, &format!("{around}{name}")] {
                if let Ok(fits) = fit(name) {
                    prop_assert!((1..=LONGEST).contains(&fits.chars().count()), "{fits:?}");
                    prop_assert!(!fits.chars().any(|c| c.is_control() || "【】[]\u{200b}🎱@".contains(c)), "{fits:?}");
                    prop_assert!(!is_address(&fits), "{fits:?}");
                    prop_assert_eq!(fit(&fits), Ok(fits.clone()));
                }
            }
        }

        #[test]
        fn k12_2_plain_names_and_amounts_stay_as_they_are(name in "[A-Z0-9一-龥]{1,12}", fen in 0_i64..10_000_000) {
            prop_assume!(!is_address(&name));
            prop_assert_eq!(fit(&name), Ok(name.clone()));
            let amount = crate::told::yuan(kernel::Fen::new(fen));
            prop_assert_eq!(fit(&amount), Ok(amount.clone()));
        }
    }
}
