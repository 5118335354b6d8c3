//! A project that one node switches off is off on all of them.

use anyhow::{Context, Result, bail};
use cuekey_sdk::Code;
use kernel::Stopwatch;
use serde_json::{Value, json};

use super::NEWS;
use super::asked::{post, program, said};
use crate::http::text;
use crate::world::{PRICE, World};

/// How often each node switches it off and on.
const TIMES: usize = 3;

/// A project with a key of its own, which no client of the load asks about.
struct Switched {
    id: String,
    made: Value,
    key: String,
}

/// The longest that any node took to refuse, or to take again, what another was told. The one that was told does so with its next answer.
pub(super) async fn is_seen(world: &World) -> Result<f64> {
    let project = Switched::make(world).await?;
    let all: Vec<usize> = (0..world.nodes.len()).collect();
    for node in &all {
        project.says(world, *node, &Code::Valid).await?;
    }
    let mut longest = 0.0_f64;
    for writer in all.iter().copied().cycle().take(TIMES * all.len()) {
        for (to, code) in [("disable", Code::ProjectDisabled), ("enable", Code::Valid)] {
            post(world, writer, &world.boss, &format!("/api/v1/projects/{}/{to}", project.id), json!({}), 200).await?;
            let watch = Stopwatch::start();
            let said = project.asked(world, writer).await?;
            if said != code {
                bail!("the node that was told to {to} a project says {said:?} after its answer");
            }
            for node in all.iter().copied().filter(|node| *node != writer) {
                while project.asked(world, node).await? != code {
                    if watch.elapsed() > NEWS {
                        bail!("{} has not heard of {to} after {:?}", world.nodes[node].url(), watch.elapsed());
                    }
                }
            }
            longest = longest.max(watch.elapsed().as_secs_f64());
        }
    }
    Ok(longest)
}

impl Switched {
    async fn make(world: &World) -> Result<Self> {
        let form = json!({"name": "Switched", "rate_per_minute": 1_000_000, "prices": [{"unit": "day", "count": 1, "price": PRICE}]});
        let made = post(world, 0, &world.boss, "/api/v1/projects", form, 201).await?;
        let id = text(&made, "/project/id")?;
        let seller = &world.manager;
        post(world, 0, &world.boss, "/api/v1/grants", json!({"project_id": id, "agent_id": seller.id}), 201).await?;
        let form = json!({"project_id": id, "count": 1, "unit": "day", "validity": 1});
        let batch = post(world, 0, seller, "/api/v1/batches", form, 201).await?;
        let (_, key) = world.keys_of(seller, &text(&batch, "/id")?).await?.pop().context("a batch without a key")?;
        Ok(Self { id, made, key })
    }

    async fn says(&self, world: &World, node: usize, wanted: &Code) -> Result<()> {
        let said = self.asked(world, node).await?;
        if said != *wanted {
            bail!("{} says {said:?} and not {wanted:?}", world.nodes[node].url());
        }
        Ok(())
    }

    /// What a node says of its key.
    async fn asked(&self, world: &World, node: usize) -> Result<Code> {
        match said(&program(world, node, &self.made)?, &self.key).await? {
            Ok(code) => Ok(code),
            Err(refusal) => bail!("{} refuses the project's program: {}", world.nodes[node].url(), refusal.code),
        }
    }
}
