//! The bill of a day: a ZIP file of tables in GBK, of which one has a line for each payment and refund.

use std::io::{Cursor, Read as _};

use platform::payments::BillLine;

use crate::yuan::from_yuan;

/// A table of so many bytes is of no hall.
const LARGEST: u64 = 64 << 20;

/// Where a bill is fetched, of which Alipay has said that it is at `url`; none: nowhere. By https, for neither it nor its hash is signed, and nobody on
/// the way is to put another in its place: also where Alipay says http, as its own documents do. Of a stand-in, whose gateway has no https either, as
/// it says.
pub(super) fn address(url: &str, gateway: &str) -> Option<String> {
    let (plain, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return None,
    };
    Some(if plain && gateway.starts_with("http://") { url.to_owned() } else { format!("https://{rest}") })
}

pub(super) fn unpack(zip: &[u8]) -> Result<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).map_err(|error| error.to_string())?;
    for at in 0..archive.len() {
        let file = archive.by_index_raw(at).map_err(|error| error.to_string())?;
        // Named in GBK, mostly.
        let raw = file.name_raw();
        let name = std::str::from_utf8(raw).map_or_else(|_| encoding_rs::GBK.decode(raw).0.into_owned(), str::to_owned);
        drop(file);
        // The other one, 汇总, has sums.
        if !name.contains("汇总") && name.ends_with(".csv") {
            let file = archive.by_index(at).map_err(|error| error.to_string())?;
            let mut bytes = Vec::new();
            file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
            return Ok(encoding_rs::GBK.decode(&bytes).0.into_owned());
        }
    }
    Err("a bill without a table".into())
}

/// All payments and refunds. Lines that begin with `#` explain; columns are found by their names.
pub(super) fn read(text: &str) -> Result<Vec<BillLine>, String> {
    let mut rows = text.lines().map(str::trim).filter(|row| !row.is_empty() && !row.starts_with('#'));
    let heads: Vec<&str> = rows.next().ok_or("an empty bill")?.split(',').map(str::trim).collect();
    let column = |name: &str| heads.iter().position(|head| *head == name).ok_or_else(|| format!("a bill without {name}"));
    let (own, number, kind) = (column("支付宝交易号")?, column("商户订单号")?, column("业务类型")?);
    let (amount, refund) = (column("订单金额（元）")?, column("退款批次号/请求号")?);
    let mut lines = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.split(',').map(str::trim).collect();
        let cell = |at: usize| cells.get(at).copied().ok_or_else(|| format!("a short line: {row}"));
        let fen = from_yuan(cell(amount)?).ok_or_else(|| format!("no amount: {row}"))?;
        let (number, channel_no) = (cell(number)?.to_owned(), cell(own)?.to_owned());
        match cell(kind)? {
            "交易" => lines.push(BillLine { number, refund_number: None, channel_no, amount: fen }),
            // What went back is below zero.
            "退款" => lines.push(BillLine {
                number,
                refund_number: Some(cell(refund)?.to_owned()),
                channel_no,
                amount: kernel::Fen::new(fen.fen().abs()),
            }),
            _ => {}
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn k12_1_a_bill_is_fetched_by_https_but_of_a_stand_in() {
        let (real, stand_in) = ("https://openapi.alipay.com/gateway.do", "http://127.0.0.1:7300/gateway.do");
        let by = |url, gateway| address(url, gateway).unwrap_or_default();
        for url in ["http://dwbillcenter.alipay.com/file?x=http://y", "https://dwbillcenter.alipay.com/file?x=http://y"] {
            assert_eq!(by(url, real), "https://dwbillcenter.alipay.com/file?x=http://y");
        }
        assert_eq!(by("http://127.0.0.1:7300/bill", stand_in), "http://127.0.0.1:7300/bill");
        assert_eq!(by("https://127.0.0.1:7300/bill", stand_in), "https://127.0.0.1:7300/bill");
        for url in ["", "ftp://x/y", "//x/y", "file:///etc/passwd", "HTTP://x/y"] {
            assert!(address(url, real).is_none() && address(url, stand_in).is_none(), "{url}");
        }
    }
}
