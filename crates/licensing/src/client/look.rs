//! Which way through the log a list of calls takes.

use kernel::Timestamp;
use platform::identity::Scope;
use platform::{Cx, Result};
use store::{Index, Look, Of, Sql, args};

use super::calls::{CallFilter, first_use, moment};
use super::set::Endpoint;
use crate::keys::{self, KeyId, KeyText};

/// What the indexes by device, hint and agent have: first uses and refusals.
const NOTABLE: &str = "t.refused OR t.first_use";
const BY_KEY: Index = Index { name: "client_calls_key", columns: &["key_id"] };
const BY_HINT: Index = Index { name: "client_calls_hint", columns: &["hint_lane"] };
const BY_DEVICE: Index = Index { name: "client_calls_device", columns: &["device_id"] };
const BY_AGENT: Index = Index { name: "client_calls_agent", columns: &["agent_id"] };
const BY_PROJECT: Index = Index { name: "client_calls_project", columns: &["project_id"] };
const REFUSED: Index = Index { name: "client_calls_refused", columns: &["project_id", "code"] };
const REFUSALS: Index = Index { name: "client_calls_refusals", columns: &["refused"] };
const ENDPOINT: Index = Index { name: "client_calls_endpoint", columns: &["project_id", "endpoint"] };
const OTHER: &str = "t.endpoint <> 'verify'";
const PROJECTS: &str = "SELECT id AS v0 FROM projects";
/// Why a project's calls were refused, each reason once: a step in the index for each.
const CODES: &str = "WITH RECURSIVE codes (v0) AS (SELECT (SELECT MIN(code) FROM client_calls WHERE refused AND project_id = ?) UNION ALL \
                     SELECT (SELECT MIN(n.code) FROM client_calls n WHERE n.refused AND n.project_id = ? AND n.code > s.v0) FROM codes s WHERE s.v0 IS NOT NULL) \
                     SELECT v0 FROM codes WHERE v0 IS NOT NULL";

/// The narrowest index first: a key, a device, an agent's own; then what was refused, and why. What passed is one of very many, and
/// is found by project and time. Whatever the lanes leave open is asked of the rows. `None` where nothing can be found.
pub(super) async fn look(sql: &mut impl Sql, cx: &Cx, scope: Scope, asked: &CallFilter) -> Result<Option<Look>> {
    let mut look = Look::new("client_calls", "id");
    if let Some(text) = &asked.key {
        match KeyText::parse(text) {
            Some(key) => match key_of(sql, cx, scope, key).await? {
                None => return Ok(None),
                Some((key, activated)) => {
                    look.by(&BY_KEY).along("key_id", key).partial("t.refused");
                    if let Some(activated) = activated {
                        let (from, to) = moment(activated);
                        let (key, from, to) = (look.arg(key), look.arg(from), look.arg(to));
                        look.beside(&format!("SELECT c.id AS id FROM client_calls c WHERE {}", first_use(&key, &from, &to)));
                    }
                }
            },
            // The end of a key is what logs and other people's lists show.
            None => {
                let hint = text.trim().to_uppercase();
                let lane: String = hint.chars().take(1).collect();
                look.by(&BY_HINT).along("hint_lane", lane).partial(NOTABLE).rest_some("c.key_hint = ?", Some(hint));
            }
        }
        scope.rest(&mut look, "c.agent_id");
    } else if let Some(device) = &asked.device {
        look.by(&BY_DEVICE).along("device_id", device.as_str()).partial(NOTABLE);
        scope.rest(&mut look, "c.agent_id");
    } else if scope != Scope::All {
        if scope.few(sql, 1).await? {
            scope.look(look.by(&BY_AGENT).partial(NOTABLE), "agent_id");
        } else {
            scope.rest(look.rest_plain("c.refused OR c.first_use"), "c.agent_id");
        }
    } else {
        of_all(sql, &mut look, asked).await?;
    }
    look.rest_some("c.project_id = ?", asked.project).rest_some("c.code = ?", asked.code.clone());
    look.rest_some("c.endpoint = ?", asked.endpoint.map(kernel::Word::as_str)).rest_some("c.device_id = ?", asked.device.clone());
    if asked.only_refused {
        look.rest_plain("c.refused");
    }
    look.span("c.at", asked.from, asked.to);
    Ok(Some(look))
}

/// Among the calls of all.
async fn of_all(sql: &mut impl Sql, look: &mut Look, asked: &CallFilter) -> Result<()> {
    // Whatever was not valid was refused.
    let refusal = asked.code.as_deref().filter(|code| *code != "VALID");
    let other = asked.endpoint.filter(|endpoint| *endpoint != Endpoint::Verify);
    if refusal.is_some() || asked.only_refused {
        look.partial("t.refused");
        match (asked.project, refusal) {
            (Some(project), Some(code)) => drop(look.by(&REFUSED).along("project_id", project).along("code", code)),
            (Some(project), None) => {
                let codes = CODES.replace('?', &look.arg(project));
                look.by(&REFUSED).along("project_id", project).among(&[("code", Of::Text)], &codes);
            }
            (None, Some(code)) if store::few(sql, PROJECTS, args![], 1).await? => {
                look.by(&REFUSED).along("code", code).among(&[("project_id", Of::Uuid)], PROJECTS);
            }
            (None, _) => drop(look.by(&REFUSALS).along("refused", true)),
        }
    } else if let Some(endpoint) = other {
        let endpoint = kernel::Word::as_str(endpoint);
        match asked.project {
            Some(project) => drop(look.by(&ENDPOINT).along("project_id", project).along("endpoint", endpoint).partial(OTHER)),
            None if store::few(sql, PROJECTS, args![], 1).await? => {
                look.by(&ENDPOINT).along("endpoint", endpoint).partial(OTHER).among(&[("project_id", Of::Uuid)], PROJECTS);
            }
            None => {}
        }
    } else if let Some(project) = asked.project {
        look.by(&BY_PROJECT).along("project_id", project);
    }
    Ok(())
}

/// A key whose calls the asker may see, and when it was activated.
async fn key_of(sql: &mut impl Sql, cx: &Cx, scope: Scope, key: KeyText) -> Result<Option<(KeyId, Option<Timestamp>)>> {
    match keys::find(sql, &cx.vault, key).await? {
        Some((key, agent)) if scope.sees(sql, agent).await? => {
            let activated = sql.opt("SELECT activated_at FROM keys WHERE id = $1", args![key], |row| row.get("activated_at")).await?;
            Ok(activated.map(|activated| (key, activated)))
        }
        _ => Ok(None),
    }
}
