//! All that can be seen from outside at one moment.

use kernel::Timestamp;
use sandbox::{Trade, TradeState};
use serde_json::Value;

use super::Stage;
use crate::http::text;
use crate::scenarios::steps::standing::Facts;

/// What a customer is told of a table that was not opened, and of a light that has failed.
const WENT_WRONG: [&str; 3] = ["play.not_lit", "pay.not_opened", "play.device_fault"];

impl Stage {
    /// Nothing where the server does not answer.
    pub async fn look(&self) -> Option<Facts> {
        let me = self.load.glance(&self.customer, "/customer/v1/me").await?;
        let page = self.load.glance(&self.customer, "/customer/v1/sessions?limit=5").await?;
        let floor = self.load.glance(&self.load.world.boss, &format!("/api/v1/venues/{}/floor", self.hall)).await?;
        // Last: what is told is written with what it is about.
        let told = self.load.glance(&self.customer, "/customer/v1/messages?limit=20").await?;
        let before = |session: &&Value| session["id"].as_str() != self.last.as_deref();
        let sessions: Vec<Value> = page["items"].as_array()?.iter().take_while(before).cloned().collect();
        let bills: i64 = sessions.iter().filter_map(|session| session["bill"]["total_fen"].as_i64()).sum();
        let trades: Vec<Trade> = self.networks.wechat.trades().into_iter().chain(self.networks.alipay.trades()).collect();
        let sum = |of: fn(&Trade) -> bool, fen: fn(&Trade) -> i64| -> i64 {
            trades.iter().filter(|trade| trade.state == TradeState::Paid && of(trade)).map(fen).sum()
        };
        let (amount, back) = (|trade: &Trade| trade.amount.fen(), |trade: &Trade| trade.refunded().fen());
        let taken = sum(Trade::is_taken, amount);
        let (light, table) = (&self.table.light, &floor["tables"][0]);
        Some(Facts {
            cash: self.cash,
            balance: me["balance_fen"].as_i64()?,
            held: me["held_fen"].as_i64()?,
            sessions,
            spent: self.spent + bills,
            paid: sum(|trade| !trade.is_taken(), amount),
            back: sum(|_| true, back),
            frozen: sum(Trade::is_frozen, amount) - sum(Trade::is_frozen, back) - taken,
            table: table["state"].as_str()?.to_owned(),
            case: table["case"]["cause"].as_str().map(str::to_owned),
            connected: light.is_connected(),
            online: table["device"]["online"] == true,
            powered: light.has_power(),
            lit: light.is_on(),
            told_on: light.told_on(),
            told: told["items"].as_array()?.iter().filter(|message| self.is_of_this_turn(message)).count(),
        })
    }

    /// A message about what went wrong.
    fn is_of_this_turn(&self, message: &Value) -> bool {
        let since = text(message, "/created_at").ok().and_then(|at| at.parse::<Timestamp>().ok()).is_some_and(|at| at >= self.since);
        since && message["kind"].as_str().is_some_and(|kind| WENT_WRONG.contains(&kind))
    }
}
