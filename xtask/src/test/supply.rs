//! Steps on what others have made: may it be in the program, and is it written down.

use anyhow::Result;

use super::context::{Context, one};
use crate::count::Tally;
use crate::log::Log;
use crate::{process, sbom, tools};

pub fn dependencies(context: &mut Context, log: &mut Log) -> Result<Tally> {
    let deny = tools::ensure(&context.workspace, &tools::DENY, log)?;
    let mut check = process::command(deny);
    check.current_dir(&context.workspace.root).args(["--locked", "--color", "never", "check", "licenses", "bans", "sources"]);
    one(log.run(&mut check))
}

pub fn sbom(context: &mut Context, _: &mut Log) -> Result<Tally> {
    one(sbom::check(&context.workspace))
}
