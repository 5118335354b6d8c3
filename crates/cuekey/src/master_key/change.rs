//! Another key in the place of one: the new one lies beside it as `.next` until the database is under it, and the old one stays as `.old`.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use kernel::Random;

use super::{Key, create, missing, sync_folder, unreadable};
use crate::trouble::{Result, Trouble};

/// Where the key lies that is to take its place.
pub fn next(path: &Path) -> PathBuf {
    beside(path, ".next")
}

/// Where the key lies whose place it has taken.
fn old(path: &Path) -> PathBuf {
    beside(path, ".old")
}

/// Of a link, beside what it leads to.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = real(path).into_os_string();
    name.push(end);
    PathBuf::from(name)
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Held by whoever changes it: a second one would throw away the first one's new key.
pub fn lock(path: &Path) -> Result<File> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing(path)),
        Err(error) => return Err(unreadable(path, &error)),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Trouble::setup("主密钥正在由另一个进程更换", "another process is changing the master key")),
        Err(TryLockError::Error(error)) => Err(unreadable(path, &error)),
    }
}

/// Makes the next one, anew where an attempt that did not come to its end has left one, and names the present one as the old one: where that cannot
/// be done (a file that is mounted by itself), it is known before anything is changed. Refused where there would be two old ones.
pub fn begin(path: &Path, random: &Random) -> Result<Key> {
    let (path, old) = (&real(path), old(path));
    if old.exists() && !is_same(path, &old).map_err(|error| unreadable(&old, &error))? {
        let shown = old.display();
        return Err(Trouble::setup(
            format!("上一次更换前的主密钥仍在 {shown}，不会覆盖它。若仍有旧备份需要它，请移到别处；否则请销毁"),
            format!(
                "the master key of before the last change is still in {shown}, and is not overwritten; move it away if there are backups that need it, or destroy it"
            ),
        ));
    }
    discard(path)?;
    std::fs::hard_link(path, &old).map_err(|error| {
        let shown = path.display();
        Trouble::setup(
            format!("主密钥文件 {shown} 所在目录不能放置新旧两份文件（{error}），未更换。请把它放在可写的目录中，而不是单独挂载的文件"),
            format!(
                "beside the master key file {shown} neither a new nor an old one can be kept ({error}), and it was not changed; have it in a folder that can be written, and not mounted as a file by itself"
            ),
        )
    })?;
    create(&next(path), random)
}

/// Takes a next one back under which nothing is, and the old one's name from the present one.
pub fn discard(path: &Path) -> Result<()> {
    let (path, old) = (&real(path), old(path));
    let mut made = vec![next(path)];
    if old.exists() && is_same(path, &old).map_err(|error| unreadable(&old, &error))? {
        made.push(old);
    }
    for file in made {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unreadable(&file, &error)),
            _ => {}
        }
    }
    Ok(())
}

/// The next one takes its place. After a crash at any step, doing it again ends it; there is a key in the place at all times. Answers where the
/// old one is.
pub fn take_place(path: &Path) -> Result<PathBuf> {
    let (path, next, old) = (real(path), next(path), old(path));
    let kept = std::fs::hard_link(&path, &old).or_else(|error| match error.kind() {
        ErrorKind::AlreadyExists if is_same(&path, &old)? => Ok(()),
        _ => Err(error),
    });
    let placed = kept.and_then(|()| {
        sync_folder(&path);
        std::fs::rename(&next, &path)
    });
    sync_folder(&path);
    placed.map(|()| old).map_err(|error| {
        let (path, next) = (path.display(), next.display());
        Trouble::failed(
            format!("数据库已改用 {next} 中的新主密钥，但无法将它移到 {path}：{error}。请排除原因后再运行一次 cuekey rekey"),
            format!("the database is under the new master key in {next}, which cannot be moved to {path}: {error}; mend the cause, and run `cuekey rekey` once more"),
        )
    })
}

fn is_same(one: &Path, other: &Path) -> std::io::Result<bool> {
    let (one, other) = (one.metadata()?, other.metadata()?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// The database is under the next one, which is not in its place yet.
pub fn unfinished(path: &Path) -> Trouble {
    let (path, next) = (path.display(), next(path));
    let next = next.display();
    Trouble::setup(
        format!("数据库已改用 {next} 中的新主密钥，而 {path} 仍是旧的：请再运行一次 cuekey rekey"),
        format!("the database is under the new master key in {next}, and {path} is still the old one: run `cuekey rekey` once more"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn the_next_key_takes_the_place_and_the_old_one_stays_whenever_it_is_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let random = Random::seeded(1);
        let first = create(&path, &random).unwrap();
        // Left by an attempt that did not come to its end.
        let left = begin(&path, &random).unwrap();
        let second = begin(&path, &random).unwrap();
        assert!(*second != *left && *second != *first);
        assert_eq!(*read(&path).unwrap().unwrap(), *first);

        assert_eq!(*read(&old(&path)).unwrap().unwrap(), *first);
        assert_eq!(take_place(&path).unwrap(), old(&path));
        assert_eq!((*read(&path).unwrap().unwrap(), *read(&old(&path)).unwrap().unwrap()), (*second, *first));
        assert!(!next(&path).exists());
        assert!(begin(&path, &random).unwrap_err().to_string().contains("master.key.old"), "the oldest is not lost");
        std::fs::remove_file(old(&path)).unwrap();
        let third = begin(&path, &random).unwrap();
        take_place(&path).unwrap();
        assert_eq!((*read(&path).unwrap().unwrap(), *read(&old(&path)).unwrap().unwrap()), (*third, *second));
    }

    #[test]
    fn a_key_that_a_link_leads_to_is_changed_where_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("real.key"), folder.path().join("master.key"));
        create(&path, &Random::seeded(1)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let next = begin(&link, &Random::seeded(2)).unwrap();
        take_place(&link).unwrap();
        assert!(link.is_symlink());
        assert_eq!(*read(&path).unwrap().unwrap(), *next);
    }

    #[test]
    fn one_process_changes_it_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert!(lock(&path).unwrap_err().to_string().contains("missing"));
        create(&path, &Random::seeded(1)).unwrap();
        let held = lock(&path).unwrap();
        assert!(lock(&path).is_err());
        drop(held);
        lock(&path).unwrap();
    }
}
