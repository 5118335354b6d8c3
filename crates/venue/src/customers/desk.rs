//! Cash over the counter: into a customer's wallet, and out of it again. Each time at a hall, where it counts for the day
//! and the person ([`crate::cash`]).
//!
//! **Invariant**: paid out is what came in cash, or otherwise from nobody who could take it back: never a gift, and never what goes back to a network
//! by itself ([`payments::in_cash`]). So nobody makes cash of a credit card, or of what they were given to play with.
//! **Invariant**: what a walk-in has left behind goes out by somebody who manages the hall ([`super::leftover`]).

use kernel::{Fault, Fen, Fields, text};
use platform::allowance::Allowance;
use platform::audit::Action;
use platform::idempotency::IdempotencyKey;
use platform::identity::{Permission, UserId};
use platform::ledger::{self, EntryKind, SystemAccount};
use platform::messages::templates::Template;
use platform::{Cx, Result, audit, payments};
use serde::Serialize;
use serde_json::json;
use store::Tx;

use super::leftover::{self, NeedsManager};
use super::model::Customer;
use super::session::{by_number, by_phone_or_number};
use super::wallet::{MOST, account};
use crate::cash::{self, AtHall};
use crate::halls::{Venue, VenueId, rows as halls};
use crate::{staff, told};

/// Somebody whom the staff has seen, so that something may be done to their account.
pub(super) struct Seen {
    pub tx: Tx,
    /// Whom allowances are counted for.
    pub staff: String,
    pub customer: Customer,
    /// How the staff has seen who it is: in its words.
    pub why: String,
}

/// Begins it: `number` is the customer's own, or the phone's.
pub(super) async fn seen(cx: &Cx, number: &str, why: &str) -> Result<Seen> {
    let by = cx.require(Permission::TablesOperate)?.id;
    let mut fields = Fields::default();
    let why = fields.take("why", text::clean(why, 2, 100, false)).unwrap_or_default();
    fields.check()?;
    count_look_up(cx, by).await?;
    let mut tx = cx.db.begin().await?;
    let customer = by_phone_or_number(&mut tx, cx, number.trim()).await?.ok_or_else(no_such_customer)?;
    Ok(Seen { tx, staff: by.to_string(), customer, why })
}

/// Far more than a desk needs: nobody shall go through all numbers to see whose they are.
const LOOKED_UP: Allowance = Allowance { name: "customers looked up", window_seconds: 3_600, most: 300 };

/// Counts that one of the staff names a customer, before the transaction in which that is looked for: what is refused there tells something as well.
pub(crate) async fn count_look_up(cx: &Cx, by: UserId) -> Result<()> {
    LOOKED_UP.take(cx, &by.to_string()).await
}

/// Cash that changes hands over the counter.
#[derive(Debug, Clone)]
pub struct DeskCash {
    /// Where one works.
    pub venue: VenueId,
    /// The customer's.
    pub number: String,
    pub amount: Fen,
    pub memo: Option<String>,
}

/// Who stands at the desk.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AtDesk {
    pub customer: Customer,
    /// Of what is available: can be paid out.
    pub cash_fen: Fen,
    /// Of that: now, by whoever asks. Where nothing but a number is known of the customer it is what is left of the cash of this visit; the rest takes
    /// somebody who manages the hall.
    pub payable_fen: Fen,
}

/// Whose number somebody tells, a customer's own or a phone's: to be looked at before money changes hands.
pub async fn look_up(cx: &Cx, number: &str) -> Result<AtDesk> {
    let by = cx.require(Permission::DeskServe)?;
    staff::works_somewhere(&mut cx.db.read(), by).await?;
    count_look_up(cx, by.id).await?;
    let mut tx = cx.db.begin().await?;
    let customer = by_phone_or_number(&mut tx, cx, number.trim()).await?.ok_or_else(no_such_customer)?;
    // Its lines may be many: nobody else who writes waits for that.
    drop(tx);
    let mut sql = cx.db.read();
    let cash_fen = payments::in_cash(&mut sql, account(customer.id), cx.now()).await?;
    let payable_fen = leftover::payable(&mut sql, cx, &customer, cash_fen).await?;
    Ok(AtDesk { customer, cash_fen, payable_fen })
}

/// Adds cash that somebody took over the counter to the customer's wallet.
pub async fn recharge_at_desk(cx: &Cx, ask: &DeskCash, key: &IdempotencyKey) -> Result<Customer> {
    change(cx, ask, key, Way::In).await
}

