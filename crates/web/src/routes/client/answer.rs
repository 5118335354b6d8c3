//! What the client API's endpoints answer.

use kernel::{Fault, Kind, Lang, Timestamp};
use licensing::batches::BatchId;
use licensing::client::{CallerProject, Decision, KeyAnswer, KeyDetails, Plain, UNREADABLE};
use licensing::keys::{Code, KeyDevice, KeyId, KeyState};
use licensing::projects::ProjectId;
use serde::Serialize;

use super::question::Question;

/// What is said of a decision. All good answers are 200.
pub(super) fn of(project: &CallerProject, question: &Question, decision: Decision, lang: Lang, refuse: impl Fn(&Fault) -> Plain) -> Plain {
    let body = match (question, decision.answer) {
        // It passed nonce and rate: now it is told what is wrong with it.
        (Question::Unreadable(why), Err(fault)) if fault.code == UNREADABLE => return refuse(why),
        (_, Err(fault)) => Err(fault),
        (Question::Unreadable(why), Ok(_)) => return refuse(why),
        (Question::Verify, Ok(answer)) => verified(&answer, lang),
        (Question::Query, Ok(answer)) => queried(project, &answer),
        (Question::Time, Ok(answer)) => written(&Time { server_time: answer.now, unix: answer.now.unix() }),
    };
    match body {
        Ok(body) => Plain { status: 200, body, problem: false, retry_after: None },
        Err(fault) => refuse(&fault),
    }
}

fn verified(answer: &KeyAnswer, lang: Lang) -> Result<Vec<u8>, Fault> {
    let (zh, en) = answer.code.message();
    written(&Verified {
        valid: answer.code == Code::Valid,
        code: answer.code,
        message: lang.pick(zh, en),
        action: answer.code.action(),
        server_time: answer.now,
        key: answer.key.as_ref().map(|key| VerifiedKey { key: KeyJson::of(key, answer.now), first_use: answer.first_use }),
    })
}

fn queried(project: &CallerProject, answer: &KeyAnswer) -> Result<Vec<u8>, Fault> {
    let Some(key) = &answer.key else {
        return Err(Fault::new(Kind::NotFound, "NOT_FOUND", "卡密不存在", "There is no such key"));
    };
    written(&Queried {
        key: QueriedKey {
            key: KeyJson::of(key, answer.now),
            project: Named { id: project.id, name: &project.name },
            batch: Batched { id: key.batch },
            devices: key.devices.iter().map(|KeyDevice { id, name, bound_at }| BoundJson { id, name, bound_at: *bound_at }).collect(),
        },
        server_time: answer.now,
    })
}

fn written(answer: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::with_capacity(512);
    serde_json::to_writer(&mut body, answer).map_err(Fault::internal)?;
    Ok(body)
}

#[derive(Serialize)]
struct Verified<'a> {
    valid: bool,
    code: Code,
    message: &'a str,
    action: &'a str,
    server_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<VerifiedKey>,
}

#[derive(Serialize)]
struct VerifiedKey {
    #[serde(flatten)]
    key: KeyJson,
    first_use: bool,
}

/// A key as a program sees it.
#[derive(Serialize)]
struct KeyJson {
    id: KeyId,
    state: KeyState,
    activated_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    remaining_seconds: Option<i64>,
}

impl KeyJson {
    fn of(key: &KeyDetails, now: Timestamp) -> Self {
        let remaining_seconds = key.expires_at.map(|end| end.seconds_since(now).max(0));
        Self { id: key.id, state: key.state, activated_at: key.activated_at, expires_at: key.expires_at, remaining_seconds }
    }
}

#[derive(Serialize)]
struct Queried<'a> {
    key: QueriedKey<'a>,
    server_time: Timestamp,
}

#[derive(Serialize)]
struct QueriedKey<'a> {
    #[serde(flatten)]
    key: KeyJson,
    project: Named<'a>,
    batch: Batched,
    devices: Vec<BoundJson<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    id: ProjectId,
    name: &'a str,
}

#[derive(Serialize)]
struct Batched {
    id: BatchId,
}

#[derive(Serialize)]
struct BoundJson<'a> {
    id: &'a str,
    name: &'a str,
    bound_at: Timestamp,
}

#[derive(Serialize)]
struct Time {
    server_time: Timestamp,
    unix: i64,
}
