//! The transfers that wait, in one transaction. Each is decided by itself: what one cannot afford, or has done before, is
//! nothing to the others.

use std::collections::{HashMap, HashSet};

use kernel::{Fault, Fields, text};
use store::Tx;

use super::TransferAsk;
use crate::idempotency::IdempotencyKey;
use crate::identity::{Principal, Role, UserRef, find_by_names, name_key};
use crate::ledger::{self, EntryKind, Move, Transfer, TransferState};
use crate::messages::{self, Telling, templates};
use crate::quota::model;
use crate::settings::defs;
use crate::{Cx, Result, audit};

/// Longer than any name, so that what is no name is simply nobody's.
const NAME_MAX: usize = 200;

/// One transfer that waits.
pub struct Asked {
    pub cx: Cx,
    pub sender: Principal,
    pub ask: TransferAsk,
    pub key: IdempotencyKey,
}

pub enum Decided {
    Settled(Result<Transfer>),
    /// The form is wrong, unless it was answered before.
    Unfit(Fields),
}

/// One that may be carried out.
struct Order<'a> {
    asked: &'a Asked,
    receiver: &'a UserRef,
    order: Move,
}

/// Active users by the folded form of their names.
type People = HashMap<String, (UserRef, Role)>;

/// Decides all of `asks`, in their order.
pub async fn decide(asks: Vec<Asked>) -> Vec<Decided> {
    metrics::histogram!("cuekey_transfer_set_size").record(u32::try_from(asks.len()).unwrap_or(u32::MAX));
    let people = match people(&asks).await {
        Ok(people) => people,
        Err(fault) => return asks.iter().map(|_| Decided::Settled(Err(copy(&fault)))).collect(),
    };
    let (mut places, mut orders, mut later, mut keys) = (Vec::new(), Vec::new(), Vec::new(), HashSet::new());
    let mut decided: Vec<Option<Decided>> = Vec::with_capacity(asks.len());
    for (place, asked) in asks.iter().enumerate() {
        decided.push(match judge(asked, &people) {
            Ok(order) => {
                // The same key twice: the second finds what the first was answered.
                let first = keys.insert((asked.sender.id, asked.key.name()));
                if first {
                    places.push(place);
                    orders.push(order);
                } else {
                    later.push((place, order));
                }
                None
            }
            Err(fields) => Some(Decided::Unfit(fields)),
        });
    }
    for (place, answer) in places.into_iter().zip(answered(&orders).await) {
        decided[place] = Some(Decided::Settled(answer));
    }
    for (place, order) in later {
        decided[place] = answered(&[order]).await.pop().map(Decided::Settled);
    }
    decided.into_iter().map(|one| one.unwrap_or_else(|| Decided::Settled(Err(Fault::internal("a transfer was not decided"))))).collect()
}

/// Everybody whom somebody in the set calls by name.
async fn people(asks: &[Asked]) -> Result<People> {
    let Some(first) = asks.first() else { return Ok(People::new()) };
    let mut names: Vec<String> = asks.iter().filter_map(|asked| text::clean(&asked.ask.to_name, 1, NAME_MAX, false).ok()).collect();
    names.sort_unstable();
    names.dedup();
    Ok(find_by_names(&mut first.cx.db.read(), &names).await?)
}

/// What is asked, or all that is wrong with it.
fn judge<'a>(asked: &'a Asked, people: &'a People) -> std::result::Result<Order<'a>, Fields> {
    let Asked { cx, sender, ask, .. } = asked;
    let mut fields = Fields::default();
    let memo = fields.take("memo", model::memo(ask.memo.as_deref()));
    let amount = fields.take("amount", model::amount(ask.amount));
    if let Some(amount) = amount {
        fields.take("amount", model::above(amount, cx.settings.get(defs::TRANSFER_MINIMUM)));
    }
    let receiver = receiver(people, &ask.to_name, &mut fields);
    if receiver.is_some_and(|receiver| receiver.id == sender.id) {
        fields.add("to_name", "SELF_TRANSFER", "不能转给自己", "One cannot transfer to oneself");
    }
    match (fields.is_empty(), memo, amount, receiver) {
        (true, Some(memo), Some(amount), Some(receiver)) => {
            let (debit, credit) = (ledger::quota_account(sender.id), ledger::quota_account(receiver.id));
            let order = Move { debit, credit, amount: amount.into(), kind: EntryKind::Transfer, memo, reference: None };
            Ok(Order { asked, receiver, order })
        }
        _ => Err(fields),
    }
}

