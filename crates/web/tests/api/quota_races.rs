//! K4 under load and in any order: nobody goes below zero, nothing is lost, nothing waits for ever.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

use std::collections::HashMap;

use kernel::Quota;
use platform::Cx;
use platform::idempotency::IdempotencyKey;
use platform::identity::{Principal, Role};
use platform::quota::withdrawal::{self, Withdrawal, WithdrawalAsk, WithdrawalId, WithdrawalState};
use platform::quota::{self, Recharge, TransferAsk};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use testkit::{Client, TestServer, on_server};

const TRANSFERS: &str = "/api/v1/quota/transfers";

/// All at once; how many had each status.
async fn at_once(calls: Vec<(Client, String, serde_json::Value)>) -> HashMap<u16, usize> {
    let calls = calls.into_iter().enumerate().map(|(n, (client, path, body))| {
        tokio::spawn(async move { client.post_once(&format!("at-once-{n}"), &path, body).await.status.as_u16() })
    });
    let mut statuses = HashMap::new();
    for status in futures_util::future::join_all(calls).await {
        *statuses.entry(status.unwrap()).or_default() += 1;
    }
    statuses
}

fn transfer(from: &Client, to: &str, amount: i64) -> (Client, String, serde_json::Value) {
    (from.clone(), TRANSFERS.into(), json!({"to_name": to, "amount": amount}))
}

on_server! {
    async fn k4_2_of_thirty_at_once_ten_can_be_afforded(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let bob = server.user(Role::Agent, "bob").await;
        server.issue(&alice, 109).await;
        let statuses = at_once((0..30).map(|_| transfer(&alice, "bob", 10)).collect()).await;
        assert_eq!(statuses, HashMap::from([(201, 10), (409, 20)]));
        assert_eq!((server.quota(&alice).await, server.quota(&bob).await), ((9, 0), (100, 0)));
    }

    async fn k4_transfers_both_ways_recharges_and_withdrawals_at_once_do_not_deadlock(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let boss = server.user(Role::AgentAdmin, "boss").await;
        let alice = server.user_under(Role::Agent, "alice", Some(&boss)).await;
        let bob = server.user_under(Role::Agent, "bob", Some(&boss)).await;
        for user in [&boss, &alice, &bob] {
            server.issue(user, 100_000).await;
        }
        let recharge = |by: &Client, to: &Client| (by.clone(), format!("/api/v1/users/{}/recharge", to.id()), json!({"amount": 3}));
        let withdrawal = json!({"amount": 100, "payee_name": "a", "payee_account": "b", "payee_bank": "c"});
        let mut calls = Vec::new();
        for _ in 0..15 {
            calls.extend([transfer(&alice, "bob", 1), transfer(&bob, "alice", 1), transfer(&bob, "boss", 2), transfer(&boss, "bob", 2)]);
            calls.extend([recharge(&boss, &alice), recharge(&boss, &bob), recharge(&root, &alice), recharge(&root, &boss)]);
            calls.push((alice.clone(), "/api/v1/withdrawals".into(), withdrawal.clone()));
        }
        let statuses = at_once(calls).await;
        assert_eq!(statuses, HashMap::from([(201, 75), (200, 60)]), "a deadlock would be a 503");
        assert_eq!(server.quota(&alice).await, (100_000 + 15 * (3 + 3 - 100), 1_500));
        assert_eq!(server.quota(&bob).await, (100_000 + 15 * 3, 0));
        assert_eq!(server.quota(&boss).await, (100_000 + 15 * (3 - 6), 0));
    }

    async fn k1_4a_creations_at_once_spend_no_more_than_there_is(server) {
        let boss = server.user(Role::AgentAdmin, "boss").await;
        server.issue(&boss, 35).await;
        let new = |n: usize| json!({"name": format!("agent-{n}"), "email": format!("agent-{n}@example.com"), "role": "agent", "initial_quota": 10});
        let statuses = at_once((0..12).map(|n| (boss.clone(), String::from("/api/v1/users"), new(n))).collect()).await;
        assert_eq!(statuses, HashMap::from([(201, 3), (409, 9)]));
        assert_eq!(server.quota(&boss).await, (5, 0));
        assert_eq!(boss.get("/api/v1/users").await.ok(200)["total"], 3);
    }

    async fn k1_4a_one_name_at_once_is_one_user(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let new = |n: usize| json!({"name": "carol", "email": format!("carol{n}@example.com"), "role": "agent", "initial_quota": 1});
        let statuses = at_once((0..12).map(|n| (root.clone(), String::from("/api/v1/users"), new(n))).collect()).await;
        assert_eq!(statuses, HashMap::from([(201, 1), (422, 11)]));
    }

    /// Random sequences through the services, each compared step by step with a few lines of arithmetic.
    async fn k4_any_sequence_of_movements_adds_up(server) {
        let runtime = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| {
            let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
            let checked = runner.run(&sequence(), |steps| runtime.block_on(play(server, &steps)));
            if let Err(failure) = checked {
                panic!("{failure}");
            }
        });
    }
}

