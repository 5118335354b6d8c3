//! Who serves from a data folder: one process at a time, and by what name it has jobs in its hands. Whoever comes next finds that name in the lock's
//! file, and since the lock was free it has ended: what it had begun is taken up again at once ([`store::jobs::take_over`]).
//!
//! **Invariant**: a name is believed on the machine, and in the very file, in which it was written. A folder that was copied, or is shared with other
//! machines, where locks may hold for nobody else, tells of nobody who has ended.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use kernel::{Clock, Random};
use store::{Db, jobs};
use uuid::Uuid;

use crate::data::unusable;
use crate::trouble::{Result, Trouble};

/// Longer than what is written there.
const MOST: u64 = 1_000;

/// Held while this process serves from a folder.
#[derive(Debug)]
pub struct Hold {
    file: File,
    /// Which file this is, and on which machine.
    place: String,
    /// Who has served from here before, and has ended.
    former: Option<Uuid>,
    /// By which this process is known.
    pub process: Uuid,
}

/// For SQLite: two writers on one file would wait for each other at every turn.
pub fn alone(folder: &Path) -> Result<Hold> {
    if_free(folder)?.ok_or_else(|| {
        let shown = folder.display();
        Trouble::setup(
            format!("另一个 Cuekey 正在使用数据目录 {shown}；请先停止它，或用 --data 另选目录（多个进程请使用 PostgreSQL）"),
            format!(
                "another Cuekey is serving from {shown}; stop it, or choose another folder with --data (several processes need PostgreSQL)"
            ),
        )
    })
}

/// For PostgreSQL, from which several may serve by one folder: the first of them holds it.
pub fn if_free(folder: &Path) -> Result<Option<Hold>> {
    let path = folder.join("cuekey.lock");
    let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
    let mut file = opened.map_err(|error| unusable(folder, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(unusable(folder, &error)),
    }
    let place = place(&file).map_err(|error| unusable(folder, &error))?;
    let mut said = String::new();
    // What cannot be read tells of nobody.
    let former = (&mut file).take(MOST).read_to_string(&mut said).ok().and_then(|_| named(&said, &place));
    Ok(Some(Hold { file, place, former, process: Random::system().uuid_v7(Clock::System.now()) }))
}

impl Hold {
    /// Takes over from who was here before, and then says who is here now: whoever is killed in between has taken nothing up yet.
    pub async fn succeed(&self, db: &Db) -> Result<()> {
        if let Some(former) = self.former {
            jobs::take_over(db, former, Clock::System.now()).await?;
        }
        let line = format!("{} {}\n", self.process, self.place);
        if let Err(error) = self.file.set_len(0).and_then(|()| self.file.write_all_at(line.as_bytes(), 0)) {
            tracing::warn!(%error, "cuekey.lock cannot be written: after a crash, jobs that were begun wait until their leases end");
        }
        Ok(())
    }
}

/// What is another in every copy of a file, and on every other machine.
fn place(file: &File) -> std::io::Result<String> {
    let host = rustix::system::uname();
    Ok(format!("{} {}", file.metadata()?.ino(), host.nodename().to_string_lossy()))
}

/// Who is named in what was written in this place. Pure.
fn named(said: &str, place: &str) -> Option<Uuid> {
    let (process, written) = said.trim_end().split_once(' ')?;
    if written == place { process.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROCESS: &str = "01936d2e-5f00-7000-8000-000000000001";

    #[test]
    fn a_name_is_believed_where_it_was_written_and_nowhere_else() {
        let here = "42 hall-1";
        let one = Some(PROCESS.parse().unwrap());
        assert_eq!(named(&format!("{PROCESS} {here}\n"), here), one);
        for said in [
            format!("{PROCESS} 43 hall-1\n"),
            format!("{PROCESS} 42 hall-2\n"),
            format!("{PROCESS}\n"),
            format!("x {here}\n"),
            String::new(),
        ] {
            assert_eq!(named(&said, here), None, "{said:?}");
        }
    }

    #[tokio::test]
    async fn who_comes_next_finds_who_has_ended_and_who_copies_the_folder_finds_nobody() {
        let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let db = Db::open(&store::DbConfig::new("sqlite::memory:")).await.unwrap();
        store::migrate::run(&db, &web::migrations(), Clock::System.now()).await.unwrap();
        let first = alone(folder.path()).unwrap();
        assert_eq!(first.former, None);
        first.succeed(&db).await.unwrap();
        assert!(if_free(folder.path()).unwrap().is_none());
        let error = alone(folder.path()).unwrap_err();
        assert!(error.to_string().contains("another Cuekey"), "{error}");
        std::fs::copy(folder.path().join("cuekey.lock"), copy.path().join("cuekey.lock")).unwrap();
        assert_eq!(alone(copy.path()).unwrap().former, None);
        let process = first.process;
        drop(first);
        // One that ended before it had said so has taken nothing up.
        assert_eq!(alone(folder.path()).unwrap().former, Some(process));
        assert_eq!(if_free(folder.path()).unwrap().unwrap().former, Some(process));
    }
}
