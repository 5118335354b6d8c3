//! Steps that use the whole program: what a reader of the README does with it, and what a bad day does to it.

use std::process::Command;

use anyhow::{Result, bail};

use super::context::{Context, count};
use crate::count::{self, Tally};
use crate::demo::Demo;
use crate::log::Log;
use crate::{process, venv};

pub fn python(context: &mut Context, log: &mut Log) -> Result<Tally> {
    let folder = context.workspace.required("examples/python")?;
    let mut tests = process::command(venv::python(&context.workspace, log)?);
    tests.current_dir(folder).args(["-m", "unittest", "discover", "--verbose"]).env("PYTHONDONTWRITEBYTECODE", "1");
    count(log, &mut tests, count::unittest)
}

/// Counts as two: the Python example and the SDK's.
pub fn clean_start(context: &mut Context, log: &mut Log) -> Result<Tally> {
    if let Err(error) = context.pages(log) {
        // Whether the console is well is another step's question.
        log.say(&format!("without a console: {error:#}"));
    }
    let cuekey = context.cuekey(log)?;
    let demo = Demo::start(&cuekey, context.log_path("clean-start-server"), log)?;
    let mut tally = Tally::default();
    for example in [python_example, sdk_example] {
        match example(context, &demo, log).and_then(|command| expect_valid(command, log)) {
            Ok(()) => tally += Tally::ONE_PASSED,
            Err(error) => {
                log.say(&format!("error: {error:#}"));
                tally += Tally::ONE_FAILED;
            }
        }
    }
    Ok(tally)
}

/// Counts one for each scenario and database.
pub fn chaos(context: &mut Context, log: &mut Log) -> Result<Tally> {
    let mut driver = crate::chaos::prepare(&context.workspace, false, log)?;
    count(log, driver.arg("--short"), count::chaos)
}

/// Reads where to ask, and as whom, from the demo's note.
fn python_example(context: &Context, demo: &Demo, log: &mut Log) -> Result<Command> {
    let example = context.workspace.required("examples/python/cuekey_verify.py")?;
    let mut command = process::command(venv::python(&context.workspace, log)?);
    command.arg(example).arg("--demo").arg(&demo.note).args(["--device", "clean-start-python", &demo.key(0)?]);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

/// Is told the same by its environment.
fn sdk_example(context: &Context, demo: &Demo, log: &mut Log) -> Result<Command> {
    context.workspace.required("crates/sdk/examples/verify.rs")?;
    log.run(context.workspace.cargo().args(["build", "--package", "cuekey-sdk", "--example", "verify"]))?;
    let mut command = process::command(context.workspace.target.join("debug/examples/verify"));
    command.args([&demo.key(1)?, "clean-start-sdk"]);
    demo.introduce(&mut command)?;
    Ok(command)
}

fn expect_valid(mut command: Command, log: &mut Log) -> Result<()> {
    let (status, text) = log.observe(&mut command)?;
    if !status.success() || !says_valid(&text) {
        bail!("`{}` did not answer VALID ({})", process::describe(&command), process::say(status));
    }
    Ok(())
}

/// As a word, the API's or Rust's: INVALID is none.
fn says_valid(text: &str) -> bool {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_')).any(|word| matches!(word, "VALID" | "Valid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_is_a_word() {
        assert!(says_valid("VALID until 2027"));
        assert!(says_valid("Valid: good (action: Continue)"));
        assert!(says_valid("{\"code\":\"VALID\"}"));
        assert!(!says_valid("SIGNATURE_INVALID"));
        assert!(!says_valid("INVALID"));
    }
}
