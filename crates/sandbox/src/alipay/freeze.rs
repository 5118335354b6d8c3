//! Pre-authorisations: money that is frozen under a code, let go in parts, and taken by payments that name it.

use kernel::Fen;
use serde_json::{Value, json};

use super::Inner;
use super::words::{
    BUYER, FAILED, FROZEN_FROM, Fields, PAYER, Refused, beijing, from_yuan, is_own_number, is_subject, notify_url, text, yuan,
};
use crate::books::{Books, Refund, Trade, TradeState};
use crate::trouble::{Asked, Returned};

/// As trades of this kind are called in the books. What was let go stands in its refunds.
pub(super) const KIND: &str = "freeze";
/// Of those that took from one.
const TAKEN: &str = "capture";

/// What is still frozen of it.
fn rest(books: &Books, frozen: &Trade) -> i64 {
    let all = books.all();
    let of_it = all.iter().filter(|trade| trade.kind == TAKEN && trade.paid_at.is_some() && trade.token == frozen.transaction);
    let taken: i64 = of_it.map(|trade| trade.amount.fen()).sum();
    frozen.amount.fen() - frozen.refunded().fen() - taken
}

impl Inner {
    pub(super) fn voucher(&self, fields: &Fields, content: &Value) -> Result<Value, Refused> {
        let (number, title) = (text(content, "out_order_no"), text(content, "order_title"));
        let minutes = text(content, "pay_timeout").strip_suffix('m').and_then(|minutes| minutes.parse::<i64>().ok());
        let minutes = minutes.filter(|minutes| (1..=15 * 1_440).contains(minutes));
        let known = text(content, "product_code") == "PREAUTH_PAY" && text(content, "payee_user_id") == self.known.seller;
        let numbers = is_own_number(number) && is_own_number(text(content, "out_request_no"));
        let (Some(amount), Some(minutes), Some(notify_url), true, true, true) =
            (from_yuan(text(content, "amount")), minutes, notify_url(fields), known, numbers, is_subject(title))
        else {
            return Err((FAILED, "INVALID_PARAMETER"));
        };
        let trade = Trade {
            number: number.into(),
            transaction: String::new(),
            subject: title.into(),
            amount,
            state: TradeState::Open,
            refunds: Vec::new(),
            paid_at: None,
            token: hex::encode(self.random.bytes::<12>()),
            kind: KIND.into(),
            app_id: String::new(),
            openid: PAYER.into(),
            notify_url,
            expires: self.clock.now().plus_seconds(minutes * 60),
        };
        let mut books = self.books();
        let token = match books.trade(number) {
            None => {
                let token = trade.token.clone();
                books.add(trade);
                token
            }
            Some(known) if known.state == TradeState::Open && known.is(&trade) => known.token.clone(),
            Some(_) => return Err((FAILED, "AUTH_ORDER_EXIST")),
        };
        let code = format!("{}/pay?token={token}", self.base);
        Ok(json!({"out_order_no": number, "out_request_no": number, "code_type": "qrCode", "code_value": code}))
    }

    pub(super) fn operation(&self, content: &Value) -> Result<Value, Refused> {
        let (number, request) = (text(content, "out_order_no"), text(content, "out_request_no"));
        let (now, how) = (self.clock.now(), self.troubles().refunds);
        let mut books = self.books();
        // What was slow has happened by itself meanwhile.
        let slow = books.trade_mut(number).and_then(|trade| trade.refunds.iter_mut().find(|one| one.number == request));
        if let Some(slow) = slow.filter(|one| one.status == "PROCESSING" && how == Returned::AtOnce) {
            (slow.status, slow.at) = ("SUCCESS", now);
        }
        let trade = books.trade(number).filter(|trade| trade.kind == KIND).ok_or((FAILED, "AUTH_ORDER_NOT_EXIST"))?;
        let off = i64::from(self.troubles().asked == Asked::Altered);
        let mut said = json!({
            "auth_no": trade.transaction,
            "out_order_no": number,
            "out_request_no": request,
            "order_title": trade.subject,
            "total_freeze_amount": yuan(trade.amount),
            "rest_amount": yuan(Fen::new(rest(&books, trade))),
        });
        let (name, payer) = self.calls(&trade.openid, FROZEN_FROM);
        said[name] = payer.into();
        let (kind, status, amount, at) = if request == number {
            let status = match trade.state {
                TradeState::Open => "INIT",
                TradeState::Paid => "SUCCESS",
                TradeState::Closed => "CLOSED",
            };
            ("FREEZE", status, trade.amount, trade.paid_at)
        } else {
            let refund = trade.refunds.iter().find(|refund| refund.number == request).ok_or((FAILED, "AUTH_OPERATION_NOT_EXIST"))?;
            ("UNFREEZE", if refund.status == "SUCCESS" { "SUCCESS" } else { "INIT" }, refund.amount, Some(refund.at))
        };
        said["operation_type"] = kind.into();
        said["operation_id"] = format!("{}{request}", trade.transaction).into();
        said["status"] = status.into();
        said["amount"] = yuan(Fen::new(amount.fen() - off)).into();
        said["gmt_trans"] = at.map(beijing).unwrap_or_default().into();
        Ok(said)
    }

    /// Lets go all that is frozen, too, as the real one does.
    pub(super) fn cancel_operation(&self, content: &Value) -> Result<Value, Refused> {
        let number = text(content, "out_order_no");
        if number.is_empty() || text(content, "remark").is_empty() {
            return Err((FAILED, "INVALID_PARAMETER"));
        }
        // Of its operations only the freezing can be cancelled, which has its number.
        if text(content, "out_request_no") != number {
            return Err((FAILED, "AUTH_OPERATION_NOT_EXIST"));
        }
        let mut books = self.books();
        let trade = books.trade_mut(number).filter(|trade| trade.kind == KIND).ok_or((FAILED, "AUTH_ORDER_NOT_EXIST"))?;
        let action = if trade.state == TradeState::Paid { "unfreeze" } else { "close" };
        trade.state = TradeState::Closed;
        Ok(json!({"out_order_no": number, "out_request_no": text(content, "out_request_no"), "action": action}))
    }

