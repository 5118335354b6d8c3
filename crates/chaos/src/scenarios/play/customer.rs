//! Who plays.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Random, Stopwatch};
use serde_json::json;

use super::power::Power;
use super::{Hall, Place};
use crate::http::{Person, text};
use crate::scenarios::furnish::pause;

/// For a light that lasts longer than any is away nobody waits.
const PATIENCE: Duration = Duration::from_secs(150);

/// One customer, until the end: opens some table, mostly extends, and closes. Each is insisted upon.
pub(super) async fn plays(hall: Arc<Hall>, number: usize, random: Random) {
    let who = &hall.customers[number];
    let mut n = 0;
    while !hall.load.stopping() {
        n += 1;
        let place = &hall.tables[usize::try_from(random.below(hall.tables.len() as u64)).unwrap_or(0)];
        let table = &place.table.id;
        let Some(view) = hall.get(who, &format!("/customer/v1/tables/{table}")).await else {
            pause(100).await;
            continue;
        };
        let ask = json!({"minutes": 60, "expected_fen": view["quotes"][1]["price_fen"]});
        let key = format!("open-{number}-{n:06}");
        let opened = hall.load.insist(&random, who, &format!("/customer/v1/tables/{table}/open"), &ask, Some(&key)).await;
        let Some(id) = opened.filter(|done| done.status == 202).and_then(|done| text(&done.body, "/id").ok()) else {
            pause(50 + random.below(300)).await;
            continue;
        };
        let path = format!("/customer/v1/sessions/{id}");
        if began(&hall, who, &path).await {
            pause(random.below(400)).await;
            if random.below(2) == 0
                && let Some(more) = hall.get(who, &format!("{path}/extension?minutes=30")).await
            {
                let ask = json!({"minutes": 30, "expected_fen": more["price_fen"]});
                let key = format!("more-{number}-{n:06}");
                hall.load.insist(&random, who, &format!("{path}/extend"), &ask, Some(&key)).await;
            }
            pause(random.below(400)).await;
            stays(place, &random).await;
        }
        if let Some(closed) = hall.load.insist(&random, who, &format!("{path}/close"), &json!({}), None).await
            && (closed.status != 200 || !matches!(closed.body["state"].as_str(), Some("closed" | "failed")))
        {
            hall.load.book.wrong(format!("closing {id} was answered with {} {}", closed.status, closed.body));
        }
    }
}

/// Whether play begins; some do not wait for it.
async fn began(hall: &Hall, who: &Person, path: &str) -> bool {
    let watch = Stopwatch::start();
    while watch.elapsed() < Duration::from_secs(5) {
        match hall.get(who, path).await.as_ref().and_then(|session| session["state"].as_str()) {
            Some("playing") => return true,
            Some("opening") | None => pause(30).await,
            Some(_) => return false,
        }
    }
    false
}

/// Where the light is about to go, somebody is there when it does; and then half of them leave in the dark, and half wait until it is back.
async fn stays(place: &Place, random: &Random) {
    let waits = random.below(2) == 0;
    let mut power = place.power.subscribe();
    let now = *power.borrow_and_update();
    if now == Power::There {
        return;
    }
    let gone = async {
        drop(power.wait_for(|now| *now != Power::Going).await);
        if waits {
            drop(power.wait_for(|now| *now == Power::There).await);
        }
    };
    let _ = tokio::time::timeout(PATIENCE, gone).await;
    // Until the light is on again, or it is dark for a while.
    pause(1_000 + random.below(3_000)).await;
}
