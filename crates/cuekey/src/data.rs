//! The data folder, and the database in it or elsewhere.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kernel::Clock;
use store::migrate::{self, Migration, Status};
use store::{Db, DbConfig};

use crate::config::Config;
use crate::trouble::{Result, Trouble};

/// Makes the folder if it is not there, for its owner alone, and answers its full path.
pub fn prepare_folder(folder: &Path) -> Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| unusable(folder, &error))?;
    let folder = folder.canonicalize().map_err(|error| unusable(folder, &error))?;
    // Whether it can be written into is better known now than at the first key.
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    File::create(&probe).and_then(|_| std::fs::remove_file(&probe)).map_err(|error| unusable(&folder, &error))?;
    Ok(folder)
}

pub fn unusable(folder: &Path, error: &std::io::Error) -> Trouble {
    let shown = folder.display();
    Trouble::setup(
        format!("数据目录 {shown} 无法使用：{error}。请检查路径和权限，或用 --data 另选目录"),
        format!("the data folder {shown} cannot be used: {error}; check its path and permissions, or choose another with --data"),
    )
}

/// The database's address: SQLite in `folder` where none is configured.
pub fn url(config: &Config, folder: &Path) -> String {
    if config.database.url.is_empty() {
        let path = folder.join("cuekey.db").to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        format!("sqlite://{path}")
    } else {
        config.database.url.clone()
    }
}

/// The file that a SQLite address names.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?.trim_start_matches("//").split('?').next()?;
    Some(PathBuf::from(path.replace("%3F", "?").replace("%23", "#").replace("%25", "%")))
}

/// The address without its password, for people and logs: before the host, or in the query, where PostgreSQL's may have it too.
pub fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return without_passwords(url) };
    let Some((who, place)) = rest.rsplit_once('@') else { return without_passwords(url) };
    let user = who.split([':', '?']).next().unwrap_or_default();
    // A password with a question mark in it, or a query with this sign: what of the rest is whose, nobody can tell.
    if who.contains('?') { format!("{scheme}://{user}…") } else { format!("{scheme}://{user}@{}", without_passwords(place)) }
}

/// What a pair's name may be is escaped at will, so one with an escape is not shown either.
fn without_passwords(url: &str) -> String {
    let Some((place, query)) = url.split_once('?') else { return url.to_owned() };
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if name.contains('%') || pair.to_lowercase().contains("password") => format!("{name}=…"),
        _ => pair.to_owned(),
    };
    let pairs: Vec<String> = query.split('&').map(shown).collect();
    format!("{place}?{}", pairs.join("&"))
}

pub async fn open(config: &Config, url: &str) -> Result<Db> {
    let db_config = DbConfig { connections: config.database.connections, ..DbConfig::new(url) };
    let shown = masked(url);
    if db_config.engine().is_err() {
        return Err(Trouble::setup(
            format!("数据库地址 {shown} 应以 postgres:// 或 sqlite:// 开头（database.url 或 --database）"),
            format!("the database address {shown} must begin with postgres:// or sqlite:// (database.url or --database)"),
        ));
    }
    if let Some(file) = sqlite_file(url) {
        make_private(&file);
    }
    Db::open(&db_config).await.map_err(|error| {
        if matches!(error, store::Error::Damaged(_)) {
            return error.into();
        }
        let why = error.to_string().replace(url, &shown);
        Trouble::setup(
            format!("无法打开数据库 {shown}：{why}。请检查地址（database.url 或 --database）以及数据库是否在运行"),
            format!("the database {shown} cannot be opened: {why}; check its address (database.url or --database) and that it runs"),
        )
    })
}

/// A new SQLite file for its owner alone, whatever the folder allows; SQLite gives its other files the same permissions.
/// Where this cannot be, opening it says why.
fn make_private(file: &Path) {
    let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
}

/// Brings the tables up to date; a newer database is refused and left as it is. Answers how many migrations were applied.
pub async fn migrate(db: &Db) -> Result<usize> {
    let migrations = web::migrations();
    match status(db, &migrations).await? {
        Status::Current => Ok(0),
        Status::Behind(_) => migrate::run(db, &migrations, Clock::System.now()).await.map_err(refused),
    }
}

/// Compares, without changing anything.
pub async fn status(db: &Db, migrations: &[Migration]) -> Result<Status> {
    migrate::status(db, migrations).await.map_err(refused)
}

/// The same, and whether the missing steps can be applied, as far as that can be seen without trying.
pub async fn examine(db: &Db, migrations: &[Migration]) -> Result<Status> {
    migrate::examine(db, migrations).await.map_err(refused)
}

fn refused(error: store::Error) -> Trouble {
    match error {
        store::Error::Version(why) => Trouble::setup(
            format!("数据库版本与本程序不符，未作任何改动：{why}。请使用更新数据库的那个版本的程序，或恢复升级前的备份"),
            format!("the database does not fit this program and was not touched: {why}"),
        ),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_folder_name_survives_in_an_address() {
        let folder = Path::new("/tmp/100% odd? #name 数据");
        let address = url(&Config::default(), folder);
        assert!(address.parse::<axum::http::Uri>().is_err() || !address.contains(['?', '#']));
        assert_eq!(sqlite_file(&address), Some(folder.join("cuekey.db")));
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(masked("postgres://me:p@ss:word@db:5432/x"), "postgres://me@db:5432/x");
        assert_eq!(masked("postgres://me@db/x"), "postgres://me@db/x");
        assert_eq!(masked("sqlite:///tmp/a.db"), "sqlite:///tmp/a.db");
    }

    #[test]
    fn passwords_in_a_query_are_not_shown() {
        for (url, shown) in [
            ("postgres:///x?host=/run/postgresql&user=me&password=secret", "postgres:///x?host=/run/postgresql&user=me&password=…"),
            ("postgres://me:secret@db/x?password=secret&sslmode=require", "postgres://me@db/x?password=…&sslmode=require"),
            ("postgres://db/x?PassWord=secret", "postgres://db/x?PassWord=…"),
            ("postgres://db/x?p%61ssword=secret", "postgres://db/x?p%61ssword=…"),
            ("postgres://db/x?a=b?password=secret", "postgres://db/x?a=…"),
            ("postgres://me:secret@db/x?password=s@secret", "postgres://me…"),
            ("postgres://me:s?secret@db/x", "postgres://me…"),
            ("postgres:x?password=secret", "postgres:x?password=…"),
        ] {
            assert_eq!(masked(url), shown, "{url}");
        }
    }
}
