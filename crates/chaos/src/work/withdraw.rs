//! Withdrawals: asked for; then decided and paid by the superior, taken back before that by whoever asked, or returned after it.

use serde_json::{Value, json};

use super::Worker;
use crate::book::Withdrawn;
use crate::http::Person;
use crate::load::Done;

/// What becomes of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Refuse,
    Approve,
    Pay,
    /// By whoever asked.
    Cancel,
    /// The money did not arrive.
    Return,
}

impl Step {
    /// The end of its path.
    const fn path(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Approve => "approve",
            Self::Pay => "paid",
            Self::Cancel => "cancel",
            Self::Return => "return",
        }
    }

    /// The state that it leads to.
    const fn state(self) -> &'static str {
        match self {
            Self::Refuse => "refused",
            Self::Approve => "approved",
            Self::Pay => "paid",
            Self::Cancel => "cancelled",
            Self::Return => "returned",
        }
    }

    fn body(self) -> Value {
        match self {
            Self::Refuse => json!({"reason": "no"}),
            Self::Return => json!({"reason": "no such account"}),
            Self::Pay => json!({"payment_reference": "ref"}),
            Self::Approve | Self::Cancel => json!({}),
        }
    }
}

impl Worker {
    /// Asked for, and then often something becomes of it.
    pub(super) async fn withdraw(&self) {
        let Some((key, id)) = self.ask_to_withdraw().await else { return };
        let steps: &[Step] = match self.random.below(10) {
            0 => &[],
            1 => &[Step::Refuse],
            2 => &[Step::Approve],
            3 | 4 => &[Step::Approve, Step::Pay],
            5 => &[Step::Cancel],
            6 => &[Step::Approve, Step::Return],
            7 => &[Step::Approve, Step::Pay, Step::Return],
            8 => return self.take_back_while(Step::Refuse, &key, &id).await,
            _ => return self.take_back_while(Step::Approve, &key, &id).await,
        };
        for step in steps {
            let Some(done) = self.take(*step, &key, &id).await else { return };
            if !is_done(*step, &done) {
                return self.load.book.wrong(format!("{step:?} of a withdrawal: {done:?}"));
            }
            self.acknowledged(*step, &key);
        }
    }

    /// Its idempotency key, by which it is known in the books, and its id.
    async fn ask_to_withdraw(&self) -> Option<(String, String)> {
        let key = self.name("take");
        let amount = i64::try_from(100 + self.random.below(50)).unwrap_or(100);
        let body = json!({"amount": amount, "payee_name": "Zhang San", "payee_account": "6222", "payee_bank": "Bank", "note": key});
        let me = self.me();
        let done = self.insist(&me, "/api/v1/withdrawals", &body, Some(&key)).await?;
        let (201, Some(id)) = (done.status, done.body["id"].as_str()) else {
            self.load.book.wrong(format!("a withdrawal was refused: {done:?}"));
            return None;
        };
        self.load.book.open().withdrawals.insert(key.clone(), Withdrawn { agent: self.agent, amount, steps: Vec::new() });
        Some((key, id.to_owned()))
    }

    /// Whoever asked takes it back at the moment at which the superior decides: one of the two comes too late.
    async fn take_back_while(&self, decided: Step, key: &str, id: &str) {
        let (mine, theirs) = tokio::join!(self.take(Step::Cancel, key, id), self.take(decided, key, id));
        // That somebody had no answer is in the book already.
        let (Some(mine), Some(theirs)) = (mine, theirs) else { return };
        let comes_late = |done: &Done| done.status == 409 && done.body["code"] == "NOT_PENDING";
        if is_done(Step::Cancel, &mine) && comes_late(&theirs) {
            self.acknowledged(Step::Cancel, key);
        } else if is_done(decided, &theirs) && comes_late(&mine) {
            self.acknowledged(decided, key);
        } else {
            self.load.book.wrong(format!("of taking a withdrawal back and {decided:?} one must come too late: {mine:?}, {theirs:?}"));
        }
    }

    /// One step, by whom it is for, answered for good.
    async fn take(&self, step: Step, key: &str, id: &str) -> Option<Done> {
        let who: Person = if step == Step::Cancel { self.me() } else { self.load.world.manager.clone() };
        let (path, once) = (format!("/api/v1/withdrawals/{id}/{}", step.path()), format!("{}-{key}", step.path()));
        self.insist(&who, &path, &step.body(), Some(&once)).await
    }

    fn acknowledged(&self, step: Step, key: &str) {
        if let Some(withdrawn) = self.load.book.open().withdrawals.get_mut(key) {
            withdrawn.steps.push(step.state());
        }
    }
}

fn is_done(step: Step, done: &Done) -> bool {
    done.status == 200 && done.body["state"] == step.state()
}
