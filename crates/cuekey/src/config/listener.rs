//! The listener's part: TLS, and how slow and how many clients may be.

use std::path::PathBuf;
use std::time::Duration;

use front::Limits;
use front::tls::Files;
use serde::{Deserialize, Serialize};

use super::check::wrong;
use crate::trouble::Result;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    pub at_once: usize,
    pub per_address: usize,
    pub header_seconds: u32,
    pub body_seconds: u32,
    pub idle_seconds: u32,
    pub stall_seconds: u32,
}

impl Default for Connections {
    fn default() -> Self {
        let limits = Limits::default();
        let seconds = |duration: Duration| u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
        Self {
            at_once: limits.at_once,
            per_address: limits.per_address,
            header_seconds: seconds(limits.header),
            body_seconds: seconds(limits.body),
            idle_seconds: seconds(limits.idle),
            stall_seconds: seconds(limits.stall),
        }
    }
}

impl Tls {
    /// Where the pair is, if there is to be TLS.
    pub fn files(&self) -> Option<Files> {
        let given = !self.certificate.as_os_str().is_empty();
        given.then(|| Files { certificate: self.certificate.clone(), key: self.key.clone() })
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.certificate.as_os_str().is_empty() == self.key.as_os_str().is_empty() {
            return Ok(());
        }
        let missing = if self.key.as_os_str().is_empty() { "tls.key" } else { "tls.certificate" };
        Err(wrong(missing, "须与另一个文件一起设置", "must be set too: tls.certificate and tls.key belong together"))
    }
}

impl Connections {
    /// The bounds, with no more connections than there may be open files.
    pub fn limits(&self, most: usize) -> Limits {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Limits {
            at_once: self.at_once.min(most),
            per_address: self.per_address,
            header: seconds(self.header_seconds),
            body: seconds(self.body_seconds),
            idle: seconds(self.idle_seconds),
            stall: seconds(self.stall_seconds),
            ..Limits::default()
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        for (key, number) in [("connections.at_once", self.at_once), ("connections.per_address", self.per_address)] {
            if !(1..=1_000_000).contains(&number) {
                return Err(wrong(key, "应在 1 到 1000000 之间", "must be from 1 to 1000000"));
            }
        }
        for (key, seconds) in [
            ("connections.header_seconds", self.header_seconds),
            ("connections.body_seconds", self.body_seconds),
            ("connections.idle_seconds", self.idle_seconds),
            ("connections.stall_seconds", self.stall_seconds),
        ] {
            if !(1..=3600).contains(&seconds) {
                return Err(wrong(key, "应在 1 到 3600 之间", "must be from 1 to 3600"));
            }
        }
        Ok(())
    }
}
