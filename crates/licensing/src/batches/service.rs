//! Asking for a batch, looking at batches, and cancelling one that is being made.

use kernel::{Fault, Page, PageAsk, Quota, Word};
use platform::idempotency::IdempotencyKey;
use platform::identity::{Permission, UserId, UserRef};
use platform::ledger::{self, EntryKind, Move, SystemAccount, TransferId};
use platform::{Cx, Result, audit};
use serde::Serialize;
use serde_json::json;
use store::jobs::NewJob;
use store::{Filter, Index, Look, Row, Sql, Tx, args};

use super::allowed;
use super::make::{self, GENERATE_JOB, Mould, Payload};
use super::model::{Batch, BatchError, BatchId, BatchState, NewBatch, SMALL};
use crate::grants;
use crate::owned::Owned;
use crate::projects::{ProjectId, ProjectRef, ProjectState};

/// What a batch would cost, and what there is to pay it with.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Quote {
    pub unit_price: Quota,
    pub total: Quota,
    pub available: Quota,
}

/// The price of a batch, under the rules that will be applied when it is asked for.
pub async fn quote(cx: &Cx, ask: &NewBatch) -> Result<Quote> {
    let user = cx.require(Permission::KeysGenerate)?;
    ask.check()?;
    let mut read = cx.db.read();
    if !grants::usable(&mut read, ask.project_id, user.id, cx.now()).await? {
        return Err(BatchError::GrantMissing.into());
    }
    let (_, unit_price) = price(&mut read, ask).await?;
    let available = ledger::account_of(&mut read, user.id).await?.map_or(Quota::ZERO, |account| account.available().quota());
    Ok(Quote { unit_price, total: ask.total(unit_price)?, available })
}

/// Generates a batch (K3.1a): grant, price and quota are checked, the price is charged, and the keys are made, in one
/// transaction; those of a large batch by a job, against a hold.
pub async fn generate(cx: &Cx, ask: &NewBatch, once: &IdempotencyKey) -> Result<Batch> {
    let user = cx.require(Permission::KeysGenerate)?;
    let note = ask.check()?;
    let small = ask.count <= SMALL;
    let id: BatchId = cx.id();
    let now = cx.now();
    // The keys of a small batch are made ready before the writer's turn; a refusal throws them away.
    let mould = Mould {
        batch: id,
        project: ask.project_id,
        agent: user.id,
        validity: crate::keys::Validity { unit: ask.unit, count: ask.validity },
    };
    let rows = if small { make::rows(&cx.vault, &cx.random, mould, ask.count, now).await? } else { Vec::new() };

    let mut tx = cx.db.begin().await?;
    if let Some(batch) = once.seen::<Batch>(&mut tx, cx, user.id.uuid()).await? {
        return Ok(batch);
    }
    if let Some(refusal) = allowed::refusal(&mut tx, ask.project_id, user.id, cx.now()).await? {
        return Err(refusal.into());
    }
    let (project, unit_price) = price(&mut tx, ask).await?;
    let total = ask.agreed_total(unit_price)?;
    let transfer = if total.is_positive() { Some(charge(&mut tx, cx, user.id, id, total, small).await?) } else { None };
    let batch = Batch {
        id,
        project,
        agent: UserRef { id: user.id, name: user.name.clone() },
        count: ask.count,
        made: if small { ask.count } else { 0 },
        unit: ask.unit,
        validity: ask.validity,
        unit_price,
        total,
        note,
        state: if small { BatchState::Ready } else { BatchState::Generating },
        created_at: now,
        finished_at: small.then_some(now),
        transfer,
    };
    insert(&mut tx, &batch).await?;
    make::insert(&mut tx, rows).await?;
    let detail = json!({"project": batch.project.name, "count": batch.count, "total": batch.total});
    audit::record(&mut tx, cx, &audit::BATCH_ASKED, Some(id.into()), &detail).await?;
    if small {
        finished(&mut tx, cx, &batch).await?;
    } else {
        cx.enqueue(&mut tx, NewJob::new(GENERATE_JOB, &Payload { batch: id }, now)?).await?;
    }
    once.answer(&mut tx, user.id.uuid(), &batch).await?;
    tx.commit().await?;
    Ok(batch)
}

/// The project and the price of one key, for whoever has a grant; refused without a price, or while the project is off.
async fn price(sql: &mut impl Sql, ask: &NewBatch) -> Result<(ProjectRef, Quota)> {
    let query = "SELECT p.id, p.name, p.state, r.price FROM projects p LEFT JOIN prices r ON r.project_id = p.id AND r.unit = $2 AND r.count = $3 WHERE p.id = $1";
    let found = sql
        .opt(query, args![ask.project_id, kernel::Word::as_str(ask.unit), ask.validity], |row| {
            Ok((
                ProjectRef { id: row.get("id")?, name: row.get("name")? },
                row.word::<ProjectState>("state")?,
                row.get::<Option<Quota>>("price")?,
            ))
        })
        .await?;
    match found {
        None => Err(BatchError::GrantMissing.into()),
        Some((_, ProjectState::Disabled, _)) => Err(BatchError::ProjectDisabled.into()),
        Some((_, ProjectState::Active, None)) => Err(BatchError::PriceMissing.into()),
        Some((project, ProjectState::Active, Some(price))) => Ok((project, price)),
    }
}

