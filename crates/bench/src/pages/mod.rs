//! Pages of lists: one long table after another, each list with each of its filters alone and with others, at its beginning, a
//! thousand pages on ([`deep`]) and in the middle ([`lists`]). All of a list's pages are asked for again and again, by a server that
//! does nothing else; each answer is timed, and in each round once the whole until a page is full ([`ask`], [`rounds`]).

mod ask;
mod deep;
mod fill;
mod lists;
mod rounds;
mod tables;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use uuid::Uuid;

use self::deep::Deep;
use self::fill::Fill;
use self::lists::{Known, LISTS, List};
use self::rounds::{Asker, Round};
use crate::api::Api;
use crate::clock::Stopwatch;
use crate::dataset::{self, AGENT, Stock};
use crate::figure::Figure;
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
}

impl Pages {
    /// Those that were asked for by name; none are all.
    pub fn only(&self) -> &[String] {
        &self.lists
    }
}

/// The list that is a part of its own: most of its rows are packed, sixty to a row of another table, and both tables are read for a page.
pub const CALLS: &str = "calls";

/// Figures for each list of these on each database.
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
            figures.extend(of(run, list, &place).await?);
            // One at a time: they are several gigabytes each.
            if engine == Engine::Postgres {
                dataset::make_database(&run.postgres, "bench_pages").await?;
            }
            fresh_folder(&folder)?;
        }
    }
    Ok(figures)
}

async fn of(run: &Options, list: &List, place: &Place) -> Result<Vec<Figure>> {
    let rows = run.pages.rows;
    let known = known(place).await?;
    let fill = Fill { engine: place.engine, rows };
    let watch = Stopwatch::start();
    fill.people(place).await?;
    fill.table(place, list).await?;
    say(&format!("{}, {}: {rows} rows in {:.0} s", place.engine.name(), list.name, watch.seconds()));

    let (mut site, _) = place.serve().await?;
    let (mut askers, mut deep, watch) = (Vec::new(), Deep::default(), Stopwatch::start());
    for name in list.who.iter().copied() {
        let api = Api::new(site.address)?.signed_in(name, PASSWORD).await.with_context(|| format!("{name} cannot sign in"))?;
        let mut asks = list.asks(name, &known, rows);
        deep.find(&api, &mut asks).await?;
        askers.push(Asker { name, api, asks });
    }
    say(&format!("  {}, found in {:.0} s", deep.in_words(), watch.seconds()));
    let mut rounds = Vec::new();
    for _ in 0..run.rounds {
        rounds.push(Round::measure(&askers, run.seconds).await?);
    }
    site.stop()?;
    let mut figures = rounds::figures(list.name, &format!("{}, {rows} rows", place.engine.name()), &rounds);
    if let Some(answer) = figures.first_mut() {
        answer.note += &format!("; {}", deep.in_words());
    }
    rounds::slowest(&askers, &rounds).iter().for_each(|line| say(&format!("  {line}")));
    figures.iter().for_each(|figure| say(&figure.row()));
    Ok(figures)
}

/// A key and a withdrawal, whose sealed parts all rows of their tables have; and a key that is gone.
async fn known(place: &Place) -> Result<Known> {
    let stock = Stock::prepare(place).await?;
    let (mut site, _) = place.serve().await?;
    let agent = stock.agent(&site).await?;
    let mut keys = Vec::new();
    for _ in 0..2 {
        let (batch, _) = agent.batch(&stock.project, 1, |_| ()).await?;
        let key = agent.key_texts(&batch).await?.lines().nth(1).context("a batch without a key")?.to_owned();
        keys.push((batch, key));
    }
    agent.post("/api/v1/withdrawals", json!({"amount": 100, "payee_name": "a", "payee_account": "b", "payee_bank": "c"})).await?;
    let found = site.chief().await?.get(&format!("/api/v1/users?search={AGENT}")).await?;
    let account = found["items"][0]["id"].as_str().context("an agent without an id")?.to_owned();
    site.stop()?;
    let [(_, key), (other, gone)] = <[_; 2]>::try_from(keys).ok().context("two keys")?;
    dataset::forget(place, &other).await?;
    Ok(Known { key, gone, account })
}

/// The cursor behind the row of this number.
pub fn cursor(id: Uuid) -> String {
    data_encoding::BASE32_NOPAD.encode(id.as_bytes()).to_ascii_lowercase()
}