/// Who takes part: 0 is a super admin, 1 and 2 are agent admins, 3 and 4 agents of 1, 5 an agent of 2.
const PEOPLE: usize = 6;
const SUPERIOR: [Option<usize>; PEOPLE] = [None, None, None, Some(1), Some(1), Some(2)];

#[derive(Debug, Clone)]
enum Step {
    Recharge {
        by: usize,
        to: usize,
        amount: i64,
    },
    Transfer {
        by: usize,
        to: usize,
        amount: i64,
    },
    Withdraw {
        by: usize,
        amount: i64,
    },
    /// Of the withdrawals so far, the one at this place (from the end) becomes this.
    Decide {
        by: usize,
        which: usize,
        becomes: WithdrawalState,
    },
}

fn step() -> impl Strategy<Value = Step> {
    // Mostly what could be done, and always some of what may not.
    let who = || 0..PEOPLE;
    let agent = || prop_oneof![9 => 1..PEOPLE, 1 => Just(0)];
    let decider = || prop_oneof![2 => Just(0), 2 => 1..3_usize, 1 => who()];
    let amount =
        |usual: std::ops::Range<i64>| prop_oneof![16 => usual, 1 => Just(0), 1 => Just(-7), 1 => Just(i64::MAX), 1 => Just(LARGEST)];
    let which = || prop_oneof![3 => Just(0_usize), 1 => 1..4_usize];
    prop_oneof![
        3 => (decider(), agent(), amount(1..500)).prop_map(|(by, to, amount)| Step::Recharge { by, to, amount }),
        4 => (agent(), agent(), amount(1..500)).prop_map(|(by, to, amount)| Step::Transfer { by, to, amount }),
        4 => (agent(), amount(80..500)).prop_map(|(by, amount)| Step::Withdraw { by, amount }),
        7 => (decider(), which(), decision()).prop_map(|(by, which, becomes)| Step::Decide { by, which, becomes }),
        2 => (agent(), which()).prop_map(|(by, which)| Step::Decide { by, which, becomes: WithdrawalState::Cancelled }),
    ]
}

/// Most often what comes next; each of the others too.
fn decision() -> impl Strategy<Value = WithdrawalState> {
    use WithdrawalState as S;
    prop_oneof![6 => Just(S::Approved), 3 => Just(S::Refused), 4 => Just(S::Paid), 3 => Just(S::Returned), 1 => Just(S::Cancelled)]
}

/// Everybody begins with something to lose.
fn sequence() -> impl Strategy<Value = Vec<Step>> {
    let first = (1..PEOPLE).map(|to| Step::Recharge { by: 0, to, amount: 600 }).collect::<Vec<_>>();
    proptest::collection::vec(step(), 1..50).prop_map(move |rest| [first.clone(), rest].concat())
}

/// What should come of it.
#[derive(Default)]
struct Model {
    available: [i64; PEOPLE],
    held: [i64; PEOPLE],
    issued: i64,
    paid_out: i64,
    withdrawals: Vec<(usize, i64, WithdrawalState)>,
}

const LARGEST: i64 = 1_000_000_000_000;

impl Model {
    /// Whether the step is taken; changes the model if so.
    fn take(&mut self, step: &Step) -> bool {
        let agent = |who: usize| who >= 1;
        match *step {
            Step::Recharge { by, to, amount } => {
                let own = by != 0;
                let manages = by == 0 || SUPERIOR[to] == Some(by);
                if !(1..=LARGEST).contains(&amount) || !manages || !agent(to) || (own && self.available[by] < amount) {
                    return false;
                }
                if own {
                    self.available[by] -= amount;
                } else {
                    self.issued += amount;
                }
                self.available[to] += amount;
            }
            Step::Transfer { by, to, amount } => {
                if !(1..=LARGEST).contains(&amount) || !agent(by) || !agent(to) || by == to || self.available[by] < amount {
                    return false;
                }
                self.available[by] -= amount;
                self.available[to] += amount;
            }
            Step::Withdraw { by, amount } => {
                if !(100..=LARGEST).contains(&amount) || !agent(by) || self.available[by] < amount {
                    return false;
                }
                self.available[by] -= amount;
                self.held[by] += amount;
                self.withdrawals.push((by, amount, WithdrawalState::Pending));
            }
            Step::Decide { by, which, becomes } => {
                use WithdrawalState as S;
                let Some(place) = self.place(which) else { return false };
                let (owner, amount, state) = self.withdrawals[place];
                let decides = by != owner && (by == 0 || SUPERIOR[owner] == Some(by));
                let (taken, held, available, paid_out) = match becomes {
                    S::Approved => (decides && state == S::Pending, -amount, 0, amount),
                    S::Refused => (decides && state == S::Pending, -amount, amount, 0),
                    S::Cancelled => (by == owner && state == S::Pending, -amount, amount, 0),
                    S::Paid => (decides && state == S::Approved, 0, 0, 0),
                    S::Returned => (decides && (state == S::Approved || state == S::Paid), 0, amount, -amount),
                    S::Pending => (false, 0, 0, 0),
                };
                if !taken {
                    return false;
                }
                self.withdrawals[place].2 = becomes;
                self.held[owner] += held;
                self.available[owner] += available;
                self.paid_out += paid_out;
            }
        }
        true
    }

