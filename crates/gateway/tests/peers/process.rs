//! The process that the SDKs run in, and what it is asked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The SDKs, as a process that is asked line by line.
#[derive(Clone)]
pub struct Peers(Arc<Mutex<Process>>);

struct Process {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peers {
    pub fn start() -> Self {
        let python = std::env::var("CUEKEY_TEST_PYTHON").unwrap_or_else(|_| {
            panic!("CUEKEY_TEST_PYTHON names an interpreter with xtask/requirements.txt; `cargo xtask test` makes one, `cargo xtask services` keeps it")
        });
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/peers");
        // One of them writes its machine's time, where Beijing's is meant.
        let mut child = Command::new(python)
            .arg(script)
            .env("TZ", "Asia/Shanghai")
            .env("NO_PROXY", "*")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (asks, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self(Arc::new(Mutex::new(Process { child, asks, answers })))
    }

    /// `do` names an SDK and an act of it. Answers what the SDK answered, or what it threw.
    pub async fn ask(&self, ask: Value) -> Result<Value, String> {
        let own = self.clone();
        let said = tokio::task::spawn_blocking(move || {
            let mut process = own.0.lock().unwrap();
            writeln!(process.asks, "{ask}").unwrap();
            let mut line = String::new();
            process.answers.read_line(&mut line).unwrap();
            line
        });
        let said: Value = serde_json::from_str(&said.await.unwrap()).unwrap();
        match said["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(said["answer"].clone()),
        }
    }
}

/// The byte of this part of a message that is changed on its way.
pub fn change(part: &str, at: usize) -> Value {
    json!({"change": {"part": part, "at": at}})
}

/// What is asked each time, and more.
pub fn with(ask: &Value, more: Value) -> Value {
    let mut ask = ask.clone();
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask
}
