//! The demo's folder: empty, a demo's, or what an unfinished first start left behind. Never anybody's real installation.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::demo::note;
use crate::trouble::{Result, Trouble};

const UNFINISHED: &str = "demo.unfinished";
/// What a first start makes; removed when it was not finished.
const MADE: [&str; 4] = ["cuekey.db", "cuekey.db-wal", "cuekey.db-shm", "master.key"];

/// For its owner alone, also where the folder was made beforehand: its note holds passwords.
pub fn close_to_others(folder: &Path) -> Result<()> {
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(|error| trouble(folder, &error))
}

/// Whether there is something to keep. What an unfinished first start left is cleared away. The folder must be held.
pub fn is_filled(folder: &Path) -> Result<bool> {
    let there = |name: &str| folder.join(name).exists();
    if there(UNFINISHED) {
        MADE.iter()
            .filter(|name| there(name))
            .try_for_each(|name| std::fs::remove_file(folder.join(name)))
            .map_err(|error| trouble(folder, &error))?;
        return Ok(false);
    }
    match (there("cuekey.db"), note::path(folder).exists()) {
        (true, true) => Ok(true),
        (false, _) if !there("master.key") => Ok(false),
        _ => {
            let shown = folder.display();
            Err(Trouble::setup(
                format!("目录 {shown} 中已有并非演示的数据，演示不会改动它。请用 --data 另选一个空目录"),
                format!(
                    "the folder {shown} holds data that is no demo's, which the demo will not touch; choose an empty folder with --data"
                ),
            ))
        }
    }
}

/// From now until [`finished`], what is there is worth nothing.
pub fn begun(folder: &Path) -> Result<()> {
    File::create(folder.join(UNFINISHED)).and_then(|file| file.sync_all()).map_err(|error| trouble(folder, &error))?;
    // Nobody should read the note of a demo that is gone.
    let note = note::path(folder);
    if note.exists() { std::fs::remove_file(note).map_err(|error| trouble(folder, &error)) } else { Ok(()) }
}

pub fn finished(folder: &Path) -> Result<()> {
    std::fs::remove_file(folder.join(UNFINISHED)).map_err(|error| trouble(folder, &error))
}

fn trouble(folder: &Path, error: &std::io::Error) -> Trouble {
    let shown = folder.display();
    Trouble::setup(format!("演示目录 {shown} 无法使用：{error}"), format!("the demo's folder {shown} cannot be used: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_demo_made_is_ever_removed() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        assert!(!is_filled(here).unwrap());
        std::fs::write(here.join("cuekey.db"), "somebody's").unwrap();
        assert_eq!(is_filled(here).unwrap_err().exit, 2);
        std::fs::remove_file(here.join("cuekey.db")).unwrap();
        std::fs::write(here.join("master.key"), "somebody's").unwrap();
        assert_eq!(is_filled(here).unwrap_err().exit, 2, "a key alone may belong to a PostgreSQL");
        std::fs::remove_file(here.join("master.key")).unwrap();

        begun(here).unwrap();
        std::fs::write(here.join("cuekey.db"), "half").unwrap();
        assert!(!is_filled(here).unwrap());
        assert!(!here.join("cuekey.db").exists());
        std::fs::write(here.join("cuekey.db"), "whole").unwrap();
        std::fs::write(note::path(here), "{}").unwrap();
        finished(here).unwrap();
        assert!(is_filled(here).unwrap());
    }
}
