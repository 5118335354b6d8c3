//! Several servers on one PostgreSQL: one after the other is killed, and all of them know what one was told.

mod asked;
mod switched;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cuekey_sdk::Client;
use kernel::{Clock, Stopwatch};
use reqwest::Method;
use serde_json::{Value, json};
use store::Engine;

use self::asked::{post, program, said};
use crate::http::{Ask, expect, text};
use crate::load::Load;
use crate::scenario::{Plan, Report, under_load};
use crate::world::World;

/// Within this all nodes know.
const NEWS: Duration = Duration::from_secs(1);
/// The same while one of them has just begun, on few cores.
const NEWS_MEANWHILE: Duration = Duration::from_secs(2);
/// How often it is looked at between kills, about.
const LOOKS: u32 = 12;
/// A key that is not there: what the answer says of it does not matter.
const NO_KEY: &str = "00000-00000-00000-00000-00000";

pub async fn run(plan: &Plan, nodes: usize, report: &mut Report) -> Result<()> {
    let (world, servers) = World::make(plan.cuekey.clone(), plan.database(Engine::Postgres).await?, nodes).await?;
    let load = Load::new(Arc::new(world));
    let kills = if plan.short { 4 } else { (plan.kills / 2).max(4) };
    let every = (kills / LOOKS).max(2);
    under_load(plan, &load, servers, report, async |load, servers, report| {
        let random = plan.random();
        let mut servers: Vec<_> = servers.into_iter().map(Some).collect();
        let (mut looks, mut longest) = (0, 0.0_f64);
        for kill in 0..kills {
            Clock::System.sleep(Duration::from_millis(100 + random.below(600))).await;
            let node = usize::try_from(random.below(nodes as u64)).unwrap_or(0);
            let from = load.timeline.now();
            if let Some(server) = servers[node].take() {
                server.kill().await?;
            }
            load.timeline.mark(from, &format!("SIGKILL of node {}", node + 1));
            let told = if kill % every == 0 { Some(Told::without(&load.world, node, kill).await?) } else { None };
            servers[node] = Some(load.world.nodes[node].serve().await?);
            if let Some(told) = told {
                longest = longest.max(told.is_known_to(&load.world, node, kill).await?);
                looks += 1;
            }
        }
        report
            .did(format!("{kills} times SIGKILL of one of {nodes} nodes in {:.0} s; clients went on with the others", load.timeline.now()));
        report.did(format!(
            "{looks} times a setting and a ban, decided while a node was away, were known to it with its first answer; others knew within {longest:.2} s"
        ));
        let news = settings_are_seen(&load.world, if plan.short { 2 } else { 10 }).await?;
        report.did(format!("a setting changed on one node was seen by all others within {news:.2} s at most"));
        let news = bans_are_seen(&load.world).await?;
        report.did(format!("a ban decided by one node was in force on all others within {news:.2} s"));
        let news = switched::is_seen(&load.world).await?;
        report.did(format!("a project that one node switched off and on again, each in turn, was so on all others within {news:.2} s at most"));
        Ok(servers.into_iter().flatten().collect())
    })
    .await
}

/// What the others were told while a node was away.
struct Told {
    site_name: String,
    banned: Value,
    /// The longest that one of the others took to know.
    news: f64,
}

impl Told {
    /// Changes a setting and has a project banned without `away`.
    async fn without(world: &World, away: usize, number: u32) -> Result<Self> {
        let others: Vec<usize> = (0..world.nodes.len()).filter(|node| *node != away).collect();
        let (first, last) = (others[0], others[others.len() - 1]);
        let site_name = format!("While away {number}");
        rename(world, last, &site_name).await?;
        let seen = is_seen(world, &others, &site_name, NEWS_MEANWHILE).await?;
        let banned = limited(world, first, &format!("Banned while away {number}")).await?;
        ban(world, first, &banned).await?;
        let in_force = is_in_force(world, &others, &banned, NEWS_MEANWHILE).await?;
        Ok(Self { site_name, banned, news: seen.max(in_force) })
    }

