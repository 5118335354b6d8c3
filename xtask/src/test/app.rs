//! Steps on the customers' app: one source, built for browsers and as a mini-program.

use anyhow::Result;

use super::context::{Context, count, one};
use crate::count::{self, Tally};
use crate::log::Log;
use crate::npm::APP;

pub fn install(context: &mut Context, log: &mut Log) -> Result<Tally> {
    one(context.app(log))
}

pub fn typecheck(context: &mut Context, log: &mut Log) -> Result<Tally> {
    script(context, "typecheck", log)
}

pub fn lint(context: &mut Context, log: &mut Log) -> Result<Tally> {
    script(context, "lint", log)
}

/// Asked by nobody: a build for an owner is told the owner's, and none is made without.
const SERVER: &str = "https://hall.example";

pub fn mini_program(context: &mut Context, log: &mut Log) -> Result<Tally> {
    context.app(log)?;
    one(log.run(APP.script_command(&context.workspace, "build:mp", &[]).env("CUEKEY_SERVER", SERVER)))
}

fn script(context: &mut Context, name: &str, log: &mut Log) -> Result<Tally> {
    context.app(log)?;
    one(APP.script(&context.workspace, name, &[], log))
}

pub fn test(context: &mut Context, log: &mut Log) -> Result<Tally> {
    context.app(log)?;
    count(log, &mut APP.script_command(&context.workspace, "test", &[]), count::vitest)
}

pub fn build(context: &mut Context, log: &mut Log) -> Result<Tally> {
    context.app(log)?;
    one(APP.build(&context.workspace, log))
}
