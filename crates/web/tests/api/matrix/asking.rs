//! All who ask by a rule, and what is held against it.

use axum::http::Method;
use serde_json::json;
use testkit::{Answer, Client};

use super::people::{EVERYBODY, Owner, Who};
use super::rule::{Case, Door, Expected, Rule, expected};
use super::thing::Thing;
use super::things::World;

/// All ask by one rule about one owner's things. Answers how many asked.
pub async fn try_rule(world: &World<'_>, rule: &Rule, owner: Owner, keyed: bool, wrong: &mut Vec<String>) -> usize {
    let good = |who: &Who| expected(rule, *who, owner) == Expected::Good;
    let mut thing = match rule.thing {
        Some(thing) => world.make(thing, owner).await,
        None => String::new(),
    };
    let before = world.server.logged().await.len();
    for who in EVERYBODY.iter().filter(|who| !good(who)) {
        check(world, rule, *who, owner, &thing, keyed, wrong).await;
    }
    let left = world.server.logged().await.len() - before;
    if left > 0 {
        wrong.push(format!("{}: refusals left {left} lines in the operation log", rule.call));
    }
    for (n, who) in EVERYBODY.iter().filter(|who| good(who)).enumerate() {
        if let (Some(kind), true) = (rule.thing, n > 0) {
            thing = world.make(kind, owner).await;
        }
        check(world, rule, *who, owner, &thing, keyed, wrong).await;
    }
    EVERYBODY.len()
}

/// What no body has.
const BESIDE: &str = "nobody_asked";

/// Somebody who may sends a good call with a field more: it is refused by the field's name, and nothing is done.
pub async fn try_field(world: &World<'_>, rule: &Rule, keyed: bool, wrong: &mut Vec<String>) {
    let may = |owner| EVERYBODY.iter().find(|who| expected(rule, **who, owner) == Expected::Good).map(|who| (*who, owner));
    let (who, owner) = may(Owner::Alice).or_else(|| may(Owner::Chief)).expect("somebody may");
    let thing = match rule.thing {
        Some(thing) => world.make(thing, owner).await,
        None => String::new(),
    };
    let before = world.server.logged().await.len();
    let Found::Answer(answer) = ask(world, rule, who, owner, &thing, keyed, Some(BESIDE)).await else {
        return wrong.push(format!("{}: a stream", rule.call));
    };
    let body = answer.json();
    let errors = body["errors"].as_array().into_iter().flatten();
    let named = errors.filter(|error| error["field"] == BESIDE && error["code"] == "INVALID").count() == 1;
    let left = world.server.logged().await.len() - before;
    if answer.status != 422 || !named || left > 0 {
        wrong.push(format!("{} as {who:?}: {} {}, and {left} lines in the operation log", rule.call, answer.status, answer.text()));
    }
}

async fn check(world: &World<'_>, rule: &Rule, who: Who, owner: Owner, thing: &str, keyed: bool, wrong: &mut Vec<String>) {
    let expected = expected(rule, who, owner);
    let found = ask(world, rule, who, owner, thing, keyed, None).await;
    let reached = match &found {
        Found::Stream(_) => false,
        Found::Answer(answer) => shows(rule, answer, thing),
    };
    let (status, code) = match &found {
        Found::Stream(status) => (*status, String::new()),
        Found::Answer(answer) => (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned()),
    };
    // Lists and bulk changes answer 200 to everybody: what counts is what is in them.
    let selective = rule.thing.is_some() && !rule.operation().contains('{') && rule.good == 200 && rule.thing != Some(Thing::Person);
    let as_expected = match expected {
        Expected::Good => status == rule.good && (!selective || reached || !tells(rule)),
        Expected::LeftOut => status == 200 && !reached,
        Expected::Refused(wanted, word) => (status, code.as_str()) == (wanted, word) && !reached,
        Expected::Status(wanted) => status == wanted && !reached,
    };
    if !as_expected {
        let text = if let Found::Answer(answer) = &found { answer.text().chars().take(200).collect() } else { String::new() };
        wrong.push(format!("{} as {who:?} on {owner:?}'s: {expected:?} (good: {}), but {status} {text}", rule.call, rule.good));
    }
    if let (true, Expected::Refused(404, _), Found::Answer(answer)) = (who.is_customer(), expected, &found)
        && let Found::Answer(unknown) = ask(world, rule, who, owner, &nobodys(thing), keyed, None).await
        && said(answer) != said(&unknown)
    {
        wrong.push(format!("{} as {who:?}: what is another's is not refused as what is nobody's: {}", rule.call, unknown.text()));
    }
}

