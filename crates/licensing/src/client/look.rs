//! Which way through the log a list of calls takes.

use platform::identity::Scope;
use platform::{Cx, Result};
use store::{Look, Of, Sql, args};

use super::calls::CallFilter;
use super::set::Endpoint;
use crate::keys::{KeyId, KeyText, lookup};

/// What the indexes by key, device and agent have: first uses and refusals.
const NOTABLE: &str = "t.refused OR t.first_use";
const REFUSED: &str = "client_calls_refused";
const ENDPOINT: &str = "client_calls_endpoint";
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
            Some(key) => match key_of(sql, scope, &lookup(&cx.vault, key)).await? {
                None => return Ok(None),
                Some(key) => drop(look.along("key_id", key).partial(NOTABLE)),
            },
            // The end of a key is what logs and other people's lists show.
            None => drop(look.along("key_hint", text.trim().to_uppercase()).partial(NOTABLE)),
        }
        scope.rest(&mut look, "c.agent_id");
    } else if let Some(device) = &asked.device {
        look.along("device_id", device.as_str()).partial(NOTABLE);
        scope.rest(&mut look, "c.agent_id");
    } else if scope != Scope::All {
        look.partial(NOTABLE);
        scope.look(sql, &mut look, "agent_id", "c.agent_id").await?;
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
            (Some(project), Some(code)) => drop(look.by(REFUSED).along("project_id", project).along("code", code)),
            (Some(project), None) => {
                let codes = CODES.replace('?', &look.arg(project));
                look.by(REFUSED).along("project_id", project).among(&[("code", Of::Text)], &codes);
            }
            (None, Some(code)) if look.few(sql, PROJECTS, 1).await? => {
                look.by(REFUSED).along("code", code).among(&[("project_id", Of::Uuid)], PROJECTS);
            }
            (None, _) => drop(look.by("client_calls_refusals")),
        }
    } else if let Some(endpoint) = other {
        let endpoint = kernel::Word::as_str(endpoint);
        match asked.project {
            Some(project) => drop(look.by(ENDPOINT).along("project_id", project).along("endpoint", endpoint).partial(OTHER)),
            None if look.few(sql, PROJECTS, 1).await? => {
                look.by(ENDPOINT).along("endpoint", endpoint).partial(OTHER).among(&[("project_id", Of::Uuid)], PROJECTS);
            }
            None => {}
        }
    } else if let Some(project) = asked.project {
        look.along("project_id", project);
    }
    Ok(())
}

/// A key whose calls the asker may see.
async fn key_of(sql: &mut impl Sql, scope: Scope, lookup: &[u8]) -> Result<Option<KeyId>> {
    let found = sql.opt("SELECT id, agent_id FROM keys WHERE lookup = $1", args![lookup], |row| Ok((row.get("id")?, row.get("agent_id")?))).await?;
    match found {
        Some((key, agent)) if scope.sees(sql, agent).await? => Ok(Some(key)),
        _ => Ok(None),
    }
}