    pub(super) fn unfreeze(&self, content: &Value) -> Result<Value, Refused> {
        let how = self.troubles().refunds;
        let (auth, request) = (text(content, "auth_no"), text(content, "out_request_no"));
        let whole = is_own_number(request) && !text(content, "remark").is_empty();
        let amount = from_yuan(text(content, "amount")).filter(|_| whole).ok_or((FAILED, "INVALID_PARAMETER"))?;
        let at = self.clock.now();
        let mut books = self.books();
        let frozen = books.by_transaction(auth).filter(|trade| trade.kind == KIND && trade.state == TradeState::Paid).cloned();
        let frozen = frozen.ok_or((FAILED, "AUTH_ORDER_NOT_EXIST"))?;
        let left = rest(&books, &frozen);
        if how == Returned::Refused {
            return Err((FAILED, "ORDER_ALREADY_CLOSED"));
        }
        let status = if how == Returned::Pending { "PROCESSING" } else { "SUCCESS" };
        let trade = books.trade_mut(&frozen.number).ok_or((FAILED, "AUTH_ORDER_NOT_EXIST"))?;
        let stands = match trade.refunds.iter_mut().find(|refund| refund.number == request) {
            Some(known) if known.amount != amount => return Err((FAILED, "REQUEST_AMOUNT_EXCEED")),
            Some(known) => {
                if status == "SUCCESS" {
                    (known.status, known.at) = (status, at);
                }
                known.status
            }
            None if amount.fen() > left => return Err((FAILED, "REQUEST_AMOUNT_EXCEED")),
            None => {
                trade.refunds.push(Refund { number: request.into(), own: frozen.transaction.clone(), amount, status, at });
                status
            }
        };
        let status = if stands == "SUCCESS" { "SUCCESS" } else { "INIT" };
        Ok(json!({"auth_no": auth, "out_order_no": frozen.number, "out_request_no": request, "amount": yuan(amount),
                  "operation_id": format!("{auth}{request}"), "status": status, "gmt_trans": beijing(at)}))
    }

    /// Out of what is frozen: what was taken stands in the books as a payment.
    pub(super) fn capture(&self, fields: &Fields, content: &Value) -> Result<Value, Refused> {
        let (number, auth) = (text(content, "out_trade_no"), text(content, "auth_no"));
        let mode = matches!(text(content, "auth_confirm_mode"), "" | "COMPLETE" | "NOT_COMPLETE");
        let whole = is_own_number(number) && is_subject(text(content, "subject")) && mode;
        let (Some(amount), Some(notify_url), true) = (from_yuan(text(content, "total_amount")), notify_url(fields), whole) else {
            return Err((FAILED, "ACQ.INVALID_PARAMETER"));
        };
        self.ends(content)?;
        let (now, closes, waits) = (self.clock.now(), self.troubles().captures_close, self.captures_wait());
        let mut books = self.books();
        let frozen = books.by_transaction(auth).filter(|trade| trade.kind == KIND && trade.state == TradeState::Paid).cloned();
        let frozen = frozen.ok_or((FAILED, "ACQ.AUTH_NO_ERROR"))?;
        if text(content, "product_code") != "PREAUTH_PAY"
            || text(content, "seller_id") != self.known.seller
            || !self.is_payer(&frozen, content)
        {
            return Err((FAILED, "ACQ.INVALID_PARAMETER"));
        }
        if let Some(known) = books.trade(number) {
            // Asked for again.
            return if known.kind == TAKEN && known.amount == amount {
                Ok(self.took(known))
            } else {
                Err((FAILED, "ACQ.CONTEXT_INCONSISTENT"))
            };
        }
        if amount.fen() > rest(&books, &frozen) {
            return Err((FAILED, "ACQ.AUTH_AMOUNT_NOT_ENOUGH"));
        }
        let trade = Trade {
            number: number.into(),
            transaction: books.next(),
            subject: text(content, "subject").into(),
            amount,
            state: match (closes, waits) {
                (true, _) => TradeState::Closed,
                (false, true) => TradeState::Open,
                (false, false) => TradeState::Paid,
            },
            refunds: Vec::new(),
            paid_at: (!closes && !waits).then_some(now),
            token: frozen.transaction,
            kind: TAKEN.into(),
            app_id: String::new(),
            openid: frozen.openid,
            notify_url,
            expires: now,
        };
        let said = self.took(&trade);
        books.add(trade);
        Ok(said)
    }

    /// Whether what is taken now is under way, and stays so.
    pub(super) fn captures_wait(&self) -> bool {
        self.troubles().asked == Asked::CapturesWait
    }

    /// Whether a capture names, by one name and that alone, whose money is frozen.
    fn is_payer(&self, frozen: &Trade, content: &Value) -> bool {
        match (text(content, "buyer_id"), text(content, "buyer_open_id")) {
            (user_id, "") => user_id == frozen.openid,
            ("", open_id) => open_id == self.known.open_id(&frozen.openid),
            _ => false,
        }
    }

    fn took(&self, trade: &Trade) -> Value {
        let mut said = json!({"out_trade_no": trade.number, "trade_no": trade.transaction, "total_amount": yuan(trade.amount),
                              "gmt_payment": trade.paid_at.map(beijing)});
        let (name, payer) = self.calls(&trade.openid, BUYER);
        said[name] = payer.into();
        said
    }
}
