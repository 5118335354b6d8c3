//! The steps, in the order in which they run: cheap ones first, and each after what it builds on.

use anyhow::Result;

use super::context::Context;
use super::{app, console, examples, fuzz, rust, supply};
use crate::count::Tally;
use crate::log::Log;

pub struct Step {
    pub name: &'static str,
    pub about: &'static str,
    pub quick: bool,
    pub run: fn(&mut Context, &mut Log) -> Result<Tally>,
}

const fn step(name: &'static str, about: &'static str, quick: bool, run: fn(&mut Context, &mut Log) -> Result<Tally>) -> Step {
    Step { name, about, quick, run }
}

/// Not part of what CI runs: asked for by `--fuzz`.
pub const FUZZ: &Step = &step("fuzz", "calls made from OpenAPI, by each sort of asker, on both databases", false, fuzz::run);

pub const STEPS: &[Step] = &[
    step("tidy", "the workspace's own rules", true, rust::tidy),
    step("fmt", "cargo fmt --check", true, rust::fmt),
    step("console-install", "npm ci", true, console::install),
    step("console-typecheck", "types of the console", true, console::typecheck),
    step("console-lint", "lint rules of the console", true, console::lint),
    step("console-test", "unit tests of the console", true, console::test),
    step("console-build", "the console as the program embeds it", true, console::build),
    step("app-install", "npm ci of the customers' app", true, app::install),
    step("app-typecheck", "types of the app", true, app::typecheck),
    step("app-lint", "lint rules of the app", true, app::lint),
    step("app-test", "unit tests of the app", true, app::test),
    step("app-build", "the app for browsers, as the program embeds it", true, app::build),
    step("app-mini-program", "the app as a mini-program, checked without WeChat's own tools", true, app::mini_program),
    step("sbom", "docs/sbom.cdx.json is what the lock files say", true, supply::sbom),
    step("dependencies", "licences, bans, duplicates and sources of dependencies", true, supply::dependencies),
    step("clippy", "cargo clippy, warnings denied", true, rust::clippy),
    step("rust", "Rust tests, on SQLite and PostgreSQL", true, rust::test),
    step("sdk-docs", "examples in the SDK's documentation", false, rust::sdk_docs),
    step("python", "tests of the Python example", false, examples::python),
    step("openapi", "docs/openapi.json is what the program says", false, console::openapi),
    step("openapi-types", "the console's types are those of docs/openapi.json", false, console::openapi_types),
    step("browser", "the console in a browser, against a demo", false, console::browser),
    step("chaos", "the server killed, its lines cut, its disk and clock broken: a short form of cargo xtask chaos", false, examples::chaos),
    step("clean-start", "a demo on an empty folder, asked by both examples", false, examples::clean_start),
];
