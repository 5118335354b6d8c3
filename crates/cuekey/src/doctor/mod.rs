//! `cuekey doctor`: looks at everything that can be set up wrongly, and adds up what must add up.
//!
//! It changes nothing, makes nothing, and works beside a running server.

mod certificate;
mod database;
mod line;
mod report;
mod surroundings;

use std::process::ExitCode;

use kernel::Clock;

use crate::config::Config;
use crate::trouble::{Result, terminal_language};

pub use database::counted;
pub use report::{Report, same};

pub async fn doctor(config: &Config) -> Result<ExitCode> {
    let mut report = Report::default();
    surroundings::folder(config, &mut report);
    database::examine(config, &mut report).await;
    certificate::examine(config, Clock::System.now(), &mut report);
    surroundings::addresses(config, &mut report).await;
    surroundings::mail(config, &mut report).await;
    crate::print(&report.table(terminal_language()))?;
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
