//! `cuekey demo`: a whole installation in one folder, with data to look at, asking nothing.
//!
//! SQLite in the folder (or a database that is named for it), mail on a page of the console, callbacks also to this machine. Neither the configuration file nor the
//! environment is read: a demo must not reach a real installation's database.

mod fill;
mod folder;
mod hall;
mod note;
mod pay;
mod texts;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use kernel::{Clock, Random};
use platform::Platform;
use platform::messages::DatabaseMailbox;
use sandbox::LampPage;

use crate::cli;
use crate::config::Config;
use crate::serve::{self, Ports, Starting};
use crate::trouble::Result;
use crate::{data, hold, parts};
use note::Note;

pub(crate) use fill::person;
pub(crate) use hall::furnish;
pub(crate) use note::Lamp;
pub(crate) use pay::introduce;

/// The configuration of a demo: the defaults, a folder, and an address.
pub fn config(ask: &cli::Demo) -> Config {
    let mut config = Config::default();
    config.server.listen = ask.listen;
    // Who shows it through a tunnel has one on this machine: guests are told apart by the addresses that it names.
    config.server.trusted_proxies = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    // On the default ports a real installation may be.
    config.server.metrics_listen = None;
    config.mqtt.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.data.folder.clone_from(&ask.data);
    config.database.url.clone_from(&ask.database);
    config
}

pub async fn demo(config: &Config) -> Result<()> {
    let ports = Ports::bind(config).await?;
    let folder = data::prepare_folder(&config.data.folder)?;
    let hold = hold::alone(&folder)?;
    let filled = folder::is_filled(&folder)?;
    folder::close_to_others(&folder)?;
    if !filled {
        folder::begun(&folder)?;
    }
    let opened = parts::open(config, Some(hold)).await?;
    let public_url = config.public_url(ports.address);
    let networks = pay::Networks::at(&public_url);
    let texts = texts::Texts::open().await?;
    let config = &texts.known_to(networks.known_to(config));
    let mailbox = || DatabaseMailbox { db: opened.db.clone(), clock: Clock::System, random: Random::system() };
    let shown = mailbox();
    let platform = parts::platform(config, &opened, public_url, Arc::new(mailbox()), true).await?;
    let own = Arc::clone(&platform);
    let lamp_page = LampPage::at(hall::LAMPS);
    let beside = Some(networks.router().nest(hall::LAMPS, lamp_page.router()));
    serve::run(config, ports, None, platform, beside, async move |starting| {
        let note = prepare(&own, &folder, filled).await?;
        introduce(&own).await?;
        let Starting { hall: running, tasks, .. } = starting;
        tasks.spawn(texts.deliver(shown));
        if let (Some(address), Some(lamps)) = (running.address, &note.hall) {
            tasks.spawn(hall::light_up(Arc::clone(&running.venue), address, lamps.lamps.clone(), lamp_page));
        }
        let _ = crate::print(&note.for_people(&folder));
        Ok(())
    })
    .await
}

/// The note, of a new demo or of one that goes on.
async fn prepare(platform: &Arc<Platform>, folder: &Path, filled: bool) -> Result<Note> {
    let note = match Note::read(folder)? {
        Some(note) if filled => fill::refresh(platform, note).await?,
        _ => fill::fill(platform).await?,
    };
    note.write(folder)?;
    if !filled {
        folder::finished(folder)?;
    }
    Ok(note)
}
