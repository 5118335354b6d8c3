//! Starting the binary, reading what it says, and asking it over HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Far more than anything here takes; a test that waits so long has failed.
pub const LONGEST: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(20);

/// The binary in `folder`, speaking English, with nothing of this process's configuration.
pub fn cuekey(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuekey"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CUEKEY_")) {
        command.env_remove(name);
    }
    command.args(args).current_dir(folder).env("LC_ALL", "en_GB.UTF-8").stdin(Stdio::null());
    command
}

/// Runs to its end.
pub fn run(folder: &Path, args: &[&str]) -> Output {
    cuekey(folder, args).output().expect("the binary runs")
}

/// A command that must refuse: its exit code and what it told the person.
#[track_caller]
pub fn refused(command: &mut Command, code: i32, words: &[&str]) -> String {
    let output = command.output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    said
}

/// Asks again and again until there is an answer.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let mut waited = Duration::ZERO;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(waited < LONGEST, "{what}: not within {} s", LONGEST.as_secs());
        #[expect(clippy::disallowed_methods, reason = "another process is waited for, and asked again after each pause")]
        std::thread::sleep(STEP);
        waited += STEP;
    }
}

/// A server in another process; killed when dropped.
pub struct Server {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Server {
    /// Starts `command`, which must log in JSON.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the binary starts");
        let said = Arc::new(Mutex::new(String::new()));
        let (lines, hearing) = (BufReader::new(child.stderr.take().expect("piped")), Arc::clone(&said));
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut said = hearing.lock().unwrap_or_else(PoisonError::into_inner);
                said.push_str(&line);
                said.push('\n');
            }
        });
        Self { child, said }
    }

    /// `cuekey serve` on free ports with its data in `folder`.
    pub fn serve(folder: &Path, args: &[&str]) -> Self {
        let mut all = vec!["serve", "--data", "data", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--log-format", "json"];
        all.extend_from_slice(args);
        Self::spawn(&mut cuekey(folder, &all))
    }

    pub fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A field of the log line with this message, once it is there.
    #[track_caller]
    pub fn told(&mut self, message: &str, field: &str) -> String {
        until(message, || {
            let said = self.said();
            let lines = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            let line = lines.into_iter().find(|line| line["message"] == message);
            if line.is_none() {
                assert_eq!(self.child.try_wait().expect("wait"), None, "it ended: {said}");
            }
            line.map(|line| line[field].as_str().unwrap_or_default().to_owned())
        })
    }

    /// Where it listens, once it is ready.
    #[track_caller]
    pub fn address(&mut self) -> SocketAddr {
        self.told("ready", "address").parse().expect("an address")
    }

    /// The same of one that logs as text.
    #[track_caller]
    pub fn ready_text(&mut self) -> SocketAddr {
        until("ready", || {
            let said = self.said();
            assert_eq!(self.child.try_wait().expect("wait"), None, "it ended: {said}");
            let line = said.lines().find(|line| line.contains(" ready ")).map(str::to_owned)?;
            line.split("address=").nth(1)?.split(' ').next()?.parse().ok()
        })
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        until("the end", || self.has_ended())
    }

    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("wait")
    }

    /// Asks it to stop, and expects that it says so and ends well.
    #[track_caller]
    pub fn stop(mut self) {
        self.signal("TERM");
        let status = self.ended();
        assert!(status.success(), "{status}: {}", self.said());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and body.
#[track_caller]
pub fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let (status, _, body) = ask(address, path);
    (status, body)
}

/// Status, headers and body.
#[track_caller]
pub fn ask(address: SocketAddr, path: &str) -> (u16, String, String) {
    let mut stream = connect(address);
    // At once: a listener that refuses from the first byte on may be gone before the second is sent.
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the request is sent");
    answer(stream)
}

/// Signs in; the body of the answer.
#[track_caller]
pub fn sign_in(address: SocketAddr, name: &str, password: &str) -> (u16, serde_json::Value) {
    let body = serde_json::json!({"name": name, "password": password}).to_string();
    let mut stream = connect(address);
    let head = "Host: test\r\nConnection: close\r\nContent-Type: application/json";
    write!(stream, "POST /api/v1/session HTTP/1.1\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("the request is sent");
    let (status, _, body) = answer(stream);
    (status, serde_json::from_str(&body).unwrap_or_default())
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(LONGEST)).expect("a timeout can be set");
    stream
}

#[track_caller]
pub fn answer(mut stream: TcpStream) -> (u16, String, String) {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status in {text:?}"));
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    (status, head.to_owned(), body.to_owned())
}
