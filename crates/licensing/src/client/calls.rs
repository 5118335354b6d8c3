//! The log of client calls, and why one was refused (K3.2c, K8.3).

use kernel::{Cursor, Fault, Lang, Page, PageAsk, Timestamp};
use platform::identity::{Permission, Scope};
use platform::{Cx, Result};
use serde::Serialize;
use store::{Filter, Row, Sql, args, first_id};
use uuid::Uuid;

use super::passed;
use super::set::{CallId, Endpoint};
use crate::keys::verdict::{Candidate, Code, decide};
use crate::keys::{Facts, KeyId, Validity, bound};
use crate::projects::{ProjectId, ProjectRef, ProjectState};

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ClientCall {
    pub id: CallId,
    pub at: Timestamp,
    pub project: ProjectRef,
    pub endpoint: Endpoint,
    pub status: i64,
    pub code: String,
    pub key_id: Option<KeyId>,
    pub key_hint: String,
    pub device_id: String,
    pub device_name: String,
    pub address: String,
    pub first_use: bool,
}

#[derive(Debug, Default)]
pub struct CallFilter {
    pub project: Option<ProjectId>,
    pub code: Option<String>,
    pub endpoint: Option<Endpoint>,
    pub key: Option<String>,
    pub device: Option<String>,
    pub only_refused: bool,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

const SELECT: &str = "SELECT c.id, c.at, c.project_id, p.name AS project_name, c.endpoint, c.status, c.code, c.key_id, c.key_hint, c.device_id, c.device_name, c.address, c.first_use \
    FROM client_calls c JOIN projects p ON p.id = c.project_id";

fn read(row: &Row) -> store::Result<ClientCall> {
    Ok(ClientCall {
        id: row.get("id")?,
        at: row.get("at")?,
        project: ProjectRef { id: row.get("project_id")?, name: row.get("project_name")? },
        endpoint: row.word("endpoint")?,
        status: row.get("status")?,
        code: row.get("code")?,
        key_id: row.get("key_id")?,
        key_hint: row.get("key_hint")?,
        device_id: row.get("device_id")?,
        device_name: row.get("device_name")?,
        address: row.get("address")?,
        first_use: row.get("first_use")?,
    })
}

/// Super admins see all calls; agents the first uses and refusals of the keys that they may see. (A call that passed is
/// one of very many and is found by project and time only.)
fn visible(cx: &Cx) -> Result<(Filter, Scope)> {
    let user = cx.require(Permission::KeysView)?;
    let mut filter = Filter::new();
    let scope = user.scope();
    scope.restrict(&mut filter, "c.agent_id");
    if scope != Scope::All {
        filter.and_plain("c.refused OR c.first_use");
    }
    Ok((filter, scope))
}

/// Newest first. What passed lies packed in a table of its own; both are read as far as the page goes.
pub async fn list(cx: &Cx, asked: &CallFilter, ask: &PageAsk) -> Result<Page<ClientCall>> {
    let scope = cx.require(Permission::KeysView)?.scope();
    let mut sql = cx.db.read();
    let Some(look) = super::look::look(&mut sql, cx, scope, asked).await? else { return Ok(Page::empty()) };
    let page = look.page(&mut sql, SELECT, "c.id", ask, read, |call| call.id.uuid()).await?;
    if scope != Scope::All {
        return Ok(page);
    }
    let mut calls = passed::page(cx, asked, ask).await?;
    // Where the one has looked no further, the other's older calls are not the next.
    let end = page.next_cursor.as_deref().map(Cursor::parse).transpose()?.map_or(Uuid::nil(), |Cursor(end)| end);
    calls.retain(|call| call.id.uuid() >= end);
    calls.extend(page.items);
    calls.sort_unstable_by_key(|call| std::cmp::Reverse(call.id));
    let merged = Page::cut(calls, ask, |call| call.id.uuid());
    if merged.next_cursor.is_some() {
        return Ok(merged);
    }
    Ok(Page { next_cursor: page.next_cursor, searched_to: page.searched_to, ..merged })
}

/// A key's first use and latest refusals, newest first. The caller has made sure that the asker may see the key.
pub(crate) async fn recent_of_key(cx: &Cx, key: KeyId, activated: Option<Timestamp>) -> Result<Vec<ClientCall>> {
    let mut sql = cx.db.read();
    let refused = format!("{SELECT} WHERE c.key_id = $1 AND c.refused ORDER BY c.id DESC LIMIT 20");
    let mut calls = sql.all(&refused, args![key], read).await?;
    if let Some(activated) = activated {
        let (from, to) = moment(activated);
        let first = format!("{SELECT} WHERE {}", first_use("$1", "$2", "$3"));
        calls.extend(sql.opt(&first, args![key, from, to], read).await?);
        calls.sort_unstable_by_key(|call| std::cmp::Reverse(call.id));
        calls.truncate(20);
    }
    Ok(calls)
}

/// A key's first use has no index: it was in the moment in which the key was activated, and calls are in the order of time.
/// A condition on `c`, with the places of the key and of the moment's ends.
pub(super) fn first_use(key: &str, from: &str, to: &str) -> String {
    format!("c.id >= {from} AND c.id < {to} AND c.key_id = {key} AND c.first_use")
}

/// Between which ids the calls of a set are that was decided at this time: they are a few microseconds apart, in their order.
pub(super) fn moment(at: Timestamp) -> (Uuid, Uuid) {
    (first_id(at), first_id(at.plus_micros(2_000)))
}

/// A call, which rule decided it, and what would mend it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CallExplained {
    pub call: ClientCall,
    pub rule: String,
    pub remedy: String,
    /// What the same call would get now.
    pub now: Option<String>,
    pub steps: Vec<Step>,
}

