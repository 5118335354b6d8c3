//! Tables, lamps and the broker: how soon a light is on, how many messages pass, and a day of customers.

mod brokers;
mod day;
mod hall;
mod lamps;
mod light;
mod mosquitto;
mod opening;

use anyhow::Result;
use clap::Args;

use crate::figure::Figure;
use crate::run::Options;

/// How much there is of it.
#[derive(Args)]
pub struct Sizes {
    /// Lamps that are on the broker
    #[arg(long, default_value_t = 1_000)]
    pub lamps: usize,
    /// Customers who open a table at the same moment
    #[arg(long, default_value_t = 100)]
    pub at_once: usize,
    /// Tables of the day that is simulated
    #[arg(long, default_value_t = 1_000)]
    pub day_tables: usize,
    /// And its hours
    #[arg(long, default_value_t = 24)]
    pub day_hours: usize,
    #[arg(long, default_value_t = 1)]
    pub day_seed: u64,
    /// How often a whole hall's network is away in it
    #[arg(long, default_value_t = 2)]
    pub day_outages: usize,
}

pub async fn measure(options: &Options) -> Result<Vec<Figure>> {
    let mut figures = brokers::figures(options).await?;
    for engine in options.databases.iter().copied() {
        figures.extend(light::figures(options, engine).await?);
    }
    Ok(figures)
}

/// A day of customers, by `cuekey simulate`.
pub async fn day(options: &Options) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for engine in options.databases.iter().copied() {
        figures.extend(day::figures(options, engine).await?);
    }
    Ok(figures)
}
