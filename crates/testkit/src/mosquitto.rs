//! Mosquitto for a test: one of its own, set up as docs/operating.md tells operators to. It knows each device by its password, and lets it use
//! its own topics alone.
//!
//! **Invariant**: no two tests share one. Each server hears whatever is said on its broker, the lamps of other tests too: by what those said, a
//! test could take its own lamp for one that has answered, or miss that it had.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use kernel::Random;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

/// What operators read.
const MANUAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating.md");
const PATIENCE: Duration = Duration::from_secs(30);
/// How often another port is tried, when somebody was quicker.
const TRIES: usize = 10;
/// What it says when it listens, and when it reads its files again.
const LISTENS: &str = " running";
const READS_AGAIN: &str = "Reloading config.";

type Said = Lines<BufReader<ChildStderr>>;

pub(crate) struct Mosquitto {
    address: SocketAddr,
    users: Users,
    _child: Child,
    _folder: Folder,
}

impl Mosquitto {
    /// With one user, who has the server's rights; devices come later.
    pub async fn start(random: &Random, (user, password): (&str, &str)) -> Self {
        let folder = Folder::new(random);
        let (rights, list) = (folder.0.join("rights"), folder.0.join("passwords"));
        std::fs::write(&rights, rights_of_the_manual()).expect("rights are written");
        // Later versions read no such file that others may read.
        std::fs::set_permissions(&rights, std::fs::Permissions::from_mode(0o600)).expect("and kept from others");
        let made = passwords(&["-c", "-b"], &list, &[user, password]).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let (child, said, address) = run(&folder.0, &rights, &list).await;
        let process = child.id().expect("it runs");
        let (users, changes) = mpsc::unbounded_channel();
        tokio::spawn(keep(list, process, readings(said), changes));
        Self { address, users: Users(users), _child: child, _folder: folder }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn users(&self) -> Users {
        self.users.clone()
    }
}

/// The operator's list of users, which is changed in the order in which that is asked for.
#[derive(Clone)]
pub(crate) struct Users(mpsc::UnboundedSender<Change>);

enum Change {
    Enters { user: String, password: String, done: oneshot::Sender<()> },
    Leaves { user: String },
}

impl Users {
    /// Returns when it is let in.
    pub async fn enters(&self, user: &str, password: &str) {
        let (done, is_done) = oneshot::channel();
        let change = Change::Enters { user: user.to_owned(), password: password.to_owned(), done };
        assert!(self.0.send(change).is_ok(), "somebody keeps the list");
        timeout(PATIENCE, is_done).await.expect("Mosquitto reads its list again").expect("somebody keeps the list");
    }

