//! Do answers take longer for what is there than for what is not? `cargo xtask timing` runs this.
//!
//! A whole server in this process, its real routes, a real database. Calls of different sorts follow each other in random order, one at
//! a time; each sort is compared with the first by Welch's t-test, over all samples and over those below the 95th percentile of both
//! (where noise is smallest and a difference shows best). A p below the threshold is a difference that somebody could measure.
//!
//! Arguments: a file for what is found, and what is measured on which machine, as xtask knows it.

use std::process::ExitCode;

use axum::http::Method;
use kernel::{Clock, Random, Stopwatch};
use platform::identity::Role;
use serde_json::{Value, json};
use store::args;
use testkit::{Client, Engine, Program, TestServer};

/// A p that chance alone brings once in a thousand times: ten comparisons are made.
const THRESHOLD: f64 = 0.001;
/// Names to sign in as, of either sort.
const NAMES: usize = 64;

fn main() -> ExitCode {
    let number = |name: &str, otherwise: usize| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (samples, seed) = (number("CUEKEY_SAMPLES", 10_000), number("CUEKEY_SEED", 1) as u64);
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next();
    let [commit, machine] = [(); 2].map(|()| arguments.next().unwrap_or_else(|| "unknown".to_owned()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut page = Page::default();
    let now = Clock::System.now().to_string();
    let (date, build) = (now.split('T').next().unwrap_or_default(), if cfg!(debug_assertions) { "dev" } else { "release" });
    page.say("| measured | commit | build | samples of each sort | seed | machine |\n|---|---|---|---|---|---|");
    page.say(&format!("| {date} | {commit} | {build} | {samples} | {seed} | {machine} |"));
    let mut differ = 0;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        differ +=
            runtime.block_on(async { verify(engine, samples, seed, &mut page).await + sign_in(engine, samples, seed, &mut page).await });
    }
    page.say(&format!("\n{differ} of the comparisons below p = {THRESHOLD}"));
    if let Some(file) = file {
        std::fs::write(file, page.0).expect("what was found is written");
    }
    if differ == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is found, in Markdown: shown at once, and kept.
#[derive(Default)]
struct Page(String);

impl Page {
    fn say(&mut self, text: &str) {
        println!("{text}");
        self.0.push_str(text);
        self.0.push('\n');
    }
}

/// The order of `samples` calls of each of `sorts`.
fn order(samples: usize, sorts: usize, random: &Random) -> Vec<usize> {
    let mut order: Vec<usize> = (0..samples * sorts).map(|n| n % sorts).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, usize::try_from(random.below(at as u64 + 1)).unwrap_or(0));
    }
    order
}

/// A project with prices, and a number of its keys, made by `agent`.
async fn project(server: &TestServer, root: &Client, agent: &Client, name: &str, keys: i64) -> (Program, Vec<String>) {
    let form = json!({"name": name, "rate_per_minute": 1_000_000, "prices": [{"unit": "day", "count": 30, "price": 0}]});
    let program = Program::new(server, &root.post("/api/v1/projects", form).await.ok(201));
    root.post("/api/v1/grants", json!({"project_id": program.project, "agent_id": agent.id()})).await.ok(201);
    let batch = json!({"project_id": program.project, "count": keys, "unit": "day", "validity": 30});
    let batch = agent.post_once(&format!("batch-{name}"), "/api/v1/batches", batch).await.ok(201);
    let page = agent.get(&format!("/api/v1/keys?limit=200&batch={}", batch["id"].as_str().expect("an id"))).await.ok(200);
    let keys = page["items"].as_array().expect("keys").iter().map(|key| key["key"].as_str().expect("a key").to_owned());
    (program, keys.collect())
}

/// Unknown keys against foreign and mistyped ones: all of them are `NOT_FOUND`.
async fn verify(engine: Engine, samples: usize, seed: u64, page: &mut Page) -> usize {
    let server = TestServer::start(engine).await;
    let root = server.user(Role::SuperAdmin, "root").await;
    let agent = server.user(Role::Agent, "alice").await;
    let (asker, _) = project(&server, &root, &agent, "asker", 200).await;
    let (other, foreign) = project(&server, &root, &agent, "other", 200).await;
    let (third, bound) = project(&server, &root, &agent, "third", 200).await;
    let (_, unknown) = project(&server, &root, &agent, "gone", 200).await;
    // Keys that were there: unknown now, and otherwise like the others.
    let mut tx = server.platform.db.begin().await.expect("begin");
    let gone = "DELETE FROM keys WHERE project_id = (SELECT id FROM projects WHERE name = 'gone')";
    tx.exec(gone, args![]).await.expect("delete");
    tx.commit().await.expect("commit");
    for key in &bound {
        third.verify(key, "a device").await.ok(200);
    }
    drop(other);
    // One character is another: the check symbol does not fit any more.
    let mistyped: Vec<String> =
        unknown.iter().map(|key| key.strip_prefix('2').map_or_else(|| format!("2{}", &key[1..]), |rest| format!("3{rest}"))).collect();

    let sorts = ["unknown", "foreign, unused", "foreign, bound", "mistyped"];
    let pools = [&unknown, &foreign, &bound, &mistyped];
    let random = Random::seeded(seed);
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(samples); sorts.len()];
    for (n, sort) in order(samples, sorts.len(), &random).into_iter().enumerate() {
        let key = &pools[sort][usize::try_from(random.below(200)).unwrap_or(0)];
        let body = json!({"key": key, "device": {"id": "a device"}}).to_string().into_bytes();
        let request = asker.request(Method::POST, "/client/v1/keys/verify", body);
        let mut client = server.visitor();
        for (name, value) in &request.headers {
            client = client.with(name, value);
        }
        let watch = Stopwatch::start();
        let answer = client.send(request.method, &request.target, Some(request.body)).await;
        times[sort].push(watch.elapsed().as_secs_f64() * 1e6);
        assert_eq!(answer.json()["code"], "NOT_FOUND", "{}", answer.text());
        server.clock.step(1_000);
        if n == 0 {
            times[sort].clear();
        }
    }
    report(page, &format!("{engine:?}: POST /client/v1/keys/verify"), &sorts, &times)
}

