//! What it tells merchants by itself: signed and encrypted, and again until it is taken.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::json;

use super::{API_V3_KEY, Inner, MERCHANT};
use crate::books::{Refund, Trade};
use crate::trouble::Told;

type Notice = (Vec<(&'static str, String)>, String);

/// How often it tries.
const TRIES: u32 = 5;

impl Inner {
    pub(super) fn paid_notice(&self, trade: &Trade) -> Notice {
        let off = i64::from(self.troubles().told == Told::OtherAmount);
        let said = json!({
            "appid": trade.app_id,
            "mchid": MERCHANT,
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

    pub(super) fn notice(&self, id: &str, event: &str, kind: &str, said: &str) -> Notice {
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
                "ciphertext": encrypted(said, kind, nonce),
                "associated_data": kind,
                "nonce": nonce,
            },
        });
        let body = body.to_string();
        (self.seal(&body, self.troubles().told == Told::Forged), body)
    }

    pub(super) async fn tell_paid(self: &Arc<Self>, trade: &Trade) {
        let notice = self.paid_notice(trade);
        self.send(&trade.notify_url, notice).await;
    }

    pub(super) fn refunded_notice(&self, trade: &Trade, refund: &Refund) -> Notice {
        let said = json!({
            "mchid": MERCHANT,
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

    pub(super) async fn tell_refunded(self: &Arc<Self>, trade: &Trade, refund: &Refund) {
        let notice = self.refunded_notice(trade, refund);
        self.send(&trade.notify_url, notice).await;
    }

    /// The first time at once, so that whoever has paid finds it told; the others beside.
    async fn send(self: &Arc<Self>, url: &str, notice: Notice) {
        let told = self.troubles().told;
        if told == Told::Lost {
            return;
        }
        if told == Told::Twice {
            tokio::join!(self.post(url, &notice), self.post(url, &notice));
            return;
        }
        if self.post(url, &notice).await || told != Told::Once {
            return;
        }
        let (own, url) = (Arc::clone(self), url.to_owned());
        tokio::spawn(async move {
            for _ in 1..TRIES {
                own.clock.sleep(Duration::from_secs(15)).await;
                // Signed anew: the time is part of it.
                let again = (own.seal(&notice.1, false), notice.1.clone());
                if own.post(&url, &again).await {
                    return;
                }
            }
        });
    }

    async fn post(&self, url: &str, (headers, body): &Notice) -> bool {
        let mut request =
            self.client.post(url).timeout(Duration::from_secs(5)).header("content-type", "application/json").body(body.clone());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send().await.is_ok_and(|response| response.status().is_success())
    }
}

fn encrypted(text: &str, aad: &str, nonce: &str) -> String {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, API_V3_KEY.as_bytes()).expect("32 bytes are a key"));
    let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).expect("12 bytes are a nonce");
    let mut sealed = text.as_bytes().to_vec();
    key.seal_in_place_append_tag(nonce, Aad::from(aad.as_bytes()), &mut sealed).expect("it can be sealed");
    STANDARD.encode(sealed)
}
