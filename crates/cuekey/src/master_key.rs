//! The master key file: 32 random bytes in hex below a line that says what they are.
//!
//! **Invariant**: nobody but its owner can read it; it appears whole or not at all, and one that is replaced (`change.rs`) is kept beside it.

mod change;

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kernel::{Clock, Random};
use zeroize::Zeroizing;

use crate::config::Data;
use crate::trouble::{Result, Trouble};

pub use change::{begin, discard, lock, next, take_place, unfinished};

pub type Key = Zeroizing<[u8; 32]>;

const NOTE: &str = "# Cuekey 主密钥：请另行备份，丢失后数据库中加密的内容无法恢复。\n# Cuekey's master key: back it up apart from the database; without it what is encrypted there is lost.\n";

/// Where it is, or will be.
pub fn path(data: &Data) -> PathBuf {
    if data.master_key_file.as_os_str().is_empty() { data.folder.join("master.key") } else { data.master_key_file.clone() }
}

/// The key in the file; `None` when there is no file.
pub fn read(path: &Path) -> Result<Option<Key>> {
    let shown = path.display();
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    if metadata.mode() & 0o077 != 0 {
        let mode = metadata.mode() & 0o777;
        return Err(Trouble::setup(
            format!("主密钥文件 {shown} 可被他人读取（权限 {mode:03o}）；请执行 chmod 600 {shown}"),
            format!("the master key file {shown} can be read by others (mode {mode:03o}); run chmod 600 {shown}"),
        ));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?);
    match parse(&text) {
        Some(key) => Ok(Some(key)),
        None => Err(Trouble::setup(
            format!("主密钥文件 {shown} 内容不完整：除以 # 开头的行外，应恰为 64 个十六进制字符；请从备份恢复"),
            format!(
                "the master key file {shown} is damaged: besides lines beginning with # it holds exactly 64 hex digits; restore it from a backup"
            ),
        )),
    }
}

/// Makes a new one; if another process was faster, the answer is that one's.
pub fn create(path: &Path, random: &Random) -> Result<Key> {
    let draft = path.with_extension(format!("{:x}.draft", random.u64()));
    let made = write(&draft, random).and_then(|()| std::fs::hard_link(&draft, path));
    let _ = std::fs::remove_file(&draft);
    match made {
        Ok(()) => sync_folder(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            let shown = path.display();
            return Err(Trouble::setup(
                format!("无法创建主密钥文件 {shown}：{error}"),
                format!("cannot make the master key file {shown}: {error}"),
            ));
        }
    }
    read(path)?.ok_or_else(|| missing(path))
}

/// The database is sealed under a key that is not at hand.
pub fn missing(path: &Path) -> Trouble {
    let shown = path.display();
    Trouble::setup(
        format!("找不到主密钥文件 {shown}，而此数据库已用主密钥加密。请从备份恢复该文件，或用 CUEKEY_MASTER_KEY_FILE 指明位置"),
        format!(
            "the master key file {shown} is missing, and this database is encrypted under a master key; restore the file from a backup, or name it by CUEKEY_MASTER_KEY_FILE"
        ),
    )
}

/// Another installation's key.
pub fn wrong(path: &Path) -> Trouble {
    let shown = path.display();
    Trouble::setup(
        format!("主密钥文件 {shown} 不是此数据库所用的主密钥。请换回原来的文件；多台服务器须使用同一份"),
        format!(
            "the master key file {shown} is not the one that this database is encrypted under; put the original back (several servers need the same file)"
        ),
    )
}

fn write(path: &Path, random: &Random) -> std::io::Result<()> {
    let secret: Zeroizing<[u8; 32]> = Zeroizing::new(random.bytes());
    let mut text = Zeroizing::new(format!("{NOTE}# {}\n", Clock::System.now()));
    for byte in secret.iter() {
        text.push_str(&format!("{byte:02x}"));
    }
    text.push('\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// So that the name survives a power cut as well as the content does.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

fn parse(text: &str) -> Option<Key> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (line, None) = (lines.next()?, lines.next()) else { return None };
    if line.len() != 64 || !line.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&line[at..at + 2], 16).ok()?;
    }
    Some(key)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Trouble {
    let shown = path.display();
    Trouble::setup(format!("无法读取主密钥文件 {shown}：{error}"), format!("cannot read the master key file {shown}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_key_is_private_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert!(read(&path).unwrap().is_none());
        let key = create(&path, &Random::seeded(1)).unwrap();
        assert_eq!(*create(&path, &Random::seeded(2)).unwrap(), *key, "an existing one is kept");
        assert_eq!(*read(&path).unwrap().unwrap(), *key);
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn what_others_can_read_and_what_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        create(&path, &Random::seeded(1)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        for text in [
            "",
            "# only a note\n",
            "abc\n",
            &"g".repeat(64),
            &format!("{0}\n{0}", "a".repeat(64)),
            &"é".repeat(32),
            &format!("+{}", "a".repeat(63)),
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(read(&path).is_err(), "{text:?}");
        }
    }
}