/// A known name against an unknown one, each with a wrong password.
async fn sign_in(engine: Engine, samples: usize, seed: u64, page: &mut Page) -> usize {
    let server = TestServer::start(engine).await;
    for n in 0..NAMES {
        server.user(Role::Agent, &format!("person{n:03}")).await;
    }
    let sorts = ["unknown name", "known name"];
    let random = Random::seeded(seed);
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(samples); sorts.len()];
    for (n, sort) in order(samples, sorts.len(), &random).into_iter().enumerate() {
        let who = random.below(NAMES as u64);
        let name = if sort == 1 { format!("person{who:03}") } else { format!("nobody{who:03}") };
        let body = json!({"name": name, "password": "not the password"}).to_string().into_bytes();
        let [_, a, b, c] = u32::try_from(n / 50).unwrap_or(0).to_be_bytes();
        let client = server.visitor().from([10, a, b, c]);
        let watch = Stopwatch::start();
        let answer = client.send(Method::POST, "/api/v1/session", Some(body)).await;
        times[sort].push(watch.elapsed().as_secs_f64() * 1e6);
        let problem: Value = answer.refused(401, "SIGN_IN_FAILED");
        assert_eq!(problem["captcha_required"], Value::Null);
        // Each try is the first of its name, whichever it is.
        let mut tx = server.platform.db.begin().await.expect("begin");
        tx.exec("DELETE FROM name_tries", args![]).await.expect("delete");
        tx.commit().await.expect("commit");
        server.clock.step(1_000);
    }
    report(page, &format!("{engine:?}: POST /api/v1/session, wrong password, cheap argon2"), &sorts, &times)
}

/// A table; answers how many sorts differ from the first.
fn report(page: &mut Page, title: &str, sorts: &[&str], times: &[Vec<f64>]) -> usize {
    let head = "| | mean µs | median | sd | t (all) | p (all) | mean below p95 | t | p |\n|---|---|---|---|---|---|---|---|---|";
    page.say(&format!("\n{title}\n\n{head}"));
    let mut differ = 0;
    for (sort, name) in sorts.iter().enumerate() {
        let own = Moments::of(&times[sort]);
        let mut sorted = times[sort].clone();
        sorted.sort_by(f64::total_cmp);
        let median = sorted[sorted.len() / 2];
        let (first, cut) = cropped(&times[0], &times[sort]);
        if sort == 0 {
            page.say(&format!("| {name} | {:.1} | {median:.1} | {:.1} | | | {:.1} | | |", own.mean, own.variance.sqrt(), cut.mean));
            continue;
        }
        let (t, p) = welch(&Moments::of(&times[0]), &own);
        let (cut_t, cut_p) = welch(&first, &cut);
        let (mean, sd, below) = (own.mean, own.variance.sqrt(), cut.mean);
        page.say(&format!("| {name} | {mean:.1} | {median:.1} | {sd:.1} | {t:.2} | {p:.4} | {below:.1} | {cut_t:.2} | {cut_p:.4} |"));
        differ += usize::from(p < THRESHOLD || cut_p < THRESHOLD);
    }
    differ
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(samples: &[f64]) -> Self {
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let variance = samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Self { count, mean, variance }
    }
}

/// Both without what lies above the 95th percentile of the two together.
fn cropped(one: &[f64], two: &[f64]) -> (Moments, Moments) {
    let mut all = [one, two].concat();
    all.sort_by(f64::total_cmp);
    let limit = all[all.len() * 95 / 100];
    let below = |samples: &[f64]| Moments::of(&samples.iter().copied().filter(|sample| *sample <= limit).collect::<Vec<_>>());
    (below(one), below(two))
}

/// Welch's t, and the two-sided p. With so many samples the t distribution is the normal one.
fn welch(one: &Moments, two: &Moments) -> (f64, f64) {
    let t = (two.mean - one.mean) / (one.variance / one.count + two.variance / two.count).sqrt();
    (t, erfc(t.abs() / std::f64::consts::SQRT_2))
}

/// Abramowitz and Stegun 7.1.26: within 1.5e-7.
fn erfc(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let sum = series.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    (sum * (-x * x).exp()).max(0.0)
}
