//! The database: whether it is there, as it should be, under our key, and whether it adds up.

use std::path::Path;

use kernel::{Clock, Random, SECOND};
use platform::identity::{Role, holders_of};
use platform::installation::{self, KeyCheck};
use platform::quota::withdrawal;
use platform::settings::{Settings, defs};
use platform::vault::Vault;
use platform::{audit, ledger, payments};
use store::Db;
use store::facts::{self, Facts};
use store::jobs::{self, JobState};
use store::migrate::Status;

use super::line;
use super::report::{Report, same};
use crate::config::Config;
use crate::trouble::Trouble;
use crate::{data, master_key, parts};

const DATABASE: (&str, &str) = ("数据库", "database");

pub async fn examine(config: &Config, report: &mut Report) {
    let folder = config.data.folder.canonicalize().unwrap_or_else(|_| config.data.folder.clone());
    let url = data::url(config, &folder);
    // Opening a SQLite database that is not there would make one.
    if let Some(file) = data::sqlite_file(&url)
        && !file.exists()
    {
        let shown = file.display();
        let found = (format!("{shown} 尚不存在"), format!("{shown} is not there yet"));
        // Run without the service's environment this looks for SQLite where there is PostgreSQL, and finds nothing wrong.
        let advice = (
            "首次启动时创建；若应已存在，请以服务的用户、配置和环境变量运行",
            "the first start makes it; if it should be there, run this as the service runs: its user, configuration and environment",
        );
        return report.notice(DATABASE, found, advice);
    }
    line::examine(&url, report);
    let db = match data::open(config, &url).await {
        Ok(db) => db,
        Err(trouble) => return said(report, DATABASE, &trouble),
    };
    let done = look(&db, &url, config, report).await;
    if let Err(error @ store::Error::Damaged(_)) = done {
        said(report, DATABASE, &error.into());
    } else if let Err(error) = done {
        report.wrong(DATABASE, same(error), ("数据库无法读取", "the database cannot be read"));
    }
    db.close().await;
}

async fn look(db: &Db, url: &str, config: &Config, report: &mut Report) -> store::Result<()> {
    kind(db, url, report).await?;
    let subject = ("数据库版本", "migrations");
    match data::examine(db, &web::migrations()).await {
        Ok(Status::Current) => report.good(subject, ("最新", "up to date")),
        Ok(Status::Behind(n)) => {
            let found = (format!("落后 {n} 步"), format!("{n} to be applied"));
            report.wrong(subject, found, ("运行 cuekey migrate，或启动服务", "run `cuekey migrate`, or start the server"));
            return Ok(());
        }
        Err(trouble) => {
            said(report, subject, &trouble);
            return Ok(());
        }
    }
    let vault = key(db, &master_key::path(&config.data), report).await?;
    time_zone(db, report).await?;
    sums(db, report).await?;
    if let Some(vault) = vault {
        operations(db, &vault, report).await?;
    }
    people_and_jobs(db, report).await
}

fn said(report: &mut Report, subject: (&str, &str), trouble: &Trouble) {
    let both = (trouble.message(kernel::Lang::Zh), trouble.message(kernel::Lang::En));
    report.wrong(subject, both, ("见上", "as it says"));
}

/// What it is, and whether it keeps what it is told to.
async fn kind(db: &Db, url: &str, report: &mut Report) -> store::Result<()> {
    let shown = data::masked(url);
    match facts::read(db).await? {
        Facts::Sqlite { version, journal_mode, synchronous, foreign_keys, integrity } => {
            report.good(DATABASE, same(format!("{shown} (SQLite {version})")));
            let subject = ("SQLite 设置", "SQLite settings");
            let found = format!("journal_mode={journal_mode} synchronous={synchronous} foreign_keys={foreign_keys}");
            if journal_mode == "wal" && synchronous == 2 && foreign_keys {
                report.good(subject, same(found));
            } else {
                let advice = ("应为 wal、2、true；请勿放在网络文件系统上", "must be wal, 2, true; do not keep it on a network file system");
                report.wrong(subject, same(found), advice);
            }
            let subject = ("SQLite 文件", "SQLite file");
            if integrity == "ok" {
                report.good(subject, ("完好", "sound"));
            } else {
                report.wrong(subject, same(integrity), ("文件损坏，请从备份恢复", "the file is damaged; restore a backup"));
            }
        }
        Facts::Postgres { version, encoding, durable, now } => {
            let found = same(format!("{shown} (PostgreSQL {}.{}, {encoding})", version / 10_000, version % 10_000));
            if version < 150_000 {
                report.wrong(DATABASE, found, ("需要 PostgreSQL 15 或更高版本", "PostgreSQL 15 or later is needed"));
            } else if encoding != "UTF8" {
                report.wrong(DATABASE, found, ("数据库编码须为 UTF8", "the database's encoding must be UTF8"));
            } else {
                report.good(DATABASE, found);
            }
            if !durable {
                report.notice(
                    ("PostgreSQL 设置", "PostgreSQL settings"),
                    (
                        "fsync 或 synchronous_commit 已关闭，断电可能丢失已确认的数据",
                        "fsync or synchronous_commit is off: a power cut may lose what was confirmed",
                    ),
                    ("在 postgresql.conf 中打开", "turn them on in postgresql.conf"),
                );
            }
            clock(now, report);
        }
    }
    Ok(())
}

fn clock(database: kernel::Timestamp, report: &mut Report) {
    let subject = ("时钟", "clock");
    let skew = (Clock::System.now().micros() - database.micros()).abs();
    let found = (format!("与数据库服务器相差 {} 毫秒", skew / 1000), format!("{} ms from the database server's", skew / 1000));
    if skew < 2 * SECOND {
        report.good(subject, found);
    } else {
        report.wrong(subject, found, ("在所有服务器上启用时间同步（NTP）", "synchronise the clocks of all servers (NTP)"));
    }
}

