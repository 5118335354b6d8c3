//! How soon a table has its light that many customers open at the same moment: two of three with what is in their wallets, from the request on, and
//! one by a payment at WeChat's stand-in, from the moment at which the payer has paid there.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::Clock;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::hall::{Customer, Hall, text};
use super::light::{Seen, micros};
use crate::api::Api;
use crate::clock::{Stopwatch, pause};

/// Of so many customers one pays for the table alone.
const PAYS: usize = 3;
const LONGEST: Duration = Duration::from_secs(60);
const LOOKS: Duration = Duration::from_millis(50);

/// All open a table each, at the same moment, and close it again.
pub async fn open(hall: &Hall, customers: &[Customer], seen: &mut Seen) -> Result<()> {
    let mut tasks = JoinSet::new();
    let start = Arc::new(Barrier::new(customers.len()));
    for (n, (customer, lamp)) in customers.iter().zip(&hall.lamps).enumerate() {
        let (api, table, kind, wechat, start) =
            (customer.api.clone(), lamp.table.clone(), lamp.kind, hall.wechat.clone(), Arc::clone(&start));
        tasks.spawn(async move {
            let view = api.get(&format!("/customer/v1/tables/{table}")).await?;
            let price = &view["quotes"][1]["price_fen"];
            let (from, session) = if n % PAYS == 0 {
                let ask = json!({"method": "native", "table": {"table_id": table, "minutes": 60, "expected_fen": price}});
                let order = api.post("/customer/v1/orders", ask).await?;
                let number = wechat.scan(&text(&order, "/next/content")?).context("WeChat does not know the payment")?;
                start.wait().await;
                let from = Clock::System.now();
                if !wechat.pay(&number).await {
                    bail!("WeChat does not take the payment");
                }
                (from, opened(&api).await?)
            } else {
                let ask = json!({"minutes": 60, "expected_fen": price});
                start.wait().await;
                let from = Clock::System.now();
                (from, text(&api.post(&format!("/customer/v1/tables/{table}/open"), ask).await?, "/id")?)
            };
            let lit = lit(&api, &session).await?;
            anyhow::Ok((api, session, kind, micros(from, &lit)?))
        });
    }
    let mut lit = Vec::new();
    while let Some(done) = tasks.join_next().await {
        lit.push(done??);
    }
    for (api, session, kind, took) in lit {
        seen.record(kind, took)?;
        api.post(&format!("/customer/v1/sessions/{session}/close"), json!({})).await?;
    }
    hall.until(|table| table["state"] == "idle").await?;
    Ok(())
}

/// The session that a payment has opened, as the app finds it. One that is over is of before.
async fn opened(api: &Api) -> Result<String> {
    let watch = Stopwatch::start();
    while watch.elapsed() < LONGEST {
        let current = api.get("/customer/v1/session").await?;
        if matches!(current["session"]["state"].as_str(), Some("opening" | "playing")) {
            return text(&current, "/session/id");
        }
        pause(LOOKS).await;
    }
    bail!("what was paid has opened no table")
}

async fn lit(api: &Api, session: &str) -> Result<Value> {
    loop {
        let session = api.get(&format!("/customer/v1/sessions/{session}")).await?;
        match session["state"].as_str() {
            Some("opening") => pause(LOOKS).await,
            Some("playing") => return Ok(session["lit_at"].clone()),
            _ => bail!("a table was not opened: {session}"),
        }
    }
}
