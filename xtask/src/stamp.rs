//! Stamps: a file that says from which inputs something was made, so that it is made again when they differ.
//!
//! By content, not by time: a fresh clone and a switch of branches change every file's time.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub struct Stamp {
    path: PathBuf,
    hash: String,
}

impl Stamp {
    /// A stamp at `path` for `files` of `folder`. The hash is std's: it may change with a new compiler, which costs one rebuild,
    /// and there is nobody here who would want to forge it.
    pub fn of<S: AsRef<str>>(path: PathBuf, folder: &Path, files: &[S]) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        for file in files {
            let file = file.as_ref();
            let content = std::fs::read(folder.join(file)).with_context(|| format!("cannot read {}", folder.join(file).display()))?;
            (file, content).hash(&mut hasher);
        }
        Ok(Self { path, hash: format!("{:016x}", hasher.finish()) })
    }

    pub fn hash(&self) -> &str {
        &self.hash
    }

    pub fn holds(&self) -> bool {
        std::fs::read_to_string(&self.path).is_ok_and(|text| text == self.hash)
    }

    pub fn set(&self) -> Result<()> {
        std::fs::write(&self.path, &self.hash).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_holds_until_an_input_changes() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        std::fs::write(&source, "1").unwrap();
        let stamp = || Stamp::of(folder.path().join("stamp"), folder.path(), &["source"]).unwrap();
        assert!(!stamp().holds());
        stamp().set().unwrap();
        assert!(stamp().holds());
        std::fs::write(&source, "2").unwrap();
        assert!(!stamp().holds());
    }
}
