//! `cuekey create-super-admin`: the first person of an installation, made by whoever can reach its data.

use std::io::BufRead;
use std::sync::Arc;

use kernel::{Lang, Random};
use platform::{Cx, identity};

use crate::cli;
use crate::config::Config;
use crate::trouble::{Result, Trouble};
use crate::{mailer, parts};

pub async fn create(config: &Config, ask: &cli::SuperAdmin, lang: Lang) -> Result<String> {
    let (password, made) = if ask.password_stdin { (from_stdin()?, false) } else { (password(&Random::system()), true) };
    let opened = parts::open(config, None).await?;
    let platform = parts::platform(config, &opened, config.public_url(config.server.listen), mailer::from(&config.mail)?, false).await?;
    let mut cx = Cx::system(Arc::clone(&platform));
    cx.lang = lang;
    identity::create_super_admin(&cx, &ask.name, &ask.email, &password).await?;
    platform.db.close().await;
    let (name, url) = (&ask.name, &platform.install.public_url);
    Ok(match (lang, made) {
        (Lang::Zh, true) => format!("已创建超级管理员 {name}\n密码（仅显示这一次，登录后请修改）：{password}\n登录：{url}\n"),
        (Lang::En, true) => {
            format!("made the super admin {name}\npassword, shown this once; change it after signing in: {password}\nsign in at {url}\n")
        }
        (Lang::Zh, false) => format!("已创建超级管理员 {name}\n登录：{url}\n"),
        (Lang::En, false) => format!("made the super admin {name}\nsign in at {url}\n"),
    })
}

/// The first line.
fn from_stdin() -> Result<String> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Trouble::setup(format!("无法读取密码：{error}"), format!("the password cannot be read: {error}")))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Random (60 bits behind a slow hash and a lock-out), and easy to type.
pub fn password(random: &Random) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters: Vec<char> = random.bytes::<12>().iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}
