//! Which device a key is bound to (设备码).
//!
//! The id is the program's own, or a random one kept in a file. Hardware is not enumerated: network cards
//! come and go with a dock or a phone's privacy setting, virtual machines and cloned disks share serial
//! numbers, some systems give none at all, and each such change locks a paying customer out. A file
//! changes when somebody changes it. What it does not stop is copying the file along with the program:
//! whoever needs that knows its own hardware, and hands over an id made from it.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::error::Error;
use crate::system::{Random, SystemRandom};

/// 128 bits: two devices never draw the same.
const ID_BYTES: usize = 16;

/// The device that asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl Device {
    /// A device whose id the program knows by itself. It should outlive updates and reinstallations.
    pub fn own(id: impl Into<String>) -> Result<Self, Error> {
        let id = id.into();
        if id.trim().is_empty() || id.contains(char::is_control) {
            return Err(Error::configuration("a device id is empty or has control characters"));
        }
        Ok(Self { id, name: None })
    }

    /// The device whose random id is kept in the file at `path`; drawn and written at the first call. Keep the
    /// file where the program's data lives, not in a cache.
    ///
    /// # Errors
    /// [`Error::DeviceFile`] if the file cannot be read or written, [`Error::DeviceFileDamaged`] if it holds
    /// something else.
    pub fn persisted(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::persisted_with(path, &SystemRandom)
    }

    /// [`Self::persisted`] with the caller's randomness.
    pub fn persisted_with(path: impl AsRef<Path>, random: &dyn Random) -> Result<Self, Error> {
        let path = path.as_ref();
        let failed = |source| Error::DeviceFile { path: path.to_owned(), source };
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut bytes = [0; ID_BYTES];
                random.fill(&mut bytes)?;
                put(path, &HEXLOWER.encode(&bytes)).map_err(failed)?;
                fs::read_to_string(path).map_err(failed)?
            }
            Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
            other => other.map_err(failed)?,
        };
        let id = text.trim();
        match HEXLOWER.decode(id.as_bytes()) {
            Ok(bytes) if bytes.len() == ID_BYTES => Self::own(id),
            _ => Err(Error::DeviceFileDamaged { path: path.to_owned() }),
        }
    }

    /// With a name by which people recognise it in the console, such as "front desk".
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The id as it is sent.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Writes the file whole or not at all. Of two processes that start together one wins, and both then read
/// the same id: a hard link never replaces, where a rename would.
fn put(path: &Path, id: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let draft = path.with_extension(id);
    let mut file = fs::File::create_new(&draft)?;
    file.write_all(format!("{id}\n").as_bytes())?;
    file.sync_all()?;
    let placed = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        // FAT, and some phones, have no hard links.
        Err(_) => fs::rename(&draft, path),
        Ok(()) => Ok(()),
    };
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => placed,
    }
}
