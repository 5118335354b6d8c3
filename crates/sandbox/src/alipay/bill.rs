//! The bill of a day: two tables in GBK, in a ZIP file.

use std::io::{Cursor, Write as _};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::{Fen, Timestamp};
use serde::Deserialize;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::words::{beijing, yuan};
use super::{Inner, Shared};
use crate::trouble::Asked;

#[derive(Deserialize)]
pub(super) struct Day {
    day: String,
}

pub(super) async fn download(State(state): State<Shared>, Query(Day { day }): Query<Day>) -> Response {
    let packed = state.bill(&day).and_then(|table| pack(state.known.seller, &day, &table).ok());
    packed.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

fn pack(seller: &str, day: &str, table: &str) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let day = day.replace('-', "");
    for (kind, text) in [("业务明细(汇总)", "#汇总\r\n"), ("业务明细", table)] {
        zip.start_file(format!("{seller}0156_{day}_{kind}.csv"), SimpleFileOptions::default())?;
        zip.write_all(&encoding_rs::GBK.encode(text).0)?;
    }
    Ok(zip.finish()?.into_inner())
}

const HEADS: &str = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注";

impl Inner {
    pub(super) fn bill(&self, day: &str) -> Option<String> {
        let is_of = |at: Timestamp| beijing(at).starts_with(day);
        let forged = self.troubles().asked == Asked::BillsForged;
        let mut rows = Vec::new();
        for trade in self.books().all().into_iter().filter(|trade| trade.kind != super::freeze::KIND) {
            let row = |kind: &str, at: Timestamp, amount: Fen, request: &str| {
                let sign = if kind == "退款" { "-" } else { "" };
                let (at, amount) = (beijing(at), format!("{sign}{}", yuan(amount)));
                let subject: String = trade.subject.chars().filter(|c| !",\t\r\n".contains(*c)).collect();
                let (own, number, payer) = (&trade.transaction, &trade.number, &trade.openid);
                format!("{own}\t,{number}\t,{kind},{subject},{at},{at},,,,,{payer},{amount},{amount},0,0,0,0,0,,0,0,{request},0,0,")
            };
            if let Some(at) = trade.paid_at.filter(|at| is_of(*at)) {
                rows.push(row("交易", at, trade.amount, ""));
            }
            for refund in trade.refunds.iter().filter(|refund| (refund.status == "SUCCESS" || forged) && is_of(refund.at)) {
                rows.push(row("退款", refund.at, refund.amount, &refund.number));
            }
        }
        if rows.is_empty() {
            return None;
        }
        let about = "#支付宝业务明细查询\r\n#-----------------------------------------业务明细列表----------------------------------------";
        Some(format!(
            "{about}\r\n{HEADS}\r\n{}\r\n#-----------------------------------------业务明细列表结束------------------------------------\r\n",
            rows.join("\r\n")
        ))
    }
}
