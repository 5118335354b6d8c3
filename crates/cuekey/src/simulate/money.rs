//! What everybody has paid and what everybody has had for it: by the customers' own bills, the networks' books, and the ledger.

use std::collections::HashMap;

use kernel::{Timestamp, Word as _};
use sandbox::{Trade, TradeState};
use serde_json::Value;

use super::customer::Customer;
use super::figures::Figures;
use super::network;
use super::outages::Outage;
use super::plan::{REGULARS, driver};
use super::visit::{Going, Order, Stage};
use super::world::World;
use crate::doctor;
use crate::trouble::Result;

/// What a network has taken for a customer, and not given back; of what it has frozen, what it has not let go.
fn kept(trade: &Trade) -> i64 {
    if trade.state == TradeState::Paid { trade.amount.fen() - trade.refunded().fen() } else { 0 }
}

pub async fn add_up(world: &World, going: &[Going], outages: &[Outage], figures: &mut Figures) -> Result<()> {
    let trades: HashMap<String, Trade> = [world.networks.wechat.trades(), world.networks.alipay.trades()]
        .concat()
        .into_iter()
        .map(|trade| (trade.number.clone(), trade))
        .collect();
    let trade = |order: &Order| trades.get(&order.number);
    let mut sessions = HashMap::new();
    let mut paid = vec![0; world.customers.len()];
    for one in going {
        for order in &one.orders {
            let Some(trade) = trade(order) else { continue };
            paid[one.customer] += kept(trade);
            if trade.state == TradeState::Paid {
                let seen = world.customers[one.customer].see(&format!("/customer/v1/orders/{}", order.id)).await?;
                figures.payments_arrived += u64::from(seen["state"] == "paid");
                if trade.is_frozen() && seen["captured_fen"] != kept(trade) {
                    figures.wrong(format!("what is left frozen is not what is taken: {seen}, {trade:?}"));
                }
            }
        }
    }
    frozen(trades.values(), figures);
    for (n, who) in world.customers.iter().enumerate() {
        customer(who, n, paid[n], &mut sessions, figures).await?;
    }
    for one in going.iter().filter(|one| one.healthy.is_some()) {
        let session = one.session.as_ref().and_then(|id| sessions.get(id));
        visit(one, session, one.orders.last().and_then(trade), figures);
    }
    network::add_up(world, going, outages, &sessions, figures);
    for ((_, subject), _, problems) in doctor::counted(&world.platform.db).await? {
        figures.ledger.extend(problems.into_iter().map(|problem| format!("{subject}: {problem}")));
    }
    Ok(())
}

/// What was frozen and not let go has been taken, each by a payment of its own.
fn frozen<'a>(trades: impl Iterator<Item = &'a Trade>, figures: &mut Figures) {
    let (mut left, mut taken) = (Vec::new(), Vec::new());
    for trade in trades {
        if trade.is_frozen() && trade.paid_at.is_some() {
            figures.frozen_fen += trade.amount.fen();
            figures.let_go_fen += trade.amount.fen() - kept(trade);
            left.push(kept(trade));
        } else if trade.is_taken() {
            figures.captured_fen += kept(trade);
            taken.push(kept(trade));
        }
    }
    left.retain(|fen| *fen > 0);
    left.sort_unstable();
    taken.sort_unstable();
    if left != taken {
        figures.wrong(format!(
            "{} freezings are to be taken, and {} payments have taken something, or of other amounts",
            left.len(),
            taken.len()
        ));
    }
}

/// What one has paid is in the wallet, or in bills of play under a light.
async fn customer(who: &Customer, n: usize, paid: i64, sessions: &mut HashMap<String, Value>, figures: &mut Figures) -> Result<()> {
    let me = who.see("/customer/v1/me").await?;
    let (mut billed, mut cursor) = (0, String::new());
    loop {
        let page = who.see(&format!("/customer/v1/sessions?limit=200{cursor}")).await?;
        for session in page["items"].as_array().into_iter().flatten() {
            let total = session["bill"]["total_fen"].as_i64().unwrap_or_default();
            billed += total;
            if total > 0 && (session["lit_at"].is_null() || session["state"] != "closed") {
                figures.charged_without_play += 1;
                figures.wrong(format!("charged without play: {session}"));
            }
            if !matches!(session["state"].as_str(), Some("closed" | "failed")) {
                figures.wrong(format!("a session is not over: {session}"));
            }
            sessions.insert(session["id"].as_str().unwrap_or_default().to_owned(), session.clone());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    figures.taken_fen += billed;
    let (balance, held) = (me["balance_fen"].as_i64().unwrap_or_default(), me["held_fen"].as_i64().unwrap_or_default());
    if held != 0 || paid != balance + billed {
        figures.charged_without_play += u64::from(paid > balance + billed || held != 0);
        figures.wrong(format!(
            "customer {n} of table {} has paid {paid} fen, has {balance} of it ({held} held), and bills of {billed}",
            n / REGULARS + 1
        ));
    }
    Ok(())
}

/// Whether the table was opened; and otherwise, when the money was back.
fn visit(one: &Going, session: Option<&Value>, trade: Option<&Trade>, figures: &mut Figures) {
    let lit = session.is_some_and(|session| !session["lit_at"].is_null());
    figures.asked((driver(one.table).as_str(), one.means.name()), one.healthy == Some(true), lit);
    if lit && one.stage == Stage::Over {
        return;
    }
    if lit {
        figures.wrong(format!("table {} was opened, and nobody has played: {session:?}", one.table + 1));
        return;
    }
    let time = |name: &str| session.and_then(|session| session[name].as_str()).and_then(|text| text.parse::<Timestamp>().ok());
    // Paid for this alone: until the network has given it back. From the wallet: until nothing is held.
    let back = match (trade, time("asked_at"), time("ended_at")) {
        (Some(trade), ..) if one.order_is_for_table() => {
            (kept(trade) == 0).then(|| Some((trade.paid_at?, trade.refunds.iter().map(|refund| refund.at).max()?))).flatten()
        }
        (_, Some(asked), Some(ended)) => Some((asked, ended)),
        // Refused at once: nothing was held.
        _ => None,
    };
    match back {
        Some((from, to)) => figures.refunded((to.micros() - from.micros()) as f64 / 1e6),
        None if session.is_none() && !one.order_is_for_table() => {}
        None => {
            figures.charged_without_play += 1;
            figures.wrong(format!("table {} was not opened, and the money is not back: {session:?}, {trade:?}", one.table + 1));
        }
    }
}
