//! `cuekey rekey`: another master key, with the servers stopped (docs/decisions/0027).
//!
//! A crash leaves the old key or the new one whole: the new one is on the disk before the database comes under it, in one transaction, and takes the
//! old one's place after that. Which of the two is the right one, the database says at any time.

use std::path::Path;
use std::time::Duration;

use kernel::{Clock, Lang, Random};
use platform::installation::{self, KeyCheck};
use platform::vault::Vault;
use platform::{Cx, rekey};
use store::migrate::Status;
use store::{Db, Tx, facts};

use crate::config::Config;
use crate::trouble::{Result, Trouble};
use crate::{data, hold, mailer, master_key, parts};

/// What a server that was stopped just now needs until PostgreSQL has seen it go.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSES: usize = 6;

pub async fn rekey(config: &Config, lang: Lang) -> Result<String> {
    let folder = config.data.folder.canonicalize().unwrap_or_else(|_| config.data.folder.clone());
    let url = data::url(config, &folder);
    // On SQLite nobody serves, nor begins to, while this is held.
    let _hold = match data::sqlite_file(&url) {
        Some(file) if !file.exists() => {
            let shown = file.display();
            return Err(Trouble::setup(format!("{shown} 不存在"), format!("{shown} is not there")));
        }
        Some(_) => Some(hold::alone(&folder)?),
        None => None,
    };
    let path = master_key::path(&config.data);
    let _turn = master_key::lock(&path)?;
    // One connection, so that PostgreSQL knows all others to be other processes'.
    let mut alone = config.clone();
    alone.database.connections = 1;
    let db = data::open(&alone, &url).await?;
    let done = change(&alone, &db, &path, lang).await;
    db.close().await;
    done
}

async fn change(config: &Config, db: &Db, path: &Path, lang: Lang) -> Result<String> {
    if data::status(db, &web::migrations()).await? != Status::Current {
        return Err(Trouble::setup(
            "数据库不是最新版本，未更换主密钥。请先运行 cuekey migrate",
            "the database is not up to date, and its master key was not changed; run `cuekey migrate` first",
        ));
    }
    let random = Random::system();
    let present = master_key::read(path)?.ok_or_else(|| master_key::missing(path))?;
    let old = Vault::new(&present, random.clone());
    match installation::check_key(db, &old).await? {
        Some(KeyCheck::Right) => {}
        // Cut short after the commit: only the files are left to do.
        Some(KeyCheck::Wrong) => {
            let is_next = match master_key::read(&master_key::next(path))? {
                Some(next) => parts::is_key_of(db, &next).await?,
                None => false,
            };
            return if is_next { Ok(said(path, &master_key::take_place(path)?, lang)) } else { Err(master_key::wrong(path)) };
        }
        None => {
            return Err(Trouble::setup(
                "此数据库尚未使用主密钥，无需更换",
                "no master key was used with this database yet, and there is nothing to change",
            ));
        }
    }
    alone(db).await?;
    let new = Vault::new(&master_key::begin(path, &random)?, random);
    let tx = match write(config, db, &old, new).await {
        Ok(tx) => tx,
        Err(trouble) => {
            master_key::discard(path)?;
            return Err(trouble);
        }
    };
    // From here on the next key is not thrown away: what became of a commit that failed is not known.
    tx.commit().await.map_err(|error| {
        Trouble::failed(
            format!("主密钥可能尚未更换（{error}）。请再运行一次 cuekey rekey"),
            format!("the master key may not have been changed ({error}); run `cuekey rekey` once more"),
        )
    })?;
    Ok(said(path, &master_key::take_place(path)?, lang))
}

/// Brings everything under the new key. The caller commits.
async fn write(config: &Config, db: &Db, old: &Vault, new: Vault) -> Result<Tx> {
    let opened = parts::Opened::under(db.clone(), new);
    let url = config.public_url(config.server.listen);
    let cx = Cx::system(parts::platform(config, &opened, url, mailer::from(&config.mail)?, false).await?);
    let mut tx = db.begin().await?;
    // Whoever starts now waits where it looks whether its key is the right one; whoever has passed that is connected.
    tx.lock_table("installation").await?;
    if facts::others(&mut tx).await? > 0 {
        return Err(in_use());
    }
    let say = |table: &str, rows: u64| eprintln!("{table}: {rows}");
    rekey::rekey(&mut tx, &cx, old, &[&licensing::rekey::PART, &venue::rekey::PART], &say).await?;
    Ok(tx)
}

/// Refuses while another process uses the database.
async fn alone(db: &Db) -> Result<()> {
    for _ in 0..PAUSES {
        if facts::others(&mut db.read()).await? == 0 {
            return Ok(());
        }
        Clock::System.sleep(PAUSE).await;
    }
    Err(in_use())
}

fn in_use() -> Trouble {
    Trouble::setup(
        "另一个 Cuekey 正在使用此数据库，未更换主密钥。请先停止所有服务器",
        "another Cuekey is using this database, and its master key was not changed; stop all servers first",
    )
}

fn said(path: &Path, old: &Path, lang: Lang) -> String {
    let (path, old) = (path.display(), old.display());
    match lang {
        Lang::Zh => format!(
            "已更换主密钥：{path}\n请立即另行备份，并复制到所有服务器。\n\
             旧主密钥保留在 {old}：此前的数据库备份只能用它打开。请移到别处，待这些备份全部销毁后也将它销毁。\n\
             所有用户和顾客需要重新登录，恢复码已失效。\n"
        ),
        Lang::En => format!(
            "the master key was changed: {path}\nback it up now, apart from the database, and copy it to all servers\n\
             the old one is in {old}: backups of before can be opened with it alone; move it away, and destroy it once they are gone\n\
             everybody has to sign in again, and recovery codes have ended\n"
        ),
    }
}
