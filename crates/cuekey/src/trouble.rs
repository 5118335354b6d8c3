//! What goes wrong before anybody is served, said to the person at the terminal: what, and what to do about it.

use std::fmt;

use kernel::{Fault, Lang};

/// The command was not able to do its work.
const FAILED: u8 = 1;
/// Something has to be set up differently before it makes sense to try again.
const SETUP: u8 = 2;

#[derive(Debug)]
pub struct Trouble {
    pub exit: u8,
    zh: String,
    en: String,
}

pub type Result<T> = std::result::Result<T, Trouble>;

impl Trouble {
    pub fn failed(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { exit: FAILED, zh: zh.into(), en: en.into() }
    }

    pub fn setup(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { exit: SETUP, zh: zh.into(), en: en.into() }
    }

    pub fn message(&self, lang: Lang) -> &str {
        lang.pick(&self.zh, &self.en)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        if let store::Error::Damaged(why) = error {
            return Self::setup(
                format!("数据库文件已损坏，未作改动：{why}。请从备份恢复，并检查磁盘"),
                format!("the database file is damaged, and was not touched: {why}; restore a backup, and check the disk"),
            );
        }
        Self::failed(format!("数据库出错：{error}"), format!("The database failed: {error}"))
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        let mut words = [fault.zh.clone(), fault.en.clone()];
        for field in &fault.fields {
            words[0].push_str(&format!("\n  {}：{}", field.field, field.zh));
            words[1].push_str(&format!("\n  {}: {}", field.field, field.en));
        }
        if let Some(source) = &fault.source {
            words.iter_mut().for_each(|text| text.push_str(&format!(" ({source})")));
        }
        let [zh, en] = words;
        Self::failed(zh, en)
    }
}

/// The language of the terminal: English where the locale says so or cannot show Chinese, Chinese otherwise.
pub fn terminal_language() -> Lang {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    language_of(&locale.unwrap_or_default())
}

fn language_of(locale: &str) -> Lang {
    match locale {
        "C" | "POSIX" => Lang::En,
        _ if locale.starts_with("en") => Lang::En,
        _ => Lang::Zh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_is_spoken_to_in_its_language() {
        for (locale, lang) in [("", Lang::Zh), ("zh_CN.UTF-8", Lang::Zh), ("en_GB.UTF-8", Lang::En), ("C", Lang::En), ("C.UTF-8", Lang::Zh)]
        {
            assert_eq!(language_of(locale), lang, "{locale}");
        }
    }
}
