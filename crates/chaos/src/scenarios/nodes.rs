//! Several servers on one PostgreSQL: one after the other is killed, and all of them know what one was told.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cuekey_sdk::{Client, Device, Error};
use kernel::{Clock, Stopwatch};
use reqwest::Method;
use serde_json::json;
use store::Engine;

use crate::http::{Ask, Reply, expect, send, text};
use crate::load::Load;
use crate::scenario::{Plan, Report, under_load};
use crate::world::World;

/// Within this all nodes know.
const NEWS: Duration = Duration::from_secs(1);

pub async fn run(plan: &Plan, nodes: usize, report: &mut Report) -> Result<()> {
    let (world, servers) = World::make(plan.cuekey.clone(), plan.database(Engine::Postgres).await?, nodes).await?;
    let load = Load::new(Arc::new(world));
    let kills = if plan.short { 4 } else { (plan.kills / 2).max(4) };
    under_load(plan, &load, servers, report, async |load, servers, report| {
        let random = plan.random();
        let mut servers: Vec<_> = servers.into_iter().map(Some).collect();
        for _ in 0..kills {
            Clock::System.sleep(Duration::from_millis(100 + random.below(600))).await;
            let node = usize::try_from(random.below(nodes as u64)).unwrap_or(0);
            let from = load.timeline.now();
            if let Some(server) = servers[node].take() {
                server.kill().await?;
            }
            load.timeline.mark(from, &format!("SIGKILL of node {}", node + 1));
            servers[node] = Some(load.world.nodes[node].serve().await?);
        }
        report
            .did(format!("{kills} times SIGKILL of one of {nodes} nodes in {:.0} s; clients went on with the others", load.timeline.now()));
        let news = settings_are_seen(&load.world, if plan.short { 2 } else { 10 }).await?;
        report.did(format!("a setting changed on one node was seen by all others within {news:.2} s at most"));
        let news = bans_are_seen(&load.world).await?;
        report.did(format!("a ban decided by one node was in force on all others within {news:.2} s"));
        Ok(servers.into_iter().flatten().collect())
    })
    .await
}

/// The longest that any node took to show what another was told.
async fn settings_are_seen(world: &World, times: usize) -> Result<f64> {
    let mut longest = 0.0_f64;
    for time in 0..times {
        let (writer, name) = (&world.nodes[time % world.nodes.len()], format!("Chaos {time}"));
        let body = json!({"value": name});
        let ask = Ask { who: &world.boss, method: Method::PATCH, path: "/api/v1/settings/basic.site_name", body: Some(&body), key: None };
        expect(&world.http, &writer.url(), ask, 200).await?;
        let watch = Stopwatch::start();
        for node in &world.nodes {
            loop {
                let ask = Ask { who: &world.boss, method: Method::GET, path: "/api/v1/config", body: None, key: None };
                if let Reply::Answer { status: 200, body, .. } = send(&world.http, &node.url(), &ask).await
                    && body["site_name"] == name.as_str()
                {
                    break;
                }
                if watch.elapsed() > 3 * NEWS {
                    bail!("a setting was not seen by {} after {:?}", node.url(), watch.elapsed());
                }
                Clock::System.sleep(Duration::from_millis(10)).await;
            }
        }
        longest = longest.max(watch.elapsed().as_secs_f64());
    }
    if longest > NEWS.as_secs_f64() {
        bail!("a setting was seen by all only after {longest:.2} s");
    }
    Ok(longest)
}

/// A project that goes on over its limit on one node is refused by all.
async fn bans_are_seen(world: &World) -> Result<f64> {
    let form = json!({"name": format!("Banned {}", world.nodes.len()), "rate_per_minute": 5});
    let made = world.post(&world.boss, "/api/v1/projects", form, 201).await?;
    let program = |url: String| -> Result<Client> {
        let builder =
            Client::builder([url], text(&made, "/project/api_key")?, text(&made, "/secret")?, text(&made, "/project/response_public_key")?);
        Ok(builder.http_client(world.http.clone()).build()?)
    };
    let device = Device::own("x")?;
    let first = program(world.nodes[0].url())?;
    let mut banned = false;
    for _ in 0..500 {
        banned = matches!(first.verify("00000-00000-00000-00000-00000", &device).await, Err(Error::Refused(refusal)) if refusal.code == "TEMPORARILY_BANNED");
        if banned {
            break;
        }
    }
    if !banned {
        bail!("500 calls at 5 a minute, and no ban");
    }
    let watch = Stopwatch::start();
    for node in &world.nodes[1..] {
        let program = program(node.url())?;
        // Each node counts for itself: what is not the ban is allowed to be a limit of its own.
        while !matches!(program.verify("00000-00000-00000-00000-00000", &device).await, Err(Error::Refused(refusal)) if refusal.code == "TEMPORARILY_BANNED")
        {
            if watch.elapsed() > NEWS {
                bail!("the ban was not in force on {} after {:?}", node.url(), watch.elapsed());
            }
            Clock::System.sleep(Duration::from_millis(50)).await;
        }
    }
    world.get(&world.boss, "/api/v1/me").await.context("the console is not banned")?;
    Ok(watch.elapsed().as_secs_f64())
}