kernel::words! {
    pub enum StepOutcome { Passed = "passed", Refused = "refused", NotReached = "not_reached" }
}

/// One rule in the order in which they are asked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Step {
    pub code: String,
    pub title: String,
    pub outcome: StepOutcome,
}

pub async fn explain(cx: &Cx, id: CallId) -> Result<CallExplained> {
    let (mut filter, scope) = visible(cx)?;
    filter.and("c.id = ?", id);
    let sql = format!("{SELECT} WHERE {}", filter.sql());
    let call = match cx.db.read().opt(&sql, filter.args(), read).await? {
        None if scope == Scope::All => passed::find(cx, id).await?,
        found => found,
    };
    let call = call.ok_or_else(Fault::not_found)?;
    let (rule, remedy) = words(&call.code, cx.lang);
    let now = if call.endpoint == Endpoint::Verify { verdict_now(cx, &call).await? } else { None };
    Ok(CallExplained { rule: rule.into(), remedy: remedy.into(), now, steps: steps(&call, cx.lang), call })
}

/// The first steps, by the codes that speak for others.
const TOO_LARGE: &str = "BODY_TOO_LARGE";
const REUSED: &str = "NONCE_REUSED";
const UNREADABLE: &str = "INVALID";

/// At which step a call of this code ended.
fn step_of(code: &str) -> &str {
    match code {
        "BODY_UNREADABLE" => TOO_LARGE,
        "NONCE_INVALID" => REUSED,
        "JSON_INVALID" | "NO_SUCH_ROUTE" | "METHOD_NOT_ALLOWED" => UNREADABLE,
        code => code,
    }
}

