//! HTTP: routes, extractors, refusals, OpenAPI, embedded pages. No SQL and no rule in here.
//!
//! Begin with `routes/mod.rs`: the whole API on one page. A handler is a few lines: an extractor says who may call it
//! ([`extract::Auth`]), a use case does the work, and what goes wrong is a `Fault` that [`problem`] writes down.

// A request is many futures in one another, down to the database's driver: the compiler follows their layouts no further than this.
#![recursion_limit = "256"]

mod assets;
mod body;
mod browser;
mod customer;
pub mod extract;
pub mod forwarded;
mod middleware;
pub mod openapi;
mod places;
mod problem;
mod proofs;
mod queries;
mod refusal;
mod routes;
mod site;
mod state;
mod strict;

pub use browser::Hsts;
pub use problem::{ApiError, Problem};
pub use site::Site;
pub use state::{AppState, HttpConfig, Parts};

/// All migrations of the program, in order.
pub fn migrations() -> Vec<store::migrate::Migration> {
    let mut all = [licensing::migrations(), venue::MIGRATIONS.to_vec()].concat();
    // A crate's later step comes after other crates' earlier ones, as in the databases that have the earlier ones already.
    all.sort_by_key(|migration| migration.number);
    all
}

/// What handlers answer.
pub type Result<T> = std::result::Result<T, ApiError>;
