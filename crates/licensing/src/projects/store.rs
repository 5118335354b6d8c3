//! The tables of projects and prices.

use std::collections::HashMap;

use ::store::{Filter, Look, Row, Sql, ToValue, Tx, args, insert_many, placeholders};
use kernel::{Page, PageAsk, Quota, Timestamp, Word, text};
use platform::Cx;

use super::form::{NewProject, Spec};
use super::model::{Callback, CallbackEvent, Price, Project, ProjectBrief, ProjectId, ProjectState, ValidityUnit};

const COLUMNS: &str = "SELECT p.id, p.name, p.description, p.version, p.parameters, p.state, p.api_key, p.response_public, p.devices_per_key, \
                       p.unbind_limit, p.rate_per_minute, p.banned_until, p.last_ban_at, p.previous_secret_until, p.open_for_application, p.callback_url, \
                       p.callback_events, p.revision, p.created_at \
                       FROM projects p";

/// What a new project proves itself by.
pub(super) struct Credentials {
    pub api_key: String,
    pub sealed_secret: Vec<u8>,
    pub sealed_seed: Vec<u8>,
    pub response_public: Vec<u8>,
}

/// `None` when the name is taken.
pub(super) async fn insert(tx: &mut Tx, cx: &Cx, spec: &Spec, keys: Credentials) -> platform::Result<Option<ProjectId>> {
    let id: ProjectId = cx.id();
    let owner = cx.user()?.id;
    let sql = "INSERT INTO projects (id, name, name_key, description, version, parameters, state, api_key, secret, response_seed, response_public, \
               devices_per_key, unbind_limit, rate_per_minute, open_for_application, callback_events, owner_id, ban_level, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, $18) ON CONFLICT DO NOTHING";
    let written = tx
        .exec(
            sql,
            args![
                id,
                spec.name.as_str(),
                text::fold(&spec.name),
                spec.description.as_str(),
                spec.version.as_str(),
                json(&spec.parameters)?,
                ProjectState::Active.as_str(),
                keys.api_key,
                keys.sealed_secret,
                keys.sealed_seed,
                keys.response_public,
                spec.devices_per_key,
                spec.unbind_limit,
                spec.rate_per_minute,
                spec.open_for_application,
                json(&CallbackEvent::AT_FIRST)?,
                owner,
                cx.now(),
            ],
        )
        .await?;
    if written == 0 {
        return Ok(None);
    }
    insert_prices(tx, id, &spec.prices).await?;
    Ok(Some(id))
}

fn json(value: &impl serde::Serialize) -> platform::Result<String> {
    serde_json::to_string(value).map_err(kernel::Fault::internal)
}

async fn insert_prices(tx: &mut Tx, id: ProjectId, prices: &[Price]) -> ::store::Result<()> {
    let rows = prices.iter().map(|price| args![id, price.unit.as_str(), price.count, price.price]).collect();
    insert_many(tx, "prices", &["project_id", "unit", "count", "price"], rows, "").await?;
    Ok(())
}

/// Takes the project for a change; its form as it stands and the number of its changes, or `None` when there is no such project.
pub(super) async fn lock(tx: &mut Tx, id: ProjectId) -> ::store::Result<Option<(NewProject, i64)>> {
    let locked = format!("SELECT p.id FROM projects p WHERE p.id = $1{}", tx.for_update());
    tx.opt(&locked, args![id], |_| Ok(())).await?;
    let form = |project: Project| NewProject {
        name: project.name,
        description: project.description,
        version: project.version,
        parameters: project.parameters,
        devices_per_key: project.devices_per_key,
        unbind_limit: project.unbind_limit,
        rate_per_minute: project.rate_per_minute,
        prices: project.prices,
        open_for_application: project.open_for_application,
    };
    Ok(find(tx, id).await?.map(|project| {
        let revision = project.revision;
        (form(project), revision)
    }))
}

/// False when another project has the name.
pub(super) async fn update(tx: &mut Tx, id: ProjectId, spec: &Spec) -> platform::Result<bool> {
    let name_key = text::fold(&spec.name);
    let taken = "SELECT 1 AS taken FROM projects WHERE name_key = $1 AND id <> $2";
    if tx.opt(taken, args![name_key.as_str(), id], |_| Ok(())).await?.is_some() {
        return Ok(false);
    }
    let sql = "UPDATE projects SET name = $1, name_key = $2, description = $3, version = $4, parameters = $5, devices_per_key = $6, \
               unbind_limit = $7, rate_per_minute = $8, open_for_application = $9, revision = revision + 1 WHERE id = $10";
    let written = tx
        .exec(
            sql,
            args![
                spec.name.as_str(),
                name_key,
                spec.description.as_str(),
                spec.version.as_str(),
                json(&spec.parameters)?,
                spec.devices_per_key,
                spec.unbind_limit,
                spec.rate_per_minute,
                spec.open_for_application,
                id,
            ],
        )
        .await;
    match written {
        // Somebody has taken the name since it was looked for.
        Err(::store::Error::Unique(_)) => return Ok(false),
        written => written?,
    };
    tx.exec("DELETE FROM prices WHERE project_id = $1", args![id]).await?;
    insert_prices(tx, id, &spec.prices).await?;
    Ok(true)
}

/// False when it was in that state already, or is not there.
pub(super) async fn set_state(tx: &mut Tx, id: ProjectId, state: ProjectState) -> ::store::Result<bool> {
    Ok(tx.exec("UPDATE projects SET state = $1 WHERE id = $2 AND state <> $1", args![state.as_str(), id]).await? == 1)
}