    /// Is not let in any more, and sent away, soon after this returns.
    pub fn leaves(&self, user: &str) {
        // When nobody keeps the list any more, the test is over.
        let _ = self.0.send(Change::Leaves { user: user.to_owned() });
    }
}

/// One change after the other, each in force before the next one is begun.
async fn keep(list: PathBuf, process: u32, mut readings: watch::Receiver<u64>, mut changes: mpsc::UnboundedReceiver<Change>) {
    while let Some(change) = changes.recv().await {
        let done = match change {
            Change::Enters { user, password, done } => {
                let entered = passwords(&["-b"], &list, &[user.as_str(), password.as_str()]).await;
                assert!(entered.status.success(), "{}", String::from_utf8_lossy(&entered.stderr));
                Some(done)
            }
            Change::Leaves { user } => {
                // Of who was never entered, nothing has to be removed.
                let _ = passwords(&["-D"], &list, &[user.as_str()]).await;
                None
            }
        };
        let before = *readings.borrow_and_update();
        // What `systemctl reload mosquitto` does.
        let told = Command::new("sh").args(["-c", "kill -HUP \"$1\"", "sh", &process.to_string()]).status().await;
        if !told.is_ok_and(|status| status.success()) || readings.wait_for(|count| *count > before).await.is_err() {
            // It has ended, and the test with it.
            return;
        }
        if let Some(done) = done {
            let _ = done.send(());
        }
    }
}

/// Changes the list by Mosquitto's own means.
async fn passwords(options: &[&str], list: &Path, what: &[&str]) -> Output {
    let mut command = Command::new("mosquitto_passwd");
    command.args(options).arg(list).args(what).stdin(Stdio::null());
    command.output().await.expect("mosquitto_passwd comes with Mosquitto, which `cargo xtask services` looks for")
}

/// Runs it on a free port of the loopback address, and returns when it listens there.
async fn run(folder: &Path, rights: &Path, list: &Path) -> (Child, Said, SocketAddr) {
    let settings = folder.join("mosquitto.conf");
    let mut why = String::new();
    for _ in 0..TRIES {
        let address = free();
        let text = format!(
            "listener {} {}\nallow_anonymous false\npassword_file {}\nacl_file {}\npersistence false\n{}\n\
             log_dest stderr\nlog_type error\nlog_type warning\nlog_type information\n",
            address.port(),
            address.ip(),
            list.display(),
            rights.display(),
            bounds_of_the_manual()
        );
        // As root it would become somebody who may not read its folder. Where it is not root, this says nothing.
        std::fs::write(&settings, text + "user root\n").expect("settings are written");
        let mut command = Command::new(program());
        command.arg("-c").arg(&settings).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("Mosquitto is installed: `cargo xtask services` looks for it");
        let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let outcome = timeout(PATIENCE, listens(&mut said)).await.expect("Mosquitto says something");
        match outcome {
            Ok(()) => return (child, said, address),
            Err(words) => why = words,
        }
    }
    panic!("Mosquitto does not start: {why}");
}

/// Waits until it listens; where it has ended instead, answers what it said.
async fn listens(said: &mut Said) -> Result<(), String> {
    let mut words = String::new();
    while let Ok(Some(line)) = said.next_line().await {
        if line.ends_with(LISTENS) {
            return Ok(());
        }
        words.push_str(&line);
        words.push('\n');
    }
    Err(words)
}

/// How often it has read its files again. Whoever connects after that is judged by the new ones: it does one thing after the other.
fn readings(mut said: Said) -> watch::Receiver<u64> {
    let (count, counted) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok(Some(line)) = said.next_line().await {
            if line.ends_with(READS_AGAIN) {
                count.send_modify(|count| *count += 1);
            }
        }
    });
    counted
}

/// The rights that operators are told to give.
fn rights_of_the_manual() -> String {
    block_of_the_manual("acl")
}

/// The bounds that operators are told to set.
fn bounds_of_the_manual() -> String {
    let settings = block_of_the_manual("mosquitto");
    let is_bound = |line: &&str| ["max_", "message_", "persistent_"].iter().any(|kind| line.starts_with(kind));
    let bounds: Vec<&str> = settings.lines().filter(is_bound).collect();
    assert!(!bounds.is_empty(), "the manual has bounds for Mosquitto");
    bounds.join("\n")
}

fn block_of_the_manual(kind: &str) -> String {
    let manual = std::fs::read_to_string(MANUAL).expect("the manual is there");
    let block = manual.split_once(&format!("\n```{kind}\n")).and_then(|(_, rest)| rest.split_once("```"));
    block.expect("the manual has it for Mosquitto").0.to_owned()
}

/// Somebody else may take it before it is used.
fn free() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address")
}

/// Where Debian puts it is not always on the path.
fn program() -> &'static str {
    let usual = "/usr/sbin/mosquitto";
    if Path::new(usual).is_file() { usual } else { "mosquitto" }
}

/// A temporary folder, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(random: &Random) -> Self {
        let path = std::env::temp_dir().join(format!("cuekey-mqtt-{:016x}", random.u64()));
        std::fs::create_dir(&path).expect("a temporary folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