    fn place(&self, which: usize) -> Option<usize> {
        self.withdrawals.len().checked_sub(which + 1)
    }
}

async fn decide(cx: &Cx, id: WithdrawalId, becomes: WithdrawalState) -> platform::Result<Withdrawal> {
    match becomes {
        WithdrawalState::Approved => withdrawal::approve(cx, id, None).await,
        WithdrawalState::Refused => withdrawal::refuse(cx, id, "no", None).await,
        WithdrawalState::Paid => withdrawal::paid(cx, id, "ref", None).await,
        WithdrawalState::Cancelled => withdrawal::cancel(cx, id, None).await,
        WithdrawalState::Returned => withdrawal::returned(cx, id, "no such account", None).await,
        WithdrawalState::Pending => unreachable!("it begins so"),
    }
}

/// Fresh people on the same server, and every step against the model.
async fn play(server: &TestServer, steps: &[Step]) -> Result<(), TestCaseError> {
    let mark = server.clock.now().micros();
    let roles = [Role::SuperAdmin, Role::AgentAdmin, Role::AgentAdmin, Role::Agent, Role::Agent, Role::Agent];
    let mut people: Vec<(Client, String)> = Vec::new();
    for (n, role) in roles.into_iter().enumerate() {
        let name = format!("p{n}-{mark}");
        let superior = SUPERIOR[n].map(|superior| people[superior].0.clone());
        people.push((server.user_under(role, &name, superior.as_ref()).await, name));
    }
    let cx = |who: usize| -> Cx {
        let superior = SUPERIOR[who].map(|superior| people[superior].0.id());
        let (client, name) = &people[who];
        let session = kernel::Id::from_uuid(client.id().uuid());
        server.cx().as_user(Principal { id: client.id(), name: name.clone(), role: roles[who], superior, session })
    };
    let mut model = Model::default();
    let mut asked: Vec<WithdrawalId> = Vec::new();
    let other = WithdrawalId::from_uuid(people[0].0.id().uuid());
    for (n, step) in steps.iter().enumerate() {
        let key = IdempotencyKey::new(&format!("step-{n:08}"), "test", b"").unwrap();
        let at = |which: usize| asked.len().checked_sub(which + 1).map_or(other, |place| asked[place]);
        let done = match *step {
            Step::Recharge { by, to, amount } => {
                let ask = Recharge { amount: Quota::new(amount), memo: None };
                quota::recharge(&cx(by), people[to].0.id(), &ask, &key).await.map(|_| ())
            }
            Step::Transfer { by, to, amount } => {
                let ask = TransferAsk { to_name: people[to].1.clone(), amount: Quota::new(amount), memo: None };
                quota::transfer(&cx(by), &ask, &key).await.map(|_| ())
            }
            Step::Withdraw { by, amount } => {
                let text = || String::from("x");
                let ask =
                    WithdrawalAsk { amount: Quota::new(amount), payee_name: text(), payee_account: text(), payee_bank: text(), note: None };
                withdrawal::ask(&cx(by), &ask, &key).await.map(|withdrawal| asked.push(withdrawal.id))
            }
            Step::Decide { by, which, becomes } => decide(&cx(by), at(which), becomes).await.map(|_| ()),
        };
        let expected = model.take(step);
        prop_assert_eq!(done.is_ok(), expected, "step {} {:?}: {:?}", n, step, done);
        if let Err(fault) = done {
            prop_assert!(!matches!(fault.kind, kernel::Kind::Internal | kernel::Kind::Unavailable), "step {} {:?}: {}", n, step, fault);
        }
        for (who, (client, _)) in people.iter().enumerate().skip(1) {
            prop_assert_eq!(server.quota(client).await, (model.available[who], model.held[who]), "after step {} {:?}", n, step);
        }
    }
    let there: i64 = (1..PEOPLE).map(|who| model.available[who] + model.held[who]).sum();
    prop_assert_eq!(there, model.issued - model.paid_out, "what was issued is with somebody, or was paid out");
    for id in &asked {
        let state = withdrawal::get(&cx(0), *id).await.unwrap().state;
        let place = asked.iter().position(|other| other == id).unwrap();
        prop_assert_eq!(state, model.withdrawals[place].2);
    }
    server.check().await;
    Ok(())
}