/// An id that is well formed, and of nothing.
fn nobodys(id: &str) -> String {
    let mut text = id.to_owned();
    let last = text.pop();
    text.push(if last == Some('3') { '4' } else { '3' });
    text
}

/// All that a refusal says of what was asked for.
fn said(answer: &Answer) -> [String; 3] {
    let body = answer.json();
    [answer.status.to_string(), body["code"].to_string(), body["title"].to_string()]
}

/// Whether a good answer names the thing, or says that it was changed.
fn tells(rule: &Rule) -> bool {
    !matches!(rule.operation(), "POST /api/v1/exports/keys" | "POST /api/v1/batches/quote")
}

fn shows(rule: &Rule, answer: &Answer, thing: &str) -> bool {
    match rule.operation() {
        "POST /api/v1/keys/disable" | "POST /api/v1/keys/enable" => answer.json()["changed"] == 1,
        // A key is never said again; whether it is one is.
        "POST /client/v1/keys/verify" => answer.json()["valid"] == true,
        "POST /client/v1/keys/query" => answer.json()["key"].is_object(),
        _ => !thing.is_empty() && answer.text().contains(&format!("\"{thing}\"")),
    }
}

enum Found {
    Answer(Answer),
    /// Its status; what follows does not end.
    Stream(u16),
}

/// `beside`: a field that its body has besides its own.
async fn ask(world: &World<'_>, rule: &Rule, who: Who, of: Owner, thing: &str, keyed: bool, beside: Option<&str>) -> Found {
    let n = world.n();
    let (client, name) = if rule.spare { world.spare(who).await } else { (world.client(who).clone(), String::new()) };
    // Each from an address of its own: how often one may ask is not the question here.
    let [_, a, b, c] = n.to_be_bytes();
    let mut client: Client = client.from([10, a, b, c]);
    let captcha = if rule.captcha { client.captcha().await } else { json!(null) };
    let owner = world.people.owner(of).id().to_string();
    let body = rule.body.map(|body| {
        let mut body = body(&Case { thing, owner: &owner, n, name: &name, captcha });
        if let Some(field) = beside {
            body[field] = json!(true);
        }
        body.to_string().into_bytes()
    });
    let path = rule
        .target()
        .replace("{id}", thing)
        .replace("{key}", thing)
        .replace("{ticket}", thing)
        .replace("{channel}", thing)
        .replace("{code}", thing)
        .replace("{owner}", &owner)
        .replace("{thing}", thing);
    let listed = rule.target().contains('?') && !rule.operation().contains('{') && !rule.target().contains("/find?");
    let path = if listed && rule.operation().starts_with("GET") { path + "&limit=200" } else { path };
    if keyed {
        client = client.with("Idempotency-Key", &world.once());
    }
    let method: Method = rule.method().parse().unwrap();
    if let Some(program) = world.program(who) {
        let request = program.request(method.clone(), &path, body.clone().unwrap_or_default());
        if rule.door == Door::Program {
            return Found::Answer(program.from([10, a, b, c]).send(request).await);
        }
        client = request.headers.iter().fold(client, |client, (name, value)| client.with(name, value));
    }
    if rule.stream && expected(rule, who, of) == Expected::Good {
        Found::Stream(client.knock(method, &path, body).await.as_u16())
    } else {
        Found::Answer(client.send(method, &path, body).await)
    }
}
