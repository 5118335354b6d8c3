//! Installations with keys in use, served: what most parts measure.

use std::rc::Rc;

use anyhow::Result;

use crate::dataset::{self, Stock};
use crate::program::Keys;
use crate::run::Options;
use crate::say;
use crate::site::{Engine, Place, Site, fresh_folder};

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
            for engine in Engine::BOTH {
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
    Ok(Place { cuekey: options.cuekey.clone(), folder, engine, url })
}

async fn prepared(options: &Options, engine: Engine) -> Result<Ready> {
    let place = place(options, engine, "cuekey").await?;
    say(&format!("{}: {} keys", engine.name(), options.keys));
    let stock = Stock::prepare(&place).await?;
    let (site, _) = place.serve().await?;
    let mut made = stock.generate(&site, 1, options.keys).await?;
    site.stop()?;
    let (batch, keys) = made.remove(0);
    dataset::activate(&place, &batch, 0).await?;
    let (site, _) = place.serve().await?;
    Ok(Ready { site, stock, keys: Rc::new(keys) })
}