/// Who is meant. One refusal for all who cannot receive: a sender learns nothing of who is disabled.
fn receiver<'a>(people: &'a People, name: &str, fields: &mut Fields) -> Option<&'a UserRef> {
    let found = match text::clean(name, 1, NAME_MAX, false) {
        Err(("REQUIRED", zh, en)) => {
            fields.add("to_name", "REQUIRED", zh, en);
            return None;
        }
        Err(_) => None,
        Ok(name) => people.get(&name_key(&name)).filter(|(_, role)| role.holds_quota()).map(|(user, _)| user),
    };
    if found.is_none() {
        fields.add("to_name", "USER_NOT_FOUND", "没有可以接收额度的用户叫这个名字", "Nobody of this name can receive quota");
    }
    found
}

/// An answer to each. Where the transaction failed, nothing has happened, and all are told so.
async fn answered(orders: &[Order<'_>]) -> Vec<Result<Transfer>> {
    match together(orders).await {
        Ok(answers) => answers,
        Err(fault) => orders.iter().map(|_| Err(copy(&fault))).collect(),
    }
}

/// One transaction for all. No two of one sender have a key of the same name.
async fn together(orders: &[Order<'_>]) -> Result<Vec<Result<Transfer>>> {
    let Some(Order { asked: Asked { cx, .. }, .. }) = orders.first() else { return Ok(Vec::new()) };
    let mut tx = cx.db.begin().await?;
    let now = cx.now();
    let answer = |order: &Order<'_>| Transfer {
        id: cx.id(),
        amount: order.order.amount,
        state: TransferState::Posted,
        kind: order.order.kind,
        created_at: now,
    };
    let transfers: Vec<Transfer> = orders.iter().map(answer).collect();
    let keys = orders.iter().zip(&transfers).enumerate();
    let keys = keys.map(|(place, (order, transfer))| (place, order.asked.sender.id.uuid(), &order.asked.key, transfer)).collect();
    let mut decided = IdempotencyKey::seen_all(&mut tx, cx, keys).await?;

    let fresh: Vec<usize> = (0..orders.len()).filter(|place| !decided.contains_key(place)).collect();
    let moves: Vec<_> = fresh.iter().map(|place| (transfers[*place].id, orders[*place].order.clone())).collect();
    let mut done = Vec::with_capacity(fresh.len());
    for (place, outcome) in fresh.into_iter().zip(ledger::transfer_all(&mut tx, now, &moves).await?) {
        let order = &orders[place];
        match outcome {
            Ok(()) => done.push((order, &transfers[place])),
            Err(refused) => {
                order.asked.key.forget(&mut tx, order.asked.sender.id.uuid()).await?;
                decided.insert(place, Err(refused.into()));
            }
        }
    }
    if !done.is_empty() {
        tell(&mut tx, cx, &done).await?;
        tx.commit().await?;
    }
    Ok(transfers.into_iter().enumerate().map(|(place, transfer)| decided.remove(&place).unwrap_or(Ok(transfer))).collect())
}

/// Both sides are told, and the operation log.
async fn tell(tx: &mut Tx, cx: &Cx, done: &[(&Order<'_>, &Transfer)]) -> Result<()> {
    let link = Some("/quota");
    let mut told = Vec::with_capacity(done.len() * 2);
    let mut lines = Vec::with_capacity(done.len());
    for (order, transfer) in done {
        let Order { asked: Asked { cx, sender, .. }, receiver, .. } = order;
        let amount = ("amount", transfer.amount.to_string());
        let from = vec![("from", sender.name.clone()), amount.clone()];
        told.push(Telling { user: receiver.id, template: &templates::TRANSFER_RECEIVED, params: from, link });
        let to = vec![("to", receiver.name.clone()), amount];
        told.push(Telling { user: sender.id, template: &templates::TRANSFER_SENT, params: to, link });
        let detail = serde_json::json!({"to": receiver.name, "amount": transfer.amount, "transfer": transfer.id});
        lines.push((cx, &audit::QUOTA_TRANSFERRED, Some(receiver.id.into()), detail));
    }
    messages::tell_all(tx, cx, &told).await?;
    audit::record_all(tx, &lines).await
}

/// The same refusal for somebody else.
fn copy(fault: &Fault) -> Fault {
    let why = fault.source.as_ref().map_or_else(|| fault.en.clone(), ToString::to_string);
    let mut copy = Fault::new(fault.kind, fault.code, fault.zh.as_str(), fault.en.as_str());
    copy.retry_after = fault.retry_after;
    copy.source = Some(why.into());
    copy
}