/// The vault, where the key is the right one.
async fn key(db: &Db, path: &Path, report: &mut Report) -> store::Result<Option<Vault>> {
    let subject = ("主密钥", "master key");
    let key = match master_key::read(path) {
        Err(trouble) => {
            said(report, subject, &trouble);
            return Ok(None);
        }
        Ok(None) if installation::has_key(db).await? => {
            said(report, subject, &master_key::missing(path));
            return Ok(None);
        }
        Ok(None) => {
            report.notice(subject, ("尚未生成", "not made yet"), ("首次启动时生成", "the first start makes it"));
            return Ok(None);
        }
        Ok(Some(key)) => key,
    };
    let vault = Vault::new(&key, Random::system());
    match installation::check_key(db, &vault).await? {
        Some(KeyCheck::Right) => {
            report.good(subject, (format!("{} 与数据库相符", path.display()), format!("{} fits the database", path.display())));
            return Ok(Some(vault));
        }
        Some(KeyCheck::Wrong) => said(report, subject, &parts::wrong_key(db, path).await?),
        None => report.notice(subject, ("尚未使用", "not used yet"), ("首次启动时使用", "the first start uses it")),
    }
    Ok(None)
}

/// Whether anybody has changed the operation log behind the program's back.
async fn operations(db: &Db, vault: &Vault, report: &mut Report) -> store::Result<()> {
    let subject = ("操作日志", "operation log");
    let mut checked = audit::check(db, vault, Clock::System.now()).await?;
    checked.problems.extend(audit::untold(db).await?);
    let (lines, head) = (checked.lines, checked.head);
    if !checked.problems.is_empty() {
        let advice = ("有人绕过程序修改了数据库；请与备份比较", "somebody has changed the database by hand; compare it with a backup");
        report.wrong(subject, same(checked.problems.join("\n")), advice);
    } else if checked.late > 0 {
        let n = checked.late;
        report.notice(
            subject,
            (format!("未被改动，但有 {n} 条尚未入链"), format!("unchanged, but {n} lines have no place in the chain yet")),
            ("启动服务后几秒内完成", "a running server sees to it within seconds"),
        );
    } else {
        report.good(subject, (format!("未被改动：{lines} 条，链尾 {head}"), format!("unchanged: {lines} lines, head {head}")));
    }
    Ok(())
}

async fn time_zone(db: &Db, report: &mut Report) -> store::Result<()> {
    let settings = Settings::default();
    settings.load(db).await?;
    let (subject, zone) = (("时区", "time zone"), settings.get(defs::TIME_ZONE));
    if kernel::text::is_time_zone(&zone) {
        report.good(subject, same(zone));
    } else {
        report.wrong(subject, same(zone), ("无法识别，请在控制台的设置中修改", "is not known; change it in the console's settings"));
    }
    Ok(())
}

/// Chinese and English.
type Both = (&'static str, &'static str);

/// All that is counted twice: what it is, what is said when it adds up, and what does not.
pub async fn counted(db: &Db) -> store::Result<[(Both, Both, Vec<String>); 5]> {
    Ok([
        (("账本", "ledger"), ("借贷平衡", "adds up"), ledger::check(&mut db.read()).await?),
        (
            ("提现与账本", "withdrawals and the ledger"),
            ("冻结、扣除与退回相符", "what was frozen, deducted and returned is in the ledger"),
            withdrawal::check(&mut db.read()).await?,
        ),
        (("卡密与额度", "keys and quota"), ("发卡与扣费相符", "what was issued was charged"), licensing::check(&mut db.read()).await?),
        (
            ("支付与账本", "payments and the ledger"),
            ("收款、退款与账本相符", "what came and what went back is in the ledger"),
            payments::check(&mut db.read()).await?,
        ),
        (("开台与钱包", "play and wallets"), ("账单与扣款相符", "what was billed was taken"), venue::check(&mut db.read()).await?),
    ])
}

async fn sums(db: &Db, report: &mut Report) -> store::Result<()> {
    let advice = ("请勿自行修改数据库；备份后联系维护者", "do not mend it by hand; back it up, and ask the maintainers");
    for (subject, good, problems) in counted(db).await? {
        if problems.is_empty() {
            report.good(subject, good);
        } else {
            report.wrong(subject, same(problems.join("\n")), advice);
        }
    }
    Ok(())
}

async fn people_and_jobs(db: &Db, report: &mut Report) -> store::Result<()> {
    let subject = ("超级管理员", "super admin");
    if holders_of(&mut db.read(), Role::SuperAdmin).await?.is_empty() {
        report.notice(subject, ("没有", "none"), ("运行 cuekey create-super-admin", "run `cuekey create-super-admin`"));
    } else {
        report.good(subject, ("有", "there"));
    }
    let subject = ("后台任务", "jobs");
    let dead = jobs::list(db, Some(JobState::Dead), None, &kernel::PageAsk::first(1)).await?.items;
    match dead.first() {
        None => report.good(subject, ("没有失败的任务", "none were given up")),
        Some(job) => report.notice(
            subject,
            (
                format!("有任务已放弃，最近的是 {}：{}", job.kind, job.last_error.as_deref().unwrap_or_default()),
                format!("some were given up, last {}: {}", job.kind, job.last_error.as_deref().unwrap_or_default()),
            ),
            (
                "排除原因后在控制台的任务页重试；无需处理的请标为已处理",
                "mend the cause, and start them again in the console; dismiss what needs nothing",
            ),
        ),
    }
    Ok(())
}
