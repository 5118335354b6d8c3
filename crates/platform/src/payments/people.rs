//! What somebody has to look after is told to those who may: once, and not only shown to whoever opens the page.

use kernel::{Fen, Word as _};
use store::{Sql as _, Tx, args};

use super::channel::ChannelKind;
use super::merchants::Account;
use super::model::{AttemptId, Order, OrderId, Problem, Refund, yuan};
use crate::allowance::Allowance;
use crate::messages::{self, templates};
use crate::{Cx, Result};

/// Of each network: where it refuses one payment because of us, it refuses them all.
const REFUSALS: Allowance = Allowance { name: "pay-refused-told", window_seconds: 3_600, most: 1 };
/// So many times it may happen before it is told, once.
const UNCLEAR: Allowance = Allowance { name: "pay-unclear-told", window_seconds: 3_600, most: 3 };

/// Of each network: while the merchant has too little there, every refund of the evening waits for the same thing.
const SHORT: Allowance = Allowance { name: "pay-short-told", window_seconds: 3_600, most: 1 };
/// The same of those that wait for it in vain: that another begins to wait in the same hour does not keep this from being told.
const SHORT_STUCK: Allowance = Allowance { name: "pay-short-stuck-told", window_seconds: 3_600, most: 1 };

/// A refund that is stuck.
pub(super) async fn refund(tx: &mut Tx, cx: &Cx, refund: &Refund, why: &Problem) -> Result<()> {
    let [zh, en] = templates::why(why.texts());
    let said = [("amount", yuan(refund.amount)), zh, en];
    messages::tell_super_admins(tx, cx, &templates::PAY_REFUND_STUCK, &said, Some(&page(refund.order))).await
}

/// A refund that waits for money of the merchant's at its network, as others do.
pub(super) async fn short(tx: &mut Tx, cx: &Cx, refund: &Refund, why: &Problem) -> Result<()> {
    if !SHORT.reaches_most(tx, cx, refund.channel.as_str()).await? {
        return Ok(());
    }
    let [zh, en] = templates::why(why.texts());
    let said = [("channel", name(refund.channel).to_owned()), ("amount", yuan(refund.amount)), zh, en];
    messages::tell_super_admins(tx, cx, &templates::PAY_BALANCE_SHORT, &said, Some("/payments?tab=refunds")).await
}

/// A refund that has waited for it in vain, and is not tried again by itself.
pub(super) async fn short_stuck(tx: &mut Tx, cx: &Cx, refund: &Refund, why: &Problem) -> Result<()> {
    if !SHORT_STUCK.reaches_most(tx, cx, refund.channel.as_str()).await? {
        return Ok(());
    }
    let [zh, en] = templates::why(why.texts());
    let said = [("channel", name(refund.channel).to_owned()), ("amount", yuan(refund.amount)), zh, en];
    messages::tell_super_admins(tx, cx, &templates::PAY_BALANCE_STUCK, &said, Some("/payments?tab=refunds")).await
}

/// A payment about which something does not fit.
pub(super) async fn payment(tx: &mut Tx, cx: &Cx, attempt: AttemptId, why: &Problem) -> Result<()> {
    let sql = "SELECT o.id, o.amount FROM pay_attempts a JOIN pay_orders o ON o.id = a.order_id WHERE a.id = $1";
    let (order, amount): (OrderId, Fen) = tx.one(sql, args![attempt], |row| Ok((row.get("id")?, row.get("amount")?))).await?;
    let [zh, en] = templates::why(why.texts());
    let said = [("amount", yuan(amount)), zh, en];
    messages::tell_super_admins(tx, cx, &templates::PAY_PROBLEM, &said, Some(&page(order))).await
}

/// A payment that a network would not begin. Its payer may be why, or our parameters: then nobody can pay by it.
pub(super) async fn refused(tx: &mut Tx, cx: &Cx, order: &Order, kind: ChannelKind, why: &Problem) -> Result<()> {
    if !REFUSALS.reaches_most(tx, cx, kind.as_str()).await? {
        return Ok(());
    }
    let [zh, en] = templates::why(why.texts());
    let said = [("channel", name(kind).to_owned()), ("amount", yuan(order.amount)), zh, en];
    messages::tell_super_admins(tx, cx, &templates::PAY_REFUSED, &said, Some(&page(order.id))).await
}

/// A network that gives no clear answer to who would pay. That happens; where it happens again and again, nobody can pay by it.
pub(super) async fn unclear(tx: &mut Tx, cx: &Cx, kind: ChannelKind, why: &Problem) -> Result<()> {
    if !UNCLEAR.reaches_most(tx, cx, kind.as_str()).await? {
        return Ok(());
    }
    let [zh, en] = templates::why(why.texts());
    let said = [("channel", name(kind).to_owned()), zh, en];
    messages::tell_super_admins(tx, cx, &templates::PAY_UNCLEAR, &said, Some("/payments")).await
}

/// A day's bill that does not agree with ours.
pub(super) async fn day(tx: &mut Tx, cx: &Cx, of: &Account, day: &str, differences: usize) -> Result<()> {
    let said = [("channel", called(of)), ("day", day.to_owned()), ("count", differences.to_string())];
    messages::tell_super_admins(tx, cx, &templates::PAY_DAY_DIFFERS, &said, Some("/payments")).await
}

/// Days whose bill cannot be had, and why the last of them cannot.
pub(super) async fn missing(tx: &mut Tx, cx: &Cx, of: &Account, days: &[&str], why: &Problem) -> Result<()> {
    let [zh, en] = templates::why(why.texts());
    let said = [("channel", called(of)), ("days", days.join(", ")), zh, en];
    messages::tell_super_admins(tx, cx, &templates::PAY_DAY_MISSING, &said, Some("/payments?tab=reconciliation")).await
}

fn name(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Wechat => "微信支付 WeChat Pay",
        ChannelKind::Alipay | ChannelKind::AlipayFreeze => "支付宝 Alipay",
    }
}

/// With its number, where it is one that we had before.
fn called(of: &Account) -> String {
    of.earlier().map_or_else(|| name(of.kind).to_owned(), |number| format!("{} {number}", name(of.kind)))
}

/// Where the console shows it.
fn page(order: OrderId) -> String {
    format!("/payments/orders/{order}")
}
