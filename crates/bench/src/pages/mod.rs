//! Pages of lists: one long table after another, each list with each of its filters alone and with others, at its beginning, a
//! thousand pages on and in the middle.

mod fill;
mod lists;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use uuid::Uuid;

use self::fill::Fill;
use self::lists::{LISTS, List};
use crate::api::Api;
use crate::clock::Stopwatch;
use crate::dataset::{self, Stock};
use crate::figure::{Bound, Figure};
use crate::run::Options;
use crate::say;
use crate::site::{Engine, PASSWORD, Place, fresh_folder};

#[derive(Args, Clone)]
pub struct Pages {
    /// Rows in each list's table
    #[arg(long, default_value_t = 10_000_000)]
    rows: i64,
    /// Only these lists
    #[arg(long, value_delimiter = ',')]
    lists: Vec<String>,
    /// How often each page is asked for
    #[arg(long, default_value_t = 5)]
    asks: usize,
}

/// The list that is a part of its own: most of it is packed, and read in another way.
pub const CALLS: &str = "calls";

/// A figure for each list of these on each database.
pub async fn figures(run: &Options, which: impl Fn(&str) -> bool) -> Result<Vec<Figure>> {
    let options = &run.pages;
    let mut figures = Vec::new();
    for engine in run.databases.iter().copied() {
        let asked = |list: &&List| options.lists.is_empty() || options.lists.iter().any(|only| only == list.name);
        for list in LISTS.iter().filter(|list| which(list.name)).filter(asked) {
            let folder = run.folder.join("pages");
            fresh_folder(&folder)?;
            let url = match engine {
                Engine::Sqlite => format!("sqlite://{}", folder.join("cuekey.db").display()),
                Engine::Postgres => dataset::make_database(&run.postgres, "bench_pages").await?,
            };
            let place = Place { cuekey: run.cuekey.clone(), folder: folder.clone(), engine, url, environment: Vec::new() };
            figures.push(of(options, list, &place).await?);
            // One at a time: they are several gigabytes each.
            if engine == Engine::Postgres {
                dataset::make_database(&run.postgres, "bench_pages").await?;
            }
            fresh_folder(&folder)?;
        }
    }
    Ok(figures)
}

async fn of(options: &Pages, list: &List, place: &Place) -> Result<Figure> {
    let stock = Stock::prepare(place).await?;
    let (mut site, _) = place.serve().await?;
    // One key and one withdrawal, whose sealed parts all of them have.
    let agent = stock.agent(&site).await?;
    agent.batch(&stock.project, 1, |_| ()).await?;
    agent.post("/api/v1/withdrawals", json!({"amount": 100, "payee_name": "a", "payee_account": "b", "payee_bank": "c"})).await?;
    site.stop()?;
    let fill = Fill { engine: place.engine, rows: options.rows };
    let watch = Stopwatch::start();
    fill.people(place).await?;
    fill.table(place, list).await?;
    say(&format!("{}, {}: {} rows in {:.0} s", place.engine.name(), list.name, options.rows, watch.seconds()));

    let (mut site, _) = place.serve().await?;
    let mut waits = Vec::new();
    let mut short = 0;
    for name in list.who {
        let asker = Api::new(site.address)?.signed_in(name, PASSWORD).await.with_context(|| format!("{name} cannot sign in"))?;
        for address in list.addresses(options.rows) {
            for _ in 0..options.asks {
                let watch = Stopwatch::start();
                let page = asker.get(&address).await?;
                waits.push((watch.seconds() * 1_000.0, format!("{name} {address}")));
                short += usize::from(!page["searched_to"].is_null());
            }
        }
    }
    site.stop()?;
    waits.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at =
        |part: f64| waits.get(((waits.len() as f64 * part).ceil() as usize).clamp(1, waits.len()) - 1).map_or(f64::NAN, |(wait, _)| *wait);
    let mut figure = Figure::new(format!("pages of {}, {}, {} rows, p99", list.name, place.engine.name(), options.rows), "ms")
        .bound(Bound::AtMost(50.0));
    figure.values.push(at(0.99));
    figure.note = format!("{} pages; half within {:.1} ms; {short} came short; longest {:.0} ms", waits.len(), at(0.5), at(1.0));
    for (wait, address) in waits.iter().rev().step_by(options.asks).take(5) {
        say(&format!("  {wait:.1} ms {address}"));
    }
    say(&figure.row());
    Ok(figure)
}

/// The cursor behind the row of this number.
pub fn cursor(id: Uuid) -> String {
    data_encoding::BASE32_NOPAD.encode(id.as_bytes()).to_ascii_lowercase()
}
