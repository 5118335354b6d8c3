//! A SQLite file that is not what SQLite wrote: refused where the start sees it, and the end of the process where it is met later.

use std::path::PathBuf;

use anyhow::{Result, bail};
use kernel::Stopwatch;
use reqwest::Method;
use serde_json::json;
use store::{Sql, args};

use super::disk::{STOPS, watch_ready};
use super::refused::{fingerprint, open, refused, untouched};
use crate::http::{Ask, Reply, send};
use crate::scenario::Report;
use crate::server::{Setup, tail};
use crate::world::World;

/// Not what any page begins with.
const GARBAGE: u8 = 0x5a;

/// What each start reads is damaged: the header, the length, or the schema.
pub async fn at_the_start(setup: &Setup, report: &mut Report) -> Result<()> {
    let file = file(setup);
    let good = std::fs::read(&file)?;
    let mut no_header = good.clone();
    no_header[..16].copy_from_slice(b"not a database!!");
    let cut = good[..good.len() / 2].to_vec();
    let mut schema = good.clone();
    schema[100..4_096].fill(GARBAGE);
    for (what, bytes) in [("without its header", no_header), ("cut in half", cut), ("with a broken schema", schema)] {
        std::fs::write(&file, &bytes)?;
        refused(setup, what, &["damaged", "backup"], report).await?;
    }
    put_back(setup, &good)
}

/// The page of a table in the middle of the file is damaged. A start does not read it, for it does not read everything: `doctor` does.
/// Whoever asks for what is on it must be put off, nothing may be written after that, and the process must end and say why.
pub async fn met_while_serving(world: &World, report: &mut Report) -> Result<()> {
    let setup = &world.nodes[0];
    let page = page_of_batches(setup).await?;
    let good = std::fs::read(file(setup))?;
    let mut bytes = good.clone();
    bytes[page.clone()].fill(GARBAGE);
    std::fs::write(file(setup), &bytes)?;

    let before = fingerprint(setup).await?;
    let (code, said) = setup.run(&["doctor"]).await?;
    if code != Some(1) || !said.contains("damaged") || !said.contains("backup") {
        bail!("a page is damaged: cuekey doctor ended with {code:?}, and said:\n{said}");
    }
    untouched(setup, "damaged in the middle", &before).await?;

    let mut server = setup.serve().await?;
    let (who, url) = (&world.agents[0], setup.url());
    let read = Ask { who, method: Method::GET, path: "/api/v1/batches", body: None, key: None };
    let body = json!({"to_name": world.agents[1].name, "amount": 1, "memo": "after"});
    let write = Ask { who, method: Method::POST, path: "/api/v1/quota/transfers", body: Some(&body), key: Some("after-damage") };
    let asked = async { (send(&world.http, &url, &read).await, send(&world.http, &url, &write).await) };
    let ((read, written), said_why) = tokio::join!(asked, watch_ready(setup, &mut server, Stopwatch::start()));
    match read {
        Reply::Answer { status: 503, retry_after: Some(1..), body } if body["code"] == "BUSY" => {}
        other => bail!("a page is damaged: whoever reads it is answered with {other:?} instead of 503"),
    }
    match written {
        Reply::Answer { status: 503, .. } | Reply::Silence => {}
        other @ Reply::Answer { .. } => bail!("a page is damaged, and a write was answered after that: {other:?}"),
    }
    let said_why = said_why?;
    let status = server.ended(STOPS).await?;
    let said = tail(&setup.log);
    if !said_why {
        bail!("a page is damaged: the server ended, and /readyz never said that the database had failed:\n{said}");
    }
    if status.code() != Some(1) || !said.contains("the database could not write or read") || !said.contains("restore a backup") {
        bail!("a page is damaged: the server ended with {status} and said:\n{said}");
    }
    if std::fs::read(file(setup))?.get(page.clone()) != bytes.get(page) {
        bail!("a page is damaged, and something was written over it");
    }
    report.looked.push(
        "damaged in the middle: doctor says so; whoever meets it while it is served is put off (503), nothing more is written, \
         /readyz says why, and the process ends with exit code 1 and with advice"
            .into(),
    );
    put_back(setup, &good)
}

/// Where the first page of batches is in the file. No job of a start reads them, and every list of them does.
async fn page_of_batches(setup: &Setup) -> Result<std::ops::Range<usize>> {
    let db = open(setup).await?;
    let number = "SELECT CAST(rootpage AS BIGINT) AS value FROM sqlite_schema WHERE type = 'table' AND name = 'batches'";
    let number: i64 = db.read().one(number, args![], |row| row.get("value")).await?;
    let size: i64 =
        db.read().one("SELECT CAST(page_size AS BIGINT) AS value FROM pragma_page_size", args![], |row| row.get("value")).await?;
    db.close().await;
    let (number, size) = (usize::try_from(number)?, usize::try_from(size)?);
    // The first one is the schema's, and is tried at the start.
    if number < 2 {
        bail!("batches begin on page {number}");
    }
    Ok((number - 1) * size..number * size)
}

/// As from a backup: a log that is left belongs to what was there before.
fn put_back(setup: &Setup, good: &[u8]) -> Result<()> {
    for left in ["cuekey.db-wal", "cuekey.db-shm"].map(|name| setup.data.join(name)) {
        if left.exists() {
            std::fs::remove_file(left)?;
        }
    }
    Ok(std::fs::write(file(setup), good)?)
}

fn file(setup: &Setup) -> PathBuf {
    setup.data.join("cuekey.db")
}
