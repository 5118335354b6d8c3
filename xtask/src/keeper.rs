//! The keeper: a small shell process that outlives xtask by a moment and ends what xtask could not.
//!
//! Guards and signal handlers do nothing when xtask itself is killed outright. The keeper reads from a pipe which process
//! groups are alive, and sees its end when xtask is gone, for whatever reason.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

const SCRIPT: &str = r#"
trap '' INT TERM HUP
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="${groups%%" $group "*} ${groups#*" $group "}" ;;
  esac
done
[ "$groups" = ' ' ] && exit
for group in $groups; do kill -TERM -"$group"; done
sleep 3
for group in $groups; do kill -KILL -"$group"; done
"#;

static KEEPER: Mutex<Option<Child>> = Mutex::new(None);

/// `+` for a group that now lives, `-` for one that has ended.
pub fn tell(sign: char, group: i32) {
    let mut keeper = KEEPER.lock().unwrap_or_else(PoisonError::into_inner);
    if keeper.is_none() {
        *keeper =
            start().inspect_err(|error| eprintln!("warning: no keeper ({error}); killing xtask outright leaves its children behind")).ok();
    }
    if let Some(pipe) = keeper.as_mut().and_then(|child| child.stdin.as_mut()) {
        // A keeper that was killed by hand is not missed before xtask is, too.
        let _ = writeln!(pipe, "{sign} {group}");
    }
}

fn start() -> std::io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT])
        .process_group(0)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}
