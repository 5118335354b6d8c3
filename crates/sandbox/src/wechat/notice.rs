//! What it tells merchants by itself: signed and encrypted, and again until it is taken.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::Clock;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::json;

use super::Inner;
use crate::books::{Refund, Trade};
use crate::outbox::{Outbox, Tells, tell};
use crate::trouble::Told;

/// Headers and body.
pub(super) type Notice = (Vec<(&'static str, String)>, String);

/// A notice that is still to be signed: the time at which it leaves is part of that.
pub(crate) struct Telling {
    url: String,
    body: String,
}

impl Inner {
    /// Its body.
    pub(super) fn paid_notice(&self, trade: &Trade) -> String {
        let off = i64::from(self.troubles().told == Told::OtherAmount);
        let said = json!({
            "appid": trade.app_id,
            "mchid": self.known.merchant,
            "out_trade_no": trade.number,
            "transaction_id": trade.transaction,
            "trade_type": trade.kind.to_uppercase(),
            "trade_state": "SUCCESS",
            "success_time": trade.paid_at.map(|at| at.to_string()),
            "payer": {"openid": trade.openid},
            "amount": {"total": trade.amount.fen() - off, "payer_total": trade.amount.fen() - off, "currency": "CNY", "payer_currency": "CNY"},
        });
        self.notice(&trade.transaction, "TRANSACTION.SUCCESS", "transaction", &said.to_string())
    }

    pub(super) fn notice(&self, id: &str, event: &str, kind: &str, said: &str) -> String {
        let nonce = &hex::encode(self.random.bytes::<6>());
        let body = json!({
            "id": format!("EV-{id}"),
            "create_time": self.clock.now().to_string(),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": event,
            "resource": {
                "original_type": kind,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": encrypted(self.known.api_v3_key, said, kind, nonce),
                "associated_data": kind,
                "nonce": nonce,
            },
        });
        body.to_string()
    }

    /// As it leaves now.
    pub(super) fn sealed_notice(&self, body: String) -> Notice {
        let key = self.signed.of_notice(self.troubles().next_key);
        (self.seal(&body, self.troubles().told == Told::Forged, key), body)
    }

    pub(super) fn leaving(&self, telling: &Telling) -> Notice {
        self.sealed_notice(telling.body.clone())
    }

    pub(super) async fn tell_paid(self: &Arc<Self>, trade: &Trade) {
        tell(self, Telling { url: trade.notify_url.clone(), body: self.paid_notice(trade) }).await;
    }

    /// Its body.
    pub(super) fn refunded_notice(&self, trade: &Trade, refund: &Refund) -> String {
        let said = json!({
            "mchid": self.known.merchant,
            "out_trade_no": trade.number,
            "transaction_id": trade.transaction,
            "out_refund_no": refund.number,
            "refund_id": refund.own,
            "refund_status": "SUCCESS",
            "success_time": refund.at.to_string(),
            "amount": {"total": trade.amount.fen(), "refund": refund.amount.fen()},
        });
        self.notice(&refund.own, "REFUND.SUCCESS", "refund", &said.to_string())
    }

    /// Where the merchant has said that refunds are told; nowhere, where it has not.
    pub(super) async fn tell_refunded(self: &Arc<Self>, url: Option<&str>, trade: &Trade, refund: &Refund) {
        if let Some(url) = url {
            tell(self, Telling { url: url.to_owned(), body: self.refunded_notice(trade, refund) }).await;
        }
    }
}

impl Tells for Inner {
    type Notice = Telling;

    const AGAIN: Duration = Duration::from_secs(15);

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
        let (headers, body) = self.leaving(telling);
        let mut request =
            self.client.post(&telling.url).timeout(Duration::from_secs(5)).header("content-type", "application/json").body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await.is_ok_and(|response| response.status().is_success())
    }
}

fn encrypted(key: &str, text: &str, aad: &str, nonce: &str) -> String {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).expect("32 bytes are a key"));
    let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).expect("12 bytes are a nonce");
    let mut sealed = text.as_bytes().to_vec();
    key.seal_in_place_append_tag(nonce, Aad::from(aad.as_bytes()), &mut sealed).expect("it can be sealed");
    STANDARD.encode(sealed)
}