/// Takes the price: at once for a small batch, as a hold for one that is still to be made.
async fn charge(tx: &mut Tx, cx: &Cx, agent: UserId, batch: BatchId, total: Quota, at_once: bool) -> Result<TransferId> {
    let order = Move {
        debit: ledger::quota_account(agent),
        credit: SystemAccount::Spent.id(),
        amount: total.into(),
        kind: EntryKind::Generation,
        memo: String::new(),
        reference: Some(batch.into()),
    };
    let transfer = if at_once { ledger::transfer(tx, cx, &order).await? } else { ledger::hold(tx, cx, &order).await? };
    Ok(transfer.id)
}

async fn insert(tx: &mut Tx, batch: &Batch) -> store::Result<()> {
    let sql = "INSERT INTO batches (id, project_id, agent_id, count, made, unit, validity, unit_price, total, note, state, transfer_id, created_at, finished_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    tx.exec(
        sql,
        args![
            batch.id,
            batch.project.id,
            batch.agent.id,
            batch.count,
            batch.made,
            kernel::Word::as_str(batch.unit),
            batch.validity,
            batch.unit_price,
            batch.total,
            batch.note.as_str(),
            kernel::Word::as_str(batch.state),
            batch.transfer,
            batch.created_at,
            batch.finished_at,
        ],
    )
    .await?;
    Ok(())
}

/// What a finished batch means to others.
pub(super) async fn finished(tx: &mut Tx, cx: &Cx, batch: &Batch) -> Result<()> {
    crate::events::batch_created(tx, cx, batch).await
}

const SELECT: &str = "SELECT b.id, b.project_id, p.name AS project_name, b.agent_id, u.name AS agent_name, b.count, b.made, b.unit, b.validity, b.unit_price, b.total, b.note, b.state, b.transfer_id, b.created_at, b.finished_at \
                      FROM batches b JOIN projects p ON p.id = b.project_id JOIN users u ON u.id = b.agent_id";

fn read(row: &Row) -> store::Result<Batch> {
    Ok(Batch {
        id: row.get("id")?,
        project: ProjectRef { id: row.get("project_id")?, name: row.get("project_name")? },
        agent: UserRef { id: row.get("agent_id")?, name: row.get("agent_name")? },
        count: row.get("count")?,
        made: row.get("made")?,
        unit: row.word("unit")?,
        validity: row.get("validity")?,
        unit_price: row.get("unit_price")?,
        total: row.get("total")?,
        note: row.get("note")?,
        state: row.word("state")?,
        transfer: row.get("transfer_id")?,
        created_at: row.get("created_at")?,
        finished_at: row.get("finished_at")?,
    })
}

/// Any batch, for the program itself.
pub(super) async fn find(sql: &mut impl Sql, id: BatchId) -> store::Result<Option<Batch>> {
    sql.opt(&format!("{SELECT} WHERE b.id = $1"), args![id], read).await
}

#[derive(Debug, Default)]
pub struct BatchFilter {
    pub project: Option<ProjectId>,
    pub agent: Option<UserId>,
    pub state: Option<BatchState>,
}

pub(super) const BY_AGENT: Index = Index { name: "batches_agent", columns: &["agent_id", "project_id", "state"] };
pub(super) const BY_PROJECT: Index = Index { name: "batches_project", columns: &["project_id", "state"] };

/// The asker's own batches, and those of whom it may see; newest first.
pub async fn list(cx: &Cx, filter: &BatchFilter, ask: &PageAsk) -> Result<Page<Batch>> {
    let user = cx.require(Permission::KeysView)?;
    let mut sql = cx.db.read();
    let mut look = Look::new("batches", "id");
    let states = BatchState::texts(filter.state);
    let owned = Owned {
        agent: filter.agent,
        project: filter.project,
        states: &states,
        all_states: filter.state.is_none(),
        by_agent: &BY_AGENT,
        by_project: &BY_PROJECT,
    };
    if !owned.look(&mut sql, &mut look, user, "b").await? {
        return Ok(Page::empty());
    }
    Ok(look.page(&mut sql, SELECT, "b.id", ask, read, |batch| batch.id.uuid()).await?)
}

pub async fn get(cx: &Cx, id: BatchId) -> Result<Batch> {
    visible(&mut cx.db.read(), cx, id).await
}

async fn visible(sql: &mut impl Sql, cx: &Cx, id: BatchId) -> Result<Batch> {
    let user = cx.require(Permission::KeysView)?;
    let mut conditions = Filter::new();
    user.scope().restrict(&mut conditions, "b.agent_id");
    conditions.and("b.id = ?", id);
    let query = format!("{SELECT} WHERE {}", conditions.sql());
    sql.opt(&query, conditions.args(), read).await?.ok_or_else(Fault::not_found)
}

/// Stops a batch that is being made: no key of it will ever have been, and its price is given back.
pub async fn cancel(cx: &Cx, id: BatchId) -> Result<Batch> {
    cx.require(Permission::KeysGenerate)?;
    let mut tx = cx.db.begin().await?;
    let batch = visible(&mut tx, cx, id).await?;
    if !make::stop(&mut tx, cx, &batch, None).await? {
        return Err(BatchError::NotGenerating.into());
    }
    tx.commit().await?;
    Ok(Batch { state: BatchState::Cancelling, ..batch })
}