/// The old secret steps back, and goes for good where there is no `until`. False when there is no such project.
pub(super) async fn set_secret(tx: &mut Tx, id: ProjectId, sealed: Vec<u8>, until: Option<Timestamp>) -> ::store::Result<bool> {
    let previous = if until.is_some() { "secret" } else { "NULL" };
    let sql = format!("UPDATE projects SET previous_secret = {previous}, previous_secret_until = $1, secret = $2 WHERE id = $3");
    Ok(tx.exec(&sql, args![until, sealed, id]).await? == 1)
}

pub(super) async fn find(sql: &mut impl Sql, id: ProjectId) -> ::store::Result<Option<Project>> {
    let found = sql.all(&format!("{COLUMNS} WHERE p.id = $1"), args![id], read).await?;
    Ok(with_prices(sql, found).await?.into_iter().next())
}

/// A page of them.
pub(super) async fn list(sql: &mut impl Sql, look: &Look, ask: &PageAsk) -> ::store::Result<Page<Project>> {
    let page = look.page(sql, COLUMNS, "p.id", ask, read, |project| project.id.uuid()).await?;
    Ok(Page { items: with_prices(sql, page.items).await?, next_cursor: page.next_cursor, searched_to: page.searched_to, total: page.total })
}

/// The few that `filter` lets through: one, as a rule.
pub(super) async fn those(sql: &mut impl Sql, filter: Filter) -> ::store::Result<Vec<Project>> {
    let query = format!("{COLUMNS} WHERE {}", filter.sql());
    let found = sql.all(&query, filter.args(), read).await?;
    with_prices(sql, found).await
}

fn read(row: &Row) -> ::store::Result<Project> {
    let events: Vec<CallbackEvent> = serde_json::from_str(&row.get::<String>("callback_events")?).unwrap_or_default();
    let public: Vec<u8> = row.get("response_public")?;
    Ok(Project {
        id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        version: row.get("version")?,
        parameters: serde_json::from_str(&row.get::<String>("parameters")?).unwrap_or_default(),
        state: row.word("state")?,
        api_key: row.get("api_key")?,
        response_public_key: data_encoding::BASE64.encode(&public),
        devices_per_key: row.get("devices_per_key")?,
        unbind_limit: row.get("unbind_limit")?,
        rate_per_minute: row.get("rate_per_minute")?,
        banned_until: row.get("banned_until")?,
        banned_at: row.get("last_ban_at")?,
        previous_secret_valid_until: row.get("previous_secret_until")?,
        prices: Vec::new(),
        open_for_application: row.get("open_for_application")?,
        callback: Callback { url: row.get("callback_url")?, events },
        my_grant: None,
        key_counts: None,
        revision: row.get("revision")?,
        created_at: row.get("created_at")?,
    })
}

async fn with_prices(sql: &mut impl Sql, mut projects: Vec<Project>) -> ::store::Result<Vec<Project>> {
    if projects.is_empty() {
        return Ok(projects);
    }
    let wanted = placeholders(1, projects.len());
    let query =
        format!("SELECT project_id, unit, count, price FROM prices WHERE project_id IN ({wanted}) ORDER BY project_id, unit, count");
    let ids = projects.iter().map(|project| project.id.to_value()).collect();
    let rows = sql
        .all(&query, ids, |row| {
            let price = Price { unit: row.word("unit")?, count: row.get("count")?, price: row.get("price")? };
            Ok((row.get::<ProjectId>("project_id")?, price))
        })
        .await?;
    let mut prices: HashMap<ProjectId, Vec<Price>> = HashMap::new();
    for (id, price) in rows {
        prices.entry(id).or_default().push(price);
    }
    for project in &mut projects {
        project.prices = prices.remove(&project.id).unwrap_or_default();
        // Minutes before days before forever.
        project.prices.sort_unstable_by_key(|price| (price.unit, price.count));
    }
    Ok(projects)
}

/// What one key of this validity costs; `None` where the project has no such price.
pub async fn price_of(sql: &mut impl Sql, id: ProjectId, unit: ValidityUnit, count: i64) -> ::store::Result<Option<Quota>> {
    let query = "SELECT price FROM prices WHERE project_id = $1 AND unit = $2 AND count = $3";
    sql.opt(query, args![id, unit.as_str(), count], |row| row.get("price")).await
}

/// What a project is called and whether it is switched on; `None` when there is no such project.
pub async fn state_of(sql: &mut impl Sql, id: ProjectId) -> ::store::Result<Option<(String, ProjectState)>> {
    sql.opt("SELECT name, state FROM projects WHERE id = $1", args![id], |row| Ok((row.get("name")?, row.word("state")?))).await
}

/// Whether a project is switched on; until the transaction ends nobody switches it.
pub async fn held(tx: &mut Tx, id: ProjectId) -> ::store::Result<Option<ProjectState>> {
    let sql = format!("SELECT state FROM projects WHERE id = $1{}", tx.for_share());
    tx.opt(&sql, args![id], |row| row.word("state")).await
}

/// Projects that `filter` lets through (columns of `p`), as much as those see who hold no grant.
pub(super) async fn briefs(sql: &mut impl Sql, filter: Filter, ask: &PageAsk) -> ::store::Result<Page<ProjectBrief>> {
    let read = |row: &Row| {
        Ok(ProjectBrief { id: row.get("id")?, name: row.get("name")?, description: row.get("description")?, version: row.get("version")? })
    };
    let select = "SELECT p.id, p.name, p.description, p.version FROM projects p";
    Look::asking("projects", "id", filter).page(sql, select, "p.id", ask, read, |project| project.id.uuid()).await
}
