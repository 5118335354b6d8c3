//! An encrypted line to PostgreSQL: used as any other, and not with somebody else at its end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::Clock;

use crate::load::Load;
use crate::pg::Postgres;
use crate::scenario::{Plan, Report, under_load};
use crate::world::World;

pub async fn run(plan: &Plan, report: &mut Report) -> Result<()> {
    let mut postgres = Postgres::start().await?;
    let shown = postgres.encrypt().await?;
    let url = postgres.database("encrypted").await?;
    let checked = |certificate: &std::path::Path| format!("{url}?sslmode=verify-full&sslrootcert={}", certificate.display());
    let (world, servers) = World::make(plan.cuekey.clone(), Some(checked(&shown)), 1).await?;
    let load = Load::new(Arc::new(world));
    under_load(plan, &load, servers, report, async |_, servers, report| {
        let seconds = if plan.short { 1 } else { 10 };
        Clock::System.sleep(Duration::from_secs(seconds)).await;
        report.did(format!("used for {seconds} s over connections that PostgreSQL takes only encrypted"));
        Ok(servers)
    })
    .await?;

    let folder = tempfile::tempdir()?;
    let others = folder.path().join("others.pem");
    std::fs::write(&others, rcgen::generate_simple_self_signed([postgres.address.ip().to_string()])?.cert.pem())?;
    let refused = [
        ("without encryption", format!("{url}?sslmode=disable"), "no encryption"),
        ("with a certificate that is not trusted", format!("{url}?sslmode=verify-full"), "certificate"),
        ("with another server's certificate", checked(&others), "certificate"),
        ("under a name that the certificate does not have", checked(&shown).replace("127.0.0.1", "localhost"), "certificate"),
    ];
    for (what, database, word) in refused {
        let mut setup = load.world.nodes[0].clone();
        setup.database = Some(database);
        for command in ["serve", "doctor"] {
            let (code, said) = setup.run(&[command]).await.with_context(|| format!("{what}, cuekey {command}"))?;
            if matches!(code, None | Some(0)) || !said.contains(word) {
                bail!("{what}, cuekey {command} ended with {code:?}, and said:\n{said}");
            }
        }
        report.looked.push(format!("{what}: serve and doctor do not go on, and say why"));
    }
    Ok(())
}