/// Gives cash out of the customer's wallet over the counter. A recharge of too much is undone so, too.
pub async fn pay_out_at_desk(cx: &Cx, ask: &DeskCash, key: &IdempotencyKey) -> Result<Customer> {
    change(cx, ask, key, Way::Out).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

impl Way {
    fn texts(self) -> (&'static Template, &'static Action) {
        match self {
            Self::In => (&told::RECHARGED, &audit::WALLET_RECHARGED),
            Self::Out => (&told::PAID_OUT, &audit::WALLET_PAID_OUT),
        }
    }

    fn order(self, customer: &Customer, amount: Fen, memo: String) -> ledger::Move {
        let (cash, wallet) = (SystemAccount::Cash.id(), account(customer.id));
        let (debit, credit, kind) = match self {
            Self::In => (cash, wallet, EntryKind::CashRecharge),
            Self::Out => (wallet, cash, EntryKind::CashPayout),
        };
        ledger::Move { debit, credit, amount: amount.into(), kind, memo, reference: None }
    }
}

async fn change(cx: &Cx, ask: &DeskCash, key: &IdempotencyKey, way: Way) -> Result<Customer> {
    let by = cx.require(Permission::DeskServe)?;
    let mut fields = Fields::default();
    if !ask.amount.is_positive() || ask.amount > MOST {
        fields.add("amount_fen", "RANGE", "金额须大于 0，且不超过 10000 元", "The amount must be above 0, and at most 10,000 yuan");
    }
    let memo = fields.take("memo", text::clean(ask.memo.as_deref().unwrap_or_default(), 0, 100, false));
    fields.check()?;
    count_look_up(cx, by.id).await?;
    let mut tx = cx.db.begin().await?;
    staff::works_at(&mut tx, by, ask.venue).await?;
    let owner = by.id.uuid();
    if let Some(first) = key.seen::<String>(&mut tx, cx, owner).await? {
        return by_number(&mut tx, &first).await?.ok_or_else(Fault::not_found);
    }
    let customer = by_number(&mut tx, ask.number.trim()).await?.ok_or_else(no_such_customer)?;
    if way == Way::Out {
        enough(&mut tx, cx, &customer, ask.amount).await?;
    }
    let hall = halls::venue(&mut tx, ask.venue).await?;
    hand_over(&mut tx, cx, way, &hall, &customer, ask.amount, memo.unwrap_or_default()).await?;
    key.answer(&mut tx, owner, &customer.number).await?;
    let now = by_number(&mut tx, &customer.number).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(now)
}

/// Moves cash over the counter of a hall by whoever is signed in, notes to which of its days it counts, tells the customer, and writes the log.
async fn hand_over(tx: &mut Tx, cx: &Cx, way: Way, hall: &Venue, customer: &Customer, amount: Fen, memo: String) -> Result<()> {
    let by = cx.user()?.id;
    let transfer = ledger::transfer(tx, cx, &way.order(customer, amount, memo)).await?;
    let at = AtHall { venue: hall.id, by, day: cash::day_of(hall, transfer.created_at)?, walk_in: customer.unproven };
    cash::note(tx, transfer.id, at).await?;
    let (template, action) = way.texts();
    told::tell(tx, cx, customer.id, template, &[("amount", told::yuan(amount))]).await?;
    let detail = json!({"customer": customer.number, "amount_fen": amount, "transfer": transfer.id, "venue": hall.id, "hall": hall.name});
    audit::record(tx, cx, action, Some(customer.id.into()), &detail).await
}

/// Cash that comes with something else that is done at the desk: what is refused of that takes none. Nothing is nothing.
pub(crate) async fn take_cash(tx: &mut Tx, cx: &Cx, hall: &Venue, customer: &Customer, amount: Fen) -> Result<()> {
    if amount == Fen::ZERO { Ok(()) } else { hand_over(tx, cx, Way::In, hall, customer, amount, String::new()).await }
}

/// Refuses cash that is less than nothing, or more than is taken at once.
pub(crate) fn check_cash(amount: Fen) -> Result<()> {
    if (Fen::ZERO..=MOST).contains(&amount) {
        return Ok(());
    }
    Err(Fault::field("cash_fen", "RANGE", "收到的现金须为 0 至 10000 元", "0 to 10,000 yuan in cash"))
}

/// Refuses more than can be paid out, and more than whoever asks can. The wallet is locked: somebody may be playing on it, or sending money of it back,
/// at the same time.
async fn enough(tx: &mut Tx, cx: &Cx, customer: &Customer, amount: Fen) -> Result<()> {
    let wallet = account(customer.id);
    ledger::lock(tx, &[wallet]).await?;
    let most = payments::in_cash(tx, wallet, cx.now()).await?;
    if amount <= most {
        let payable = leftover::payable(tx, cx, customer, most).await?;
        return if amount <= payable { Ok(()) } else { Err(NeedsManager { payable }.into()) };
    }
    let most = told::yuan(most);
    Err(Fault::field(
        "amount_fen",
        "MORE_THAN_CASH",
        format!("最多可付现金 {most} 元：赠送的、使用中冻结的，以及线上支付可原路退回的部分不能付现金"),
        format!("At most {most} yuan can be paid out: not gifts, not what is held, and not what goes back to where it was paid online"),
    ))
}

fn no_such_customer() -> Fault {
    Fault::field("number", "CUSTOMER_NOT_FOUND", "没有这个会员号或手机号", "There is no customer of this number")
}