/// The rules in their order, as far as this call came.
fn steps(call: &ClientCall, lang: Lang) -> Vec<Step> {
    const ADMISSION: [(&str, &str, &str); 7] = [
        (TOO_LARGE, "请求体完整且不过大", "The body has come whole, and is not too large"),
        ("TEMPORARILY_BANNED", "项目未被临时封禁", "The project is not banned for a while"),
        ("TIMESTAMP_SKEWED", "请求时间与服务器相差不超过 5 分钟", "The request's time is within 5 minutes of the server's"),
        ("SIGNATURE_INVALID", "签名正确", "The signature is right"),
        (REUSED, "随机数格式正确且未使用过", "The nonce is well formed, and new"),
        ("RATE_LIMITED", "调用频率在限额内", "The rate is within its limit"),
        (UNREADABLE, "请求内容可以读取", "The request can be read"),
    ];
    const VERIFY: [(&str, &str, &str); 5] = [
        ("NOT_FOUND", "卡密存在于本项目", "The key exists in this project"),
        ("PROJECT_DISABLED", "项目在启用状态", "The project is switched on"),
        ("DISABLED", "卡密未被禁用", "The key is not disabled"),
        ("EXPIRED", "卡密未过期", "The key has not expired"),
        ("DEVICE_MISMATCH", "设备已绑定，或还有空位", "The device is bound, or a seat is free"),
    ];
    let of_endpoint = match call.endpoint {
        Endpoint::Verify => &VERIFY[..],
        Endpoint::Query => &VERIFY[..1],
        Endpoint::Time | Endpoint::Other => &[],
    };
    let (ended, mut over) = (step_of(&call.code), false);
    let step = |(code, zh, en): &(&str, &str, &str)| {
        let refused = *code == ended;
        let outcome = if over {
            StepOutcome::NotReached
        } else if refused {
            StepOutcome::Refused
        } else {
            StepOutcome::Passed
        };
        over |= refused;
        Step { code: (*code).to_owned(), title: lang.pick(zh, en).to_owned(), outcome }
    };
    ADMISSION.iter().chain(of_endpoint).map(step).collect()
}

fn words(code: &str, lang: Lang) -> (&'static str, &'static str) {
    let (rule_zh, rule_en, remedy_zh, remedy_en) = match code {
        "VALID" => ("所有规则均通过。", "All rules were passed.", "无需处理。", "Nothing to mend."),
        "NOT_FOUND" => (
            "此项目中没有这个卡密：可能输入有误，或它属于其他项目。",
            "There is no such key in this project: mistyped, or another project's.",
            "请核对卡密文字，并确认程序使用的是该卡密所属项目的 API 密钥。",
            "Compare the text of the key, and make sure that the program uses the API key of the key's own project.",
        ),
        "PROJECT_DISABLED" => {
            ("项目已停用。", "The project is switched off.", "由超级管理员重新启用项目。", "A super admin switches the project on again.")
        }
        "DISABLED" => (
            "卡密已被禁用。",
            "The key was disabled.",
            "在卡密页面重新启用它；由上级禁用的，只能由上级启用。",
            "Enable it on the key's page; what a superior has disabled, that superior enables.",
        ),
        "EXPIRED" => ("卡密有效期已结束。", "The key's validity has run out.", "请用户更换新的卡密。", "The user needs a new key."),
        "DEVICE_MISMATCH" => (
            "卡密已绑定其他设备，且没有空余的设备位。",
            "The key is bound to other devices, and no seat is free.",
            "确认是同一位用户换了设备后，在卡密页面解绑。",
            "If it is the same user with another device, unbind the key on its page.",
        ),
        "BODY_TOO_LARGE" => (
            "请求体超过了 16 KiB。",
            "The body is larger than 16 KiB.",
            "对照接口文档检查程序发送的内容；合法的请求远小于此。",
            "Compare what the program sends with the contract; no request that it knows is nearly as long.",
        ),
        "BODY_UNREADABLE" => (
            "请求体没有完整到达，或同时到达的内容过多。签名未被检查。",
            "The body has not come whole, or too much was on its way at once. The signature was not looked at.",
            "检查程序的网络；如果频繁出现，请管理员查看运行指标。",
            "Look at the program's network; where it happens often, have the operator look at the metrics.",
        ),
        "TEMPORARILY_BANNED" => (
            "项目因调用过于频繁被临时封禁。签名未被检查，所以不能确定是项目自己的程序在调用。",
            "The project was banned for a while for calling too often. The signature was not looked at: it need not have been the project's own program.",
            "封禁会自动结束，超级管理员也可以在项目页解除；请降低调用频率，或由超级管理员提高项目限额。",
            "The ban ends by itself, or when a super admin lifts it on the project's page; call less often, or have the project's limit raised.",
        ),
        "TIMESTAMP_SKEWED" => (
            "请求时间与服务器相差超过 5 分钟，或者服务器的时钟被调回，回到了随机数已被遗忘的时间。签名未被检查。",
            "The request's time was more than 5 minutes from the server's, or that was set back to a time of which nonces are forgotten. The signature was not looked at.",
            "校准客户端或服务器的时钟；SDK 会用应答中的服务器时间自行校正。",
            "Set the client's clock, or the server's; SDKs mend theirs by the server's time in the answer.",
        ),
        "SIGNATURE_INVALID" => (
            "签名不正确：程序使用的密钥有误，或请求在途中被改动，或是别人伪造的。",
            "The signature is not right: the program has another secret, the request was changed on its way, or somebody has forged it.",
            "核对程序使用的密钥，以及代理是否改动了路径或请求体；答复为 429 时，表示该地址此前错误过多。",
            "Compare the program's secret, and whether a proxy changes path or body. Where the answer was 429, that address had failed too often before.",
        ),
        "NONCE_INVALID" => (
            "签名正确，但随机数的格式不正确。",
            "The signature is right, but the nonce is of another form.",
            "随机数应为 16 到 64 位字母、数字、- 或 _。",
            "A nonce is 16 to 64 of letters, digits, - and _.",
        ),
        "INVALID" | "JSON_INVALID" | "NO_SUCH_ROUTE" | "METHOD_NOT_ALLOWED" => (
            "请求内容无法读取：字段缺失、多余或格式不正确。",
            "The request could not be read: a field is missing, unknown or of another form.",
            "对照接口文档检查程序发送的内容；应答中写明了是哪个字段。",
            "Compare what the program sends with the contract; the answer named the field.",
        ),
        "NONCE_REUSED" => (
            "随机数在时间窗口内已出现过：请求被重放，或程序重复使用了随机数。",
            "The nonce was seen before within the window: a replay, or a program that repeats its nonces.",
            "每次请求都应生成新的随机数。",
            "The program must make a fresh nonce for each request.",
        ),
        "RATE_LIMITED" => (
            "项目的调用频率超过了限额。",
            "The project's calls were over its limit.",
            "降低调用频率，或由超级管理员提高项目限额。",
            "Call less often, or have a super admin raise the project's limit.",
        ),
        _ => ("未知规则。", "Unknown rule.", "请联系管理员。", "Ask an admin."),
    };
    (lang.pick(rule_zh, rule_en), lang.pick(remedy_zh, remedy_en))
}

