//! The way through a selection, for what is done to all of it: exporting, disabling, enabling.
//!
//! Batch by batch, along the index of their keys, in steps that look at so many keys and at no more. Nothing that was passed is read again,
//! however many keys there are: what a filter on the whole table begins with reads all of an agent's keys for each step. Which of the keys on
//! the way are meant is asked of each of them ([`KeySelection::meant`]).

use std::collections::VecDeque;

use platform::identity::Principal;
use platform::{Cx, Result};
use store::{Onward, Sql, Value, args};
use uuid::Uuid;

use super::look::BY_BATCH;
use super::select::{KeySelection, state_condition};
use super::store::{Raw, SELECT, read};
use crate::batches::{BatchId, Ready, ready_batch};

/// Keys that a step looks at.
const STEP: i64 = 2_000;
/// In so many batches at most.
const TOGETHER: usize = 100;

pub(crate) struct Walk {
    selection: KeySelection,
    /// Ticked keys are one step.
    ticked: bool,
    ready: Ready,
    /// Batches that lie before us.
    found: VecDeque<Stretch>,
}

/// Of a batch, the keys after one of them.
#[derive(Clone, Copy)]
struct Stretch {
    batch: BatchId,
    after: Uuid,
    left: i64,
}

impl Stretch {
    const fn whole((batch, left): (BatchId, i64)) -> Self {
        Self { batch, after: Uuid::nil(), left }
    }

    /// Where a step ends that has room for a part of it alone.
    async fn end(&self, sql: &mut impl Sql) -> store::Result<Option<Uuid>> {
        let onward = Onward { table: "keys", index: &BY_BATCH, said: &["$1"], after: "$2", most: STEP };
        let rows = onward.rows(sql.engine());
        let query = format!("SELECT s.id AS id FROM (SELECT t.id AS id {rows}) s ORDER BY s.id DESC LIMIT 1");
        sql.opt(&query, args![self.batch, self.after], |row| row.get("id")).await
    }
}

impl Walk {
    /// Keys that are made meanwhile may be met or not.
    pub async fn new(sql: &mut impl Sql, user: &Principal, selection: &KeySelection) -> store::Result<Self> {
        let asked = selection.filter.clone().unwrap_or_default();
        let mut walk =
            Self { selection: selection.clone(), ticked: selection.ids.is_some(), ready: Ready::default(), found: VecDeque::new() };
        match selection.batch.or(asked.batch) {
            _ if walk.ticked => {}
            Some(batch) => walk.found.extend(ready_batch(sql, user, batch, asked.agent, asked.project).await?.map(Stretch::whole)),
            None => walk.ready = Ready::of(sql, user, asked.agent, asked.project).await?,
        }
        Ok(walk)
    }

    /// Where to look next; `None` at the end. There may be nothing in it that is meant.
    pub async fn next(&mut self, cx: &Cx, user: &Principal) -> Result<Option<Step>> {
        let mut which = self.selection.meant(user);
        if let Some(state) = self.selection.state() {
            state_condition(&mut which, state, cx.now());
        }
        // `IS TRUE`: or an index over what is asked of these keys looks better than the keys by their ids.
        let meant = format!("({}) IS TRUE", which.sql());
        let ids = if std::mem::take(&mut self.ticked) {
            let ids = self.selection.ids.iter().flatten();
            ids.map(|id| which.arg(*id)).collect::<Vec<_>>().join(", ")
        } else {
            let stretches = self.stretches(&mut cx.db.read()).await?;
            if stretches.is_empty() {
                return Ok(None);
            }
            let engine = cx.db.engine();
            let lane = |(place, stretch): (usize, &Stretch)| {
                let (batch, after) = (which.arg(stretch.batch), which.arg(stretch.after));
                let onward = Onward { table: "keys", index: &BY_BATCH, said: &[&batch], after: &after, most: STEP };
                format!("SELECT l{place}.id FROM (SELECT t.id AS id {}) l{place}", onward.rows(engine))
            };
            stretches.iter().enumerate().map(lane).collect::<Vec<_>>().join(" UNION ALL ")
        };
        Ok(Some(Step { which: format!("k.id IN ({ids}) AND {meant}"), args: which.args() }))
    }

    /// So many keys of what lies before us: whole batches where they are small, and of a large one a part.
    async fn stretches(&mut self, sql: &mut impl Sql) -> store::Result<Vec<Stretch>> {
        let (mut step, mut room) = (Vec::new(), STEP);
        while step.len() < TOGETHER {
            if self.found.is_empty() {
                self.found.extend(self.ready.next(sql).await?.into_iter().map(Stretch::whole));
            }
            let Some(next) = self.found.front_mut() else { break };
            if next.left > room {
                if step.is_empty() {
                    step.push(*next);
                    match next.end(sql).await? {
                        Some(end) => (next.after, next.left) = (end, next.left - STEP),
                        None => {
                            self.found.pop_front();
                        }
                    }
                }
                break;
            }
            room -= next.left;
            step.extend(self.found.pop_front());
        }
        Ok(step)
    }
}

/// A number of keys that has an end: those that are meant among them.
pub(crate) struct Step {
    which: String,
    args: Vec<Value>,
}

impl Step {
    /// In the order of their ids. `lock` is said behind.
    pub async fn keys(self, sql: &mut impl Sql, lock: &str) -> store::Result<Vec<Raw>> {
        sql.all(&format!("{SELECT} WHERE {} ORDER BY k.id{lock}", self.which), self.args, read).await
    }
}