    /// The node that was away and has just begun knows both with its first answer. Then it is the one that is told, and all others know.
    async fn is_known_to(&self, world: &World, node: usize, number: u32) -> Result<f64> {
        let at = world.nodes[node].url();
        let name = site_name(world, node).await?;
        if name != self.site_name {
            bail!("{at} has just begun, and says {name:?} where {:?} was set while it was away", self.site_name);
        }
        if !is_banned(&program(world, node, &self.banned)?).await? {
            bail!("{at} has just begun, and lets a project in that was banned while it was away");
        }
        let all: Vec<usize> = (0..world.nodes.len()).collect();
        let name = format!("Back again {number}");
        rename(world, node, &name).await?;
        Ok(self.news.max(is_seen(world, &all, &name, NEWS_MEANWHILE).await?))
    }
}

/// The longest that any node took to show what another was told.
async fn settings_are_seen(world: &World, times: usize) -> Result<f64> {
    let all: Vec<usize> = (0..world.nodes.len()).collect();
    let mut longest = 0.0_f64;
    for time in 0..times {
        let name = format!("Chaos {time}");
        rename(world, time % all.len(), &name).await?;
        longest = longest.max(is_seen(world, &all, &name, NEWS).await?);
    }
    Ok(longest)
}

/// A project that goes on over its limit on one node is refused by all.
async fn bans_are_seen(world: &World) -> Result<f64> {
    let made = limited(world, 0, &format!("Banned {}", world.nodes.len())).await?;
    ban(world, 0, &made).await?;
    let others: Vec<usize> = (1..world.nodes.len()).collect();
    let news = is_in_force(world, &others, &made, NEWS).await?;
    world.get(&world.boss, "/api/v1/me").await.context("the console is not banned")?;
    Ok(news)
}

async fn rename(world: &World, writer: usize, name: &str) -> Result<()> {
    let body = json!({"value": name});
    let ask = Ask { who: &world.boss, method: Method::PATCH, path: "/api/v1/settings/basic.site_name", body: Some(&body), key: None };
    expect(&world.http, &world.nodes[writer].url(), ask, 200).await.map(|_| ())
}

/// What a node says with the first answer that it gives.
async fn site_name(world: &World, node: usize) -> Result<String> {
    let ask = Ask { who: &world.boss, method: Method::GET, path: "/api/v1/config", body: None, key: None };
    text(&expect(&world.http, &world.nodes[node].url(), ask, 200).await?, "/site_name")
}

/// How long it takes until all of these nodes say so.
async fn is_seen(world: &World, nodes: &[usize], name: &str, limit: Duration) -> Result<f64> {
    let watch = Stopwatch::start();
    for node in nodes {
        while site_name(world, *node).await? != name {
            if watch.elapsed() > limit {
                bail!("a setting was not seen by {} after {:?}", world.nodes[*node].url(), watch.elapsed());
            }
            Clock::System.sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(watch.elapsed().as_secs_f64())
}

/// A project that may call five times a minute.
async fn limited(world: &World, writer: usize, name: &str) -> Result<Value> {
    post(world, writer, &world.boss, "/api/v1/projects", json!({"name": name, "rate_per_minute": 5}), 201).await
}

async fn is_banned(program: &Client) -> Result<bool> {
    Ok(said(program, NO_KEY).await?.is_err_and(|refusal| refusal.code == "TEMPORARILY_BANNED"))
}

/// Calls one node until that has enough of it.
async fn ban(world: &World, node: usize, project: &Value) -> Result<()> {
    let program = program(world, node, project)?;
    for _ in 0..500 {
        if is_banned(&program).await? {
            return Ok(());
        }
    }
    bail!("500 calls at 5 a minute, and no ban")
}

/// How long it takes until all of these nodes refuse it. Each counts for itself: what is not the ban is allowed to be a limit of its own.
async fn is_in_force(world: &World, nodes: &[usize], project: &Value, limit: Duration) -> Result<f64> {
    let watch = Stopwatch::start();
    for node in nodes {
        let program = program(world, *node, project)?;
        while !is_banned(&program).await? {
            if watch.elapsed() > limit {
                bail!("the ban was not in force on {} after {:?}", world.nodes[*node].url(), watch.elapsed());
            }
            Clock::System.sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(watch.elapsed().as_secs_f64())
}
