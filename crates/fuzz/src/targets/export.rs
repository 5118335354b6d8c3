//! Files for spreadsheets. Nothing imports CSV; what is exported holds names that others chose.

use licensing::export::{harmless, lines};

use crate::{parts, text};

/// What begins a formula, in ASCII and in the full width that a Chinese Excel takes for the same.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

pub const CELLS: &[&str] =
    &["=1+1", "a;=1+1", "a\t@x", "  =cmd|' /C calc'!A0", "a\n-1", "\"=1\"", "＝1", "7K2M9-QX4TD", "张三,+1", "a;\u{a0}\"+1", "'=1"];

/// Whichever sign a spreadsheet takes for the border of cells, no cell that it finds begins a formula.
pub fn cells(input: &[u8]) {
    let cell = harmless(text(input));
    // A reader who splits at commas, which is what is written, takes the cell whole.
    for separator in [None, Some(';'), Some('\t'), Some('\n'), Some('\r')] {
        let found: Vec<&str> = separator.map_or_else(|| vec![cell.as_str()], |separator| cell.split(separator).collect());
        for part in found {
            let shown = part.trim_start_matches([' ', '\u{3000}', '\u{a0}', '"']);
            assert!(!shown.starts_with(FORMULA), "{cell:?} at {separator:?}");
        }
    }
    assert_eq!(harmless(cell.clone()), cell, "once is enough");
    assert_eq!(cell.replace('\'', ""), text(input).replace('\'', ""), "nothing is lost");
}

pub const FILES: &[&str] = &["a\u{1e}b\u{1e}c", "\"\u{1e},\u{1e}\r\n", "a\"b\u{1e}c\nd\u{1e}"];

/// A file reads back as the cells that were written.
pub fn files(input: &[u8]) {
    let row: Vec<String> = parts::<3>(input).map(text).to_vec();
    let file = lines(&[row.clone(), row.clone()]).expect("a row of texts can be written");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_slice());
    let read: Vec<Vec<String>> = reader.records().filter_map(Result::ok).map(|record| record.iter().map(str::to_owned).collect()).collect();
    assert_eq!(read, [row.clone(), row]);
}
