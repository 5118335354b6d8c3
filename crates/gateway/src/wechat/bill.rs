//! The bill of a day: a table of comma-separated texts, each after a grave accent, amounts in yuan.

use platform::payments::BillLine;

use crate::yuan::from_yuan;

/// All payments and refunds that succeeded. Columns are found by their names, since their number differs from kind to kind of bill.
pub(super) fn read(text: &str) -> Result<Vec<BillLine>, String> {
    let mut rows = text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|row| !row.is_empty());
    let heads: Vec<&str> = rows.next().ok_or("an empty bill")?.split(',').map(str::trim).collect();
    let column = |name: &str| heads.iter().position(|head| *head == name).ok_or_else(|| format!("a bill without {name}"));
    let (state, number, own) = (column("交易状态")?, column("商户订单号")?, column("微信订单号")?);
    let total = column("应结订单金额").or_else(|_| column("总金额"))?;
    let (refund, refund_own) = (column("商户退款单号")?, column("微信退款单号")?);
    let (refund_amount, refund_state) = (column("退款金额")?, column("退款状态")?);
    let mut lines = Vec::new();
    // The sums at the end begin with a head of their own, without accents.
    for row in rows.take_while(|row| row.starts_with('`')) {
        let cells: Vec<&str> = row.split(",`").map(|cell| cell.trim_start_matches('`').trim()).collect();
        let cell = |at: usize| cells.get(at).copied().ok_or_else(|| format!("a short line: {row}"));
        let amount = |at: usize| from_yuan(cell(at)?).ok_or_else(|| format!("no amount: {row}"));
        match cell(state)? {
            "SUCCESS" => lines.push(BillLine {
                number: cell(number)?.to_owned(),
                refund_number: None,
                channel_no: cell(own)?.to_owned(),
                amount: amount(total)?,
            }),
            "REFUND" if cell(refund_state)? == "SUCCESS" => lines.push(BillLine {
                number: cell(number)?.to_owned(),
                refund_number: Some(cell(refund)?.to_owned()),
                channel_no: cell(refund_own)?.to_owned(),
                amount: amount(refund_amount)?,
            }),
            _ => {}
        }
    }
    Ok(lines)
}
