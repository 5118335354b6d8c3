//! Work for a visitor that is put off into a job, so that its request takes as long whether the name or address is known
//! or not: the request writes one job, and only the job looks who it is about.

use std::sync::Arc;

use ::store::Tx;
use ::store::jobs::{Job, JobKind, NewJob, Outcome};
use kernel::Fault;
use serde::{Deserialize, Serialize};

use crate::{Actor, Cx, Origin, Result};

/// What the job has to know of the request.
#[derive(Serialize, Deserialize)]
pub(super) struct Later {
    /// The folded name or address.
    pub about: String,
    address: String,
    agent: String,
    request_id: String,
}

impl Later {
    pub async fn enqueue(tx: &mut Tx, cx: &Cx, kind: JobKind, about: String) -> Result<()> {
        let origin = Origin::clone(&cx.origin);
        let later = Self { about, address: origin.address, agent: origin.agent, request_id: origin.request_id };
        cx.enqueue(tx, NewJob::new(kind, &later, cx.now())?).await?;
        Ok(())
    }

    /// The job's payload, and its context: from where the visitor asked.
    pub fn read(cx: Cx, job: &Job) -> std::result::Result<(Self, Cx), Outcome> {
        let later: Self = job.read()?;
        let mut cx = cx;
        cx.actor = Actor::Visitor;
        cx.origin = Arc::new(Origin { address: later.address.clone(), agent: later.agent.clone(), request_id: later.request_id.clone() });
        Ok((later, cx))
    }
}

pub(super) fn outcome(done: std::result::Result<(), Fault>) -> Outcome {
    match done {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}
