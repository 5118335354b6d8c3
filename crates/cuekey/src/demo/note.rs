//! `demo.json`: what a program or a test needs to use the demo. For its owner alone, and whole or not there at all.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::trouble::{Result, Trouble};

#[derive(Debug, Serialize, Deserialize)]
pub struct Note {
    pub console: String,
    pub accounts: Vec<Account>,
    pub project: Project,
    /// Ten that nobody has used.
    pub keys: Vec<String>,
    /// None in the note of an older demo.
    #[serde(default)]
    pub hall: Option<Hall>,
}

/// A hall of simulated tables.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hall {
    /// Where customers go.
    pub app: String,
    pub lamps: Vec<Lamp>,
}

/// As whom a table's lamp comes to the broker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lamp {
    pub table: String,
    /// In the QR code on the table.
    pub code: String,
    pub topic: String,
    pub password: String,
    /// Which of its relay's channels it is, counted from 1: those with one topic are one relay.
    #[serde(default = "first")]
    pub channel: usize,
}

const fn first() -> usize {
    1
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Account {
    pub role: String,
    pub name: String,
    pub password: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Project {
    pub id: String,
    pub api_key: String,
    pub secret: String,
    pub response_public_key: String,
}

pub fn path(folder: &Path) -> PathBuf {
    folder.join("demo.json")
}

impl Note {
    /// `None` when there is none yet.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = path(folder);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| unusable(&path, &error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = path(folder);
        let draft = folder.join(format!("demo.json.{}", std::process::id()));
        let write = || {
            let text = serde_json::to_string_pretty(self)? + "\n";
            let _ = std::fs::remove_file(&draft);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)
        };
        write().map_err(|error| unusable(&path, &error))
    }

    /// The same for people, with what to do next.
    pub fn for_people(&self, folder: &Path) -> String {
        let mut text = format!("\n  演示已就绪  The demo is ready\n\n  控制台 Console   {}\n\n", self.console);
        for account in &self.accounts {
            text.push_str(&format!("  {:<12} {:<10} {}\n", account.role, account.name, account.password));
        }
        let note = path(folder);
        let note = note.display();
        text.push_str(&format!(
            "\n  接下来 Next\n  1. 打开控制台，用上面任一账号登录。 Open the console and sign in as any of them.\n  \
             2. 在程序中验证一个卡密 Verify a key from a program:\n     python3 examples/python/cuekey_verify.py --demo {note}\n  \
             3. 开一张台：以 hall 登录控制台看平面图，在手机或浏览器打开 Open a table: see the floor as hall, and go to\n     {}\n  \
             4. 拔掉一盏灯，看退款和维修单 Pull a lamp's plug, and see the refund and the case:\n     {console}{}\n  \
             5. 邮件不会发出，请在控制台的演示邮箱查看。 Mail is not sent: see {console}/mailbox\n\n  \
             项目密钥和 10 个未使用的卡密 The project's credentials and 10 unused keys: {note}\n  按 Ctrl-C 停止 Ctrl-C stops it\n\n",
            self.hall.as_ref().map_or("", |hall| hall.app.as_str()),
            super::hall::LAMPS,
            console = self.console,
        ));
        text
    }
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> Trouble {
    let shown = path.display();
    Trouble::setup(format!("演示文件 {shown} 无法使用：{error}"), format!("the demo's file {shown} cannot be used: {error}"))
}