/// The same question asked of the rules now, changing nothing.
async fn verdict_now(cx: &Cx, call: &ClientCall) -> Result<Option<String>> {
    let Some(key) = call.key_id else {
        // Which key it was about is known of those alone that came so far.
        let none: &str = kernel::Word::as_str(Code::NotFound);
        return Ok((call.code == none).then(|| none.to_owned()));
    };
    let mut sql = cx.db.read();
    let query = "SELECT k.unit, k.validity, k.activated_at, k.expires_at, k.disabled_at, k.devices, k.unbinds, k.bound, p.state AS project_state, p.devices_per_key \
                 FROM keys k JOIN projects p ON p.id = k.project_id WHERE k.id = $1";
    let found = sql
        .opt(query, args![key], |row| {
            let facts = Facts {
                activated_at: row.get("activated_at")?,
                expires_at: row.get("expires_at")?,
                disabled_at: row.get("disabled_at")?,
                devices: row.get("devices")?,
                unbinds: row.get("unbinds")?,
            };
            let validity = Validity { unit: row.word("unit")?, count: row.get("validity")? };
            let candidate = Candidate { facts, validity, bound: bound::read(&row.get::<String>("bound")?) };
            Ok((candidate, row.word::<ProjectState>("project_state")?, row.get::<i64>("devices_per_key")?))
        })
        .await?;
    let Some((candidate, project, seats)) = found else { return Ok(None) };
    let verdict = decide(Some(&candidate), project == ProjectState::Active, seats, &call.device_id, cx.now());
    Ok(Some(kernel::Word::as_str(verdict.code).to_owned()))
}

#[cfg(test)]
mod tests;
