//! CSV, streamed: pages are written as the receiver takes them.

use bytes::Bytes;
use kernel::Fault;
use platform::settings::defs;
use platform::{Cx, Result};
use tokio::sync::mpsc;

use super::{ExportAsk, Pages};

/// The file, piece by piece. An error in the middle breaks the download off, so that half a file is not taken for a whole.
pub fn csv(cx: &Cx, ask: ExportAsk) -> mpsc::Receiver<Result<Bytes>> {
    let (send, receive) = mpsc::channel(2);
    let cx = cx.clone();
    tokio::spawn(async move {
        if let Err(fault) = write(&cx, ask, &send).await {
            let _ = send.send(Err(fault)).await;
        }
    });
    receive
}

async fn write(cx: &Cx, ask: ExportAsk, send: &mpsc::Sender<Result<Bytes>>) -> Result<()> {
    let zone = cx.settings.get(defs::TIME_ZONE);
    // Excel takes a file for UTF-8 only behind this mark.
    let mut head = b"\xef\xbb\xbf".to_vec();
    head.extend(lines(&[ask.columns.iter().map(|column| column.title(cx.lang).to_owned()).collect()])?);
    let _ = send.send(Ok(head.into())).await;
    let mut pages = Pages::new(cx.clone(), &ask.selection).await?;
    loop {
        let keys = pages.next().await?;
        if keys.is_empty() {
            return Ok(());
        }
        let rows: Vec<Vec<String>> =
            keys.iter().map(|key| ask.columns.iter().map(|column| column.cell(key, cx.lang, &zone)).collect()).collect();
        if send.send(Ok(lines(&rows)?.into())).await.is_err() {
            // The receiver has gone away: nobody wants the rest.
            return Ok(());
        }
    }
}

/// Rows as they stand in the file.
pub fn lines(rows: &[Vec<String>]) -> Result<Vec<u8>> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(Fault::internal)?;
    }
    writer.into_inner().map_err(|error| Fault::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn k3_1c_a_cell_is_one_whatever_stands_in_it() {
        let rows = [["a", "b,c"], ["d\"e", "f\ng"], ["", "卡密"]].map(|row| row.map(str::to_owned).to_vec());
        let text = String::from_utf8(lines(&rows).unwrap()).unwrap();
        assert_eq!(text, "a,\"b,c\"\r\n\"d\"\"e\",\"f\ng\"\r\n,卡密\r\n");
        assert!(lines(&[]).unwrap().is_empty());
    }
}
