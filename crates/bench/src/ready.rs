//! Installations with keys in use, served: what most parts measure.

use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;

use crate::dataset::{self, Stock};
use crate::load::Outcome;
use crate::program::Keys;
use crate::run::Options;
use crate::say;
use crate::site::{Engine, Place, Site, fresh_folder};
use crate::verify;

/// An installation that is served, what is known of its project, and keys that are in use.
pub struct Ready {
    pub site: Site,
    pub stock: Stock,
    pub keys: Rc<Keys>,
}

impl Ready {
    pub const fn engine(&self) -> Engine {
        self.site.place.engine
    }

    pub const fn name(&self) -> &'static str {
        self.engine().name()
    }

    /// Any of its keys, over so many connections.
    pub fn verify(&self, connections: usize, seconds: f64) -> Result<Outcome> {
        verify::any(self.site.address, &self.stock.credentials, &self.keys, connections, seconds)
    }

    /// Ends it, and leaves nothing of it.
    pub async fn remove(&mut self, postgres: &str) -> Result<()> {
        self.site.stop()?;
        self.site.place.remove(postgres).await
    }

    /// Ends the server and starts it again; answers how long it took to be ready.
    pub async fn restart(&mut self) -> Result<Duration> {
        self.site.stop()?;
        let (site, ready) = self.site.place.serve().await?;
        self.site = site;
        Ok(ready)
    }
}

/// One of each database, made when the first part asks for them.
pub struct Pair {
    options: Rc<Options>,
    ready: Vec<Ready>,
}

impl Pair {
    pub fn new(options: &Rc<Options>) -> Self {
        Self { options: Rc::clone(options), ready: Vec::new() }
    }

    pub async fn both(&mut self) -> Result<&mut [Ready]> {
        if self.ready.is_empty() {
            for engine in self.options.databases.iter().copied() {
                self.ready.push(prepared(&self.options, engine).await?);
            }
        }
        Ok(&mut self.ready)
    }
}

/// An empty place of that name, and nothing in it yet.
pub async fn place(options: &Options, engine: Engine, name: &str) -> Result<Place> {
    let folder = options.folder.join(format!("{name}-{engine:?}").to_lowercase());
    fresh_folder(&folder)?;
    let url = match engine {
        Engine::Sqlite => format!("sqlite://{}", folder.join("cuekey.db").display()),
        Engine::Postgres => dataset::make_database(&options.postgres, &format!("bench_{name}")).await?,
    };
    Ok(Place { cuekey: options.cuekey.clone(), folder, engine, url, environment: Vec::new() })
}

async fn prepared(options: &Options, engine: Engine) -> Result<Ready> {
    let place = place(options, engine, "cuekey").await?;
    say(&format!("{}: {} keys", engine.name(), options.keys));
    let stock = Stock::prepare(&place).await?;
    let (mut site, _) = place.serve().await?;
    let (batch, keys) = stock.generate(&site, options.keys).await?;
    site.stop()?;
    dataset::activate(&place, &batch, 0).await?;
    let (site, _) = place.serve().await?;
    Ok(Ready { site, stock, keys: Rc::new(keys) })
}
