//! Files by which WeChat sees that a domain is ours (校验文件): `<data folder>/wechat/NAME.txt`, asked for beside the pages.
//!
//! Read each time anew: WeChat asks once or twice, and nobody has to start the server again for it. What may be asked for is one plain
//! name, so nothing outside of that folder is.

use std::path::Path;

/// WeChat's are of a few dozen bytes.
const MOST_BYTES: u64 = 1024;
/// Without its ending.
const LONGEST_NAME: usize = 64;

/// What the file of this name says; `None` where there is none that may be shown.
pub(crate) async fn read(folder: Option<&Path>, name: &str) -> Option<Vec<u8>> {
    if !is_name(name) {
        return None;
    }
    let path = folder?.join(name);
    // Asked before it is opened: a pipe would be waited for.
    let about = tokio::fs::metadata(&path).await.ok()?;
    if !about.is_file() || about.len() > MOST_BYTES {
        return None;
    }
    tokio::fs::read(&path).await.ok()
}

fn is_name(name: &str) -> bool {
    name.strip_suffix(".txt").is_some_and(|stem| {
        (1..=LONGEST_NAME).contains(&stem.len()) && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_plain_word_and_its_ending() {
        let longest = format!("{}.txt", "a".repeat(LONGEST_NAME));
        for good in ["MP_verify_a1B2c3D4.txt", "a-b.txt", "7.txt", longest.as_str()] {
            assert!(is_name(good), "{good}");
        }
        let too_long = format!("a{longest}");
        for bad in [
            "",
            ".txt",
            "a.TXT",
            "a.txt.txt",
            "a",
            "a/b.txt",
            "../a.txt",
            "..txt",
            "a b.txt",
            "%61.txt",
            "文.txt",
            "a\\b.txt",
            too_long.as_str(),
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
