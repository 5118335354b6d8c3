//! Steps on the console, and on what it and the program agree on.

use anyhow::{Context as _, Result};

use super::context::{Context, count, one};
use crate::count::{self, Tally};
use crate::demo::Demo;
use crate::log::Log;
use crate::npm::CONSOLE;
use crate::{install, openapi};

pub fn install(context: &mut Context, log: &mut Log) -> Result<Tally> {
    one(context.console(log))
}

pub fn typecheck(context: &mut Context, log: &mut Log) -> Result<Tally> {
    script(context, "typecheck", log)
}

pub fn lint(context: &mut Context, log: &mut Log) -> Result<Tally> {
    script(context, "lint", log)
}

fn script(context: &mut Context, name: &str, log: &mut Log) -> Result<Tally> {
    context.console(log)?;
    one(CONSOLE.script(&context.workspace, name, &[], log))
}

pub fn test(context: &mut Context, log: &mut Log) -> Result<Tally> {
    context.console(log)?;
    count(log, &mut CONSOLE.script_command(&context.workspace, "test", &[]), count::vitest)
}

pub fn build(context: &mut Context, log: &mut Log) -> Result<Tally> {
    context.console(log)?;
    one(CONSOLE.build(&context.workspace, log))
}

pub fn openapi(context: &mut Context, log: &mut Log) -> Result<Tally> {
    let cuekey = context.cuekey(log)?;
    one(openapi::check_document(&context.workspace, cuekey, log))
}

pub fn openapi_types(context: &mut Context, log: &mut Log) -> Result<Tally> {
    context.console(log)?;
    one(openapi::check_types(&context.workspace, log))
}

pub fn browser(context: &mut Context, log: &mut Log) -> Result<Tally> {
    install::ensure(&["chromium", "fonts-noto-cjk"], log)?;
    let chromium = install::chromium().context("no Chromium is installed")?;
    context.pages(log)?;
    let cuekey = context.cuekey(log)?;
    let demo = Demo::start(&cuekey, context.log_path("browser-server"), log)?;
    let mut e2e = CONSOLE.script_command(&context.workspace, "e2e", &["--reporter=list"]);
    e2e.env("CUEKEY_URL", &demo.url).env("CUEKEY_DEMO_JSON", &demo.note).env("CUEKEY_CHROMIUM", chromium);
    count(log, &mut e2e, count::playwright)
}
