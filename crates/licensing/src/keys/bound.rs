//! The ids of a key's devices as they stand on its row: a line each. (An id has no line breaks: it is cleaned when it arrives.)

use std::fmt::Write as _;

pub(crate) fn read(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

pub(crate) fn write<S: AsRef<str>>(ids: impl IntoIterator<Item = S>) -> String {
    let mut text = String::new();
    for id in ids {
        let _ = write!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, id.as_ref());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(ids in proptest::collection::vec(".{1,20}", 0..6)) {
            let clean: Vec<String> = ids.iter().filter_map(|id| kernel::text::clean(id, 1, 128, false).ok()).collect();
            prop_assert_eq!(read(&write(&clean)), clean);
        }
    }
}
