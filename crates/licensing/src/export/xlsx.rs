//! Excel: rows go to a temporary file as they come, since the format needs its end before its beginning.

use std::io::{Seek, SeekFrom};

use kernel::Fault;
use platform::settings::defs;
use platform::{Cx, Result};
use rust_xlsxwriter::{Format, Workbook};
use tokio::sync::mpsc;

use super::{ExportAsk, Pages};

/// A sheet has 1,048,576 rows, and the first is for the titles.
pub(super) const MOST_KEYS: i64 = 1_048_575;

/// Whether a sheet holds so many keys.
pub(super) fn fits(keys: i64) -> Result<()> {
    if keys <= MOST_KEYS {
        return Ok(());
    }
    Err(Fault::field(
        "format",
        "TOO_MANY_ROWS",
        format!("Excel 最多容纳 {MOST_KEYS} 行，请改用 CSV 或缩小范围"),
        format!("Excel holds at most {MOST_KEYS} rows; choose CSV, or fewer keys"),
    ))
}

/// The finished file, rewound. It has no name on the disk and is gone when closed.
pub async fn xlsx(cx: &Cx, ask: ExportAsk) -> Result<std::fs::File> {
    let zone = cx.settings.get(defs::TIME_ZONE);
    let lang = cx.lang;
    let titles: Vec<&'static str> = ask.columns.iter().map(|column| column.title(lang)).collect();
    // A little ahead of the writer, and no more: that bounds the memory.
    let (send, rows) = mpsc::channel::<Vec<Vec<String>>>(2);
    let writer = tokio::task::spawn_blocking(move || write(&titles, rows));
    let mut pages = Pages::new(cx.clone(), &ask.selection).await?;
    let mut count = 0;
    loop {
        let keys = pages.next().await?;
        if keys.is_empty() {
            break;
        }
        // More may have been made since the link was asked for.
        count += i64::try_from(keys.len()).unwrap_or(i64::MAX);
        fits(count)?;
        let cells = keys.iter().map(|key| ask.columns.iter().map(|column| column.cell(key, lang, &zone)).collect()).collect();
        if send.send(cells).await.is_err() {
            break;
        }
    }
    drop(send);
    writer.await.map_err(Fault::internal)?
}

fn write(titles: &[&str], mut rows: mpsc::Receiver<Vec<Vec<String>>>) -> Result<std::fs::File> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(Fault::internal)?;
    let bold = Format::new().set_bold();
    for (column, title) in (0_u16..).zip(titles) {
        sheet.set_column_width(column, if column == 0 { 34 } else { 22 }).map_err(Fault::internal)?;
        sheet.write_string_with_format(0, column, *title, &bold).map_err(Fault::internal)?;
    }
    let mut row = 0;
    while let Some(page) = rows.blocking_recv() {
        for cells in page {
            row += 1;
            for (column, cell) in (0_u16..).zip(cells) {
                // Always as text: a spreadsheet computes nothing that came from others.
                sheet.write_string(row, column, cell).map_err(Fault::internal)?;
            }
        }
    }
    let mut file = tempfile::tempfile().map_err(Fault::internal)?;
    workbook.save_to_writer(&mut file).map_err(Fault::internal)?;
    file.seek(SeekFrom::Start(0)).map_err(Fault::internal)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bound is the library's own: the last row that it takes.
    #[test]
    fn what_fits_is_what_the_library_can_write() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        let last = u32::try_from(MOST_KEYS).unwrap();
        assert!(fits(MOST_KEYS).is_ok() && sheet.write_string(last, 0, "x").is_ok());
        let refused = fits(MOST_KEYS + 1).unwrap_err();
        assert_eq!((refused.fields[0].field.as_str(), refused.fields[0].code), ("format", "TOO_MANY_ROWS"));
        assert!(sheet.write_string(last + 1, 0, "x").is_err());
    }
}
