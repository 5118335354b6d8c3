//! What it tells merchants by itself: a signed form, and again until it is answered `success`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, Fen};

use super::Inner;
use super::freeze::KIND;
use super::words::{FROZEN_FROM, TOLD_BUYER, beijing, yuan};
use crate::books::Trade;
use crate::outbox::{Outbox, Tells, tell};
use crate::trouble::Told;

/// A notice, signed.
pub(crate) struct Telling {
    url: String,
    pub(super) form: String,
}

impl Inner {
    pub(super) fn paid_notice(&self, trade: &Trade) -> String {
        let told = self.troubles().told;
        let amount = yuan(Fen::new(trade.amount.fen() - i64::from(told == Told::OtherAmount)));
        let paid = trade.paid_at.map(beijing).unwrap_or_default();
        let id = format!("n{}", trade.transaction);
        let (name, payer) = self.calls(&trade.openid, TOLD_BUYER);
        let mut fields: BTreeMap<&str, &str> = BTreeMap::from([
            ("app_id", self.known.app),
            ("seller_id", self.known.seller),
            ("notify_id", &id),
            ("notify_type", "trade_status_sync"),
            ("notify_time", &paid),
            ("gmt_payment", &paid),
            ("charset", "utf-8"),
            ("version", "1.0"),
            ("out_trade_no", &trade.number),
            ("trade_no", &trade.transaction),
            ("trade_status", "TRADE_SUCCESS"),
            ("total_amount", &amount),
            ("subject", &trade.subject),
            (name, &payer),
        ]);
        self.signed(&mut fields)
    }

    pub(super) fn frozen_notice(&self, trade: &Trade) -> String {
        let amount = yuan(Fen::new(trade.amount.fen() - i64::from(self.troubles().told == Told::OtherAmount)));
        let at = trade.paid_at.map(beijing).unwrap_or_default();
        let id = format!("n{}", trade.transaction);
        let (name, payer) = self.calls(&trade.openid, FROZEN_FROM);
        let mut fields: BTreeMap<&str, &str> = BTreeMap::from([
            ("app_id", self.known.app),
            ("payee_user_id", self.known.seller),
            ("notify_id", &id),
            ("notify_type", "fund_auth_freeze"),
            ("notify_time", &at),
            ("gmt_trans", &at),
            ("charset", "utf-8"),
            ("version", "1.0"),
            ("out_order_no", &trade.number),
            ("out_request_no", &trade.number),
            ("auth_no", &trade.transaction),
            ("operation_id", &trade.transaction),
            ("operation_type", "FREEZE"),
            ("status", "SUCCESS"),
            ("amount", &amount),
            ("total_freeze_amount", &amount),
            ("rest_amount", &amount),
            (name, &payer),
        ]);
        self.signed(&mut fields)
    }

    pub(super) fn signed<'a>(&self, fields: &mut BTreeMap<&'a str, &'a str>) -> String {
        let told = self.troubles().told;
        let message = fields
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("&");
        let sign = if told == Told::Forged { self.merchant.sign(message.as_bytes()) } else { self.own.sign(message.as_bytes()) };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields.iter());
        form.append_pair("sign", &sign).append_pair("sign_type", "RSA2").finish()
    }

    pub(super) async fn tell_paid(self: &Arc<Self>, trade: &Trade) {
        let form = if trade.kind == KIND { self.frozen_notice(trade) } else { self.paid_notice(trade) };
        tell(self, Telling { url: trade.notify_url.clone(), form }).await;
    }
}

impl Tells for Inner {
    type Notice = Telling;

    const AGAIN: Duration = Duration::from_secs(120);

    fn outbox(&self) -> &Outbox<Telling> {
        &self.outbox
    }

    fn how(&self) -> Told {
        self.troubles().told
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn post(&self, telling: &Telling) -> bool {
        let request = self.client.post(&telling.url).timeout(Duration::from_secs(5)).body(telling.form.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let Ok(response) = request.send().await else { return false };
        response.status().as_u16() == 200 && response.text().await.is_ok_and(|text| text == "success")
    }
}
