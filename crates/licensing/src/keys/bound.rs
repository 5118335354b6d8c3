//! A key's devices as they stand on its row, in the order in which they were bound: a line each, with id, time in microseconds, and name
//! between tabs. (Neither id nor name has line breaks or tabs: they are cleaned when they arrive.)

use std::fmt::Write as _;

use kernel::Timestamp;

use super::store::KeyDevice;

/// A line that is not whole is a device all the same: who was let in is not shut out.
pub(crate) fn read(text: &str) -> Vec<KeyDevice> {
    let device = |line: &str| {
        let mut parts = line.splitn(3, '\t');
        let mut part = || parts.next().unwrap_or_default();
        let (id, at, name) = (part(), part(), part());
        KeyDevice { id: id.to_owned(), name: name.to_owned(), bound_at: Timestamp::from_micros(at.parse().unwrap_or(0)) }
    };
    text.lines().map(device).collect()
}

pub(crate) fn write<'a>(devices: impl IntoIterator<Item = &'a KeyDevice>) -> String {
    let mut text = String::new();
    for KeyDevice { id, name, bound_at } in devices {
        let _ = write!(text, "{}{id}\t{}\t{name}", if text.is_empty() { "" } else { "\n" }, bound_at.micros());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(devices in proptest::collection::vec((".{1,20}", any::<i64>(), ".{0,20}"), 0..6)) {
            let clean = |text: &str, min| kernel::text::clean(text, min, 128, false).ok();
            let device = |(id, at, name): (String, i64, String)| Some(KeyDevice { id: clean(&id, 1)?, name: clean(&name, 0)?, bound_at: Timestamp::from_micros(at) });
            let devices: Vec<KeyDevice> = devices.into_iter().filter_map(device).collect();
            prop_assert_eq!(read(&write(&devices)), devices);
        }

        #[test]
        fn whatever_stands_there_names_a_device_a_line(text: String) {
            prop_assert_eq!(read(&text).len(), text.lines().count());
        }
    }
}
