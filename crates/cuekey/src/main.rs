//! The binary: reads the configuration, puts the parts together, and serves.
//!
//! Begin with [`serve`]; `cli` lists the commands. Whatever is wrong before anybody is served is a [`trouble::Trouble`],
//! said in the terminal's language with what to do about it: exit code 2 where the set-up is wrong, 1 where the work failed.

mod certificate;
mod cli;
mod config;
mod data;
mod demo;
mod doctor;
mod hall;
mod hold;
mod mailer;
mod master_key;
mod one_line;
mod open_files;
mod parts;
mod rekey;
mod serve;
mod signals;
mod simulate;
mod super_admin;
mod telemetry;
mod trouble;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use config::Flags;
use trouble::{Result, Trouble, terminal_language};

/// Several threads allocate all the time; the system's allocator took a sixth of the time of a verification, this one a
/// twentieth.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for pages of 2 MiB, of which most stay empty: 18 MiB more at rest, and nothing any faster. Without them
    // where the kernel does not know this either.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let done = match Cli::parse().command {
        Command::Serve(flags) => logged(&flags).and_then(|config| work(async { serve::serve(&config).await.map(|()| ExitCode::SUCCESS) })),
        Command::Migrate(flags) => logged(&flags).and_then(|config| work(migrate(&config))),
        Command::Doctor(flags) => config::load(&flags).and_then(|config| work(doctor::doctor(&config))),
        Command::Demo(ask) => {
            let config = demo::config(&ask);
            telemetry::log(&config.log);
            work(async { demo::demo(&config).await.map(|()| ExitCode::SUCCESS) })
        }
        Command::Simulate(ask) => simulate::config(&ask).and_then(|config| {
            telemetry::log(&config.log);
            work(simulate::simulate(&ask, config))
        }),
        Command::CreateSuperAdmin(ask) => config::load(&ask.flags).and_then(|config| {
            let lang = terminal_language();
            work(async { super_admin::create(&config, &ask, lang).await.and_then(|text| print(&text)) })
        }),
        Command::Rekey(flags) => config::load(&flags)
            .and_then(|config| work(async { rekey::rekey(&config, terminal_language()).await.and_then(|text| print(&text)) })),
        Command::Openapi => openapi(),
        Command::Config => print(config::DEFAULT_FILE),
    };
    done.unwrap_or_else(|trouble| {
        eprintln!("cuekey: {}", trouble.message(terminal_language()));
        ExitCode::from(trouble.exit)
    })
}

/// The configuration, and from now on logs.
fn logged(flags: &Flags) -> Result<config::Config> {
    let config = config::load(flags)?;
    telemetry::log(&config.log);
    Ok(config)
}

fn work<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    // Sockets are looked at after so many steps of work: at tokio's 61, the database's answers waited for the programs' requests.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().event_interval(16).build();
    let runtime = runtime.map_err(|error| Trouble::failed(format!("无法启动：{error}"), format!("cannot start: {error}")))?;
    let done = runtime.block_on(work);
    // What was asked to end has ended, or has had its time.
    runtime.shutdown_background();
    done
}

async fn migrate(config: &config::Config) -> Result<ExitCode> {
    let folder = data::prepare_folder(&config.data.folder)?;
    let url = data::url(config, &folder);
    let db = data::open(config, &url).await?;
    let applied = data::migrate(&db).await?;
    db.close().await;
    let lang = terminal_language();
    let shown = data::masked(&url);
    let text = match applied {
        0 => lang.pick("数据库已是最新", "the database is up to date").to_owned(),
        n => lang.pick("已升级数据库，步数：", "migrations applied: ").to_owned() + &n.to_string(),
    };
    print(&format!("{text} ({shown})\n"))
}

fn openapi() -> Result<ExitCode> {
    let document =
        web::openapi::json().map_err(|error| Trouble::failed(format!("无法输出：{error}"), format!("cannot be written: {error}")))?;
    print(&document)
}

/// To standard output; a reader who has gone (`| head`) is no trouble.
fn print(text: &str) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Ok(ExitCode::SUCCESS)
}
