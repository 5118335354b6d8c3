//! What the product can take, measured: `cargo xtask bench`.
//!
//! Every figure is a ratio against a baseline of the same run, in rounds that take turns, so that whatever the machine does
//! meanwhile is done to both. Begin at [`run`]; what is measured is in [`parts`], a file each.

mod api;
mod bare;
mod clock;
mod conditions;
mod dataset;
mod figure;
mod history;
mod load;
mod lone;
mod nonces;
mod pages;
mod parts;
mod program;
mod ready;
mod report;
mod run;
mod site;
mod stored;
mod verify;

use std::net::SocketAddr;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measures
    Run(Box<run::Options>),
    /// The baseline of a verification, as a server
    Bare {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        secret: String,
        #[arg(long)]
        length: usize,
        /// A transaction in this database for each
        #[arg(long)]
        database: Option<String>,
    },
}

/// The product's own, and set up as there: a baseline with another allocator would be compared with something else.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // Asked for by the HTTP client, though nothing here is encrypted. A second call would be refused, and there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Arguments::parse().task {
        Task::Run(options) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(run::run(*options))
        }
        Task::Bare { listen, secret, length, database } => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(bare::serve(listen, &secret, length, database.as_deref()))
        }
    }
}

/// A line for whoever is watching.
pub fn say(text: &str) {
    eprintln!("{text}");
}
