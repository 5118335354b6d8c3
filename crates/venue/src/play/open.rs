//! Opening a table (V3): permission, money, session and light in one transaction.

use kernel::{Fault, Fen, MINUTE, SECOND, Timestamp};
use platform::idempotency::IdempotencyKey;
use platform::identity::UserId;
use platform::ledger::{self, EntryKind, SystemAccount, TransferId};
use platform::payments::OrderId;
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::jobs::NewJob;
use store::{Sql, Tx};

use super::clock::{OPENING_JOB, OfSession};
use super::closing::ends_in_time;
use super::error::{PlayError, no_price};
use super::grace::{self, Standing};
use super::model::{Session, SessionId, SessionState, Terms};
use super::pause::Pauses;
use super::rows;
use super::view::{self, SessionView};
use crate::customers::{self, Customer, CustomerId};
use crate::devices::{self, Device};
use crate::halls::rows as halls;
use crate::halls::{Event, Table, TableId, TableState, Venue as Hall};
use crate::tariff::{SHORTEST, whole_units};
use crate::{Venue, holds, members};

/// How long the light may take to say that it is on.
pub(super) const DEADLINE: i64 = 20 * SECOND;
/// How long somebody may take to pay a network, and we to hear of it: an order's quarter of an hour, the minute in which it is closed, and as long as
/// a payment opens a table. What was ordered in time may end so much after closing.
const PAYING: i64 = 19 * MINUTE;
pub(super) const LONGEST: i64 = 720;

/// How long somebody wants to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlayTime {
    Minutes(i64),
    /// One of the hall's packages, by its id.
    Package(i64),
}

/// What a table is opened at.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub terms: Terms,
    pub minutes: i64,
    pub until: Timestamp,
    pub price: Fen,
}

/// A table that may be opened.
#[derive(Debug)]
pub(super) struct MayOpen {
    pub hall: Hall,
    pub light: Device,
    pub offer: Offer,
}

/// What was opened, with the names of where that is.
#[derive(Debug)]
pub(super) struct Opened {
    pub session: Session,
    pub hall: String,
    pub phone: String,
    pub table: String,
}

#[derive(Debug, Clone, Copy)]
pub struct OpenAsk {
    pub time: PlayTime,
    /// What the customer was shown.
    pub expected: Fen,
}

/// What pays.
#[derive(Debug, Clone, Copy)]
pub(super) enum Means {
    /// What is in the wallet, at the price that the customer was shown.
    Wallet { expected: Fen },
    /// The same, where one of the staff opens it for who stands at the desk: they need not have said who they are.
    Desk { expected: Fen, by: UserId },
    /// What was paid for it: the price is that, whatever the clock says since.
    Order { id: OrderId, amount: Fen },
}

impl Means {
    /// By how much what was ordered in time may end after closing.
    const fn late(self) -> i64 {
        match self {
            Self::Wallet { .. } | Self::Desk { .. } => 0,
            Self::Order { .. } => PAYING,
        }
    }
}

/// Holds the price of so many minutes, and has the light told to come on. Play begins when it says so.
pub async fn open(cx: &Cx, venue: &Venue, customer: &Customer, id: TableId, ask: OpenAsk, key: &IdempotencyKey) -> Result<SessionView> {
    let mut tx = cx.db.begin().await?;
    let owner = customer.id.uuid();
    if let Some(first) = key.seen::<SessionId>(&mut tx, cx, owner).await? {
        return view::of(&mut tx, cx, first).await;
    }
    let opened = open_in(&mut tx, cx, venue, customer, id, ask.time, Means::Wallet { expected: ask.expected }).await?;
    key.answer(&mut tx, owner, &opened.session.id).await?;
    let view = view::of_opened(&mut tx, cx, opened).await?;
    tx.commit().await?;
    Ok(view)
}

/// All of it in the caller's transaction, which is not to be committed where this refuses.
pub(super) async fn open_in(
    tx: &mut Tx,
    cx: &Cx,
    venue: &Venue,
    customer: &Customer,
    id: TableId,
    time: PlayTime,
    means: Means,
) -> Result<Opened> {
    let mut table = halls::lock_table_in_use(tx, id).await?;
    let MayOpen { hall, light, offer } = may_open(tx, cx, customer, &table, time, means).await?;
    let Offer { terms, minutes, price: quoted, .. } = offer;
    let now = cx.now();
    let (order, price) = match means {
        Means::Wallet { expected } | Means::Desk { expected, .. } if expected == quoted => (None, quoted),
        Means::Wallet { .. } | Means::Desk { .. } => return Err(PlayError::PriceChanged.into()),
        Means::Order { id, amount } => (Some(id), amount),
    };
    let session = Session {
        id: cx.id(),
        venue: table.venue_id,
        table: table.id,
        customer: customer.id,
        state: SessionState::Opening,
        terms,
        minutes,
        order,
        held: price,
        quoted: None,
        asked_at: now,
        lit_at: None,
        // The light may take its time, and the customer has all the minutes nevertheless.
        until: now.plus_micros(DEADLINE + minutes * MINUTE),
        warned_of: None,
        ended_at: None,
        end_reason: None,
        bill: None,
        pauses: Pauses::default(),
    };
    // The table is locked, and free: what is in the way is the customer's other table, opened at the same time.
    if !rows::insert(tx, &session).await? {
        return Err(PlayError::AlreadyPlaying.into());
    }
    if let Some(transfer) = hold(tx, cx, &session, price).await? {
        rows::add_hold(tx, session.id, transfer, price).await?;
    }
    let was_held = table.state == TableState::Reserved;
    halls::advance(tx, cx, &venue.news, &mut table, Event::Open).await?.ok_or(PlayError::Busy)?;
    if was_held {
        holds::opened(tx, cx, &table, session.id).await?;
    }
    devices::light_for_play(tx, cx, venue, &light, session.until).await?;
    let deadline = NewJob::new(OPENING_JOB, &OfSession { session: session.id }, now.plus_micros(DEADLINE))?;
    cx.enqueue(tx, deadline).await?;
    Ok(Opened { session, hall: hall.name, phone: hall.phone, table: table.name })
}

/// Whether this customer may open this table for so long now; at which terms, and for how much.
/// Whoever opens it has its row locked, and on SQLite the whole database: what is to be known is read with few statements, and each once.
pub(super) async fn may_open(tx: &mut Tx, cx: &Cx, customer: &Customer, table: &Table, time: PlayTime, means: Means) -> Result<MayOpen> {
    let (now, late) = (cx.now(), means.late());
    let (hall, tariff, pause) = halls::place_of(tx, table).await?;
    let light = is_free(tx, cx, &hall, table, Some(customer.id)).await?;
    if customer.guest && !matches!(means, Means::Desk { .. }) {
        return Err(PlayError::PhoneNeeded.into());
    }
    if !hall.is_open(now) {
        return Err(PlayError::Closed.into());
    }
    let Standing { plays, graced, too_often } = grace::standing(tx, cx, customer.id, hall.id).await?;
    if plays {
        return Err(PlayError::AlreadyPlaying.into());
    }
    if let Some(refusal) = too_often {
        return Err(refusal.into());
    }
    let graced = match means {
        Means::Desk { by, .. } if customer.unproven => graced && grace::walk_ins_are_graced(tx, cx, by, hall.id).await?,
        Means::Desk { .. } | Means::Wallet { .. } | Means::Order { .. } => graced,
    };
    let level = members::level_of(tx, customer.id).await?;
    let terms = Terms { pause, ..Terms::of(&hall, tariff, graced).with_level(level.as_ref()) };
    let offer = offer(terms, now, time, late)?;
    ends_in_time(&hall, now, offer.until.plus_micros(-late))?;
    Ok(MayOpen { hall, light, offer })
}

/// What so much play from now on costs. A package that was ordered in time may be paid by as much as `late` after it was sold.
pub(crate) fn offer(terms: Terms, now: Timestamp, time: PlayTime, late: i64) -> Result<Offer> {
    let id = match time {
        PlayTime::Minutes(asked) => {
            // A unit that is begun is paid whole: whoever asks for less of it has the rest all the same.
            let minutes = whole_units(asked.clamp(0, 2 * LONGEST), terms.tariff.unit_minutes);
            let price = quote(&terms, now, minutes)?;
            return Ok(Offer { terms, minutes, until: now.plus_micros(minutes * MINUTE), price });
        }
        PlayTime::Package(id) => id,
    };
    let package = terms.tariff.packages.iter().find(|package| package.id == id).cloned().ok_or(PlayError::PackageGone)?;
    // By the minute: it may have been sold for less time than paying may take.
    let calendar = terms.calendar();
    if !(0..=late / MINUTE).any(|ago| package.is_sold(now.plus_micros(-ago * MINUTE), &calendar)) {
        return Err(PlayError::PackageNotNow.into());
    }
    // What is left of a night is sold as long as it is worth turning on the light.
    let until = package.lasts(now, &terms.calendar()).map_err(|_| PlayError::PackageNotNow)?;
    let left = until.micros() - now.micros();
    if left < SHORTEST * MINUTE {
        return Err(PlayError::PackageNotNow.into());
    }
    let terms = terms.with_package(package);
    let price = terms.price(now, until).map_err(no_price)?.total;
    Ok(Offer { terms, minutes: left / MINUTE + i64::from(left % MINUTE > 0), until, price })
}

/// Idle, or held for who asks; and with a light that can be told, which this answers.
pub(crate) async fn is_free(sql: &mut impl Sql, cx: &Cx, hall: &Hall, table: &Table, who: Option<CustomerId>) -> Result<Device> {
    match table.state {
        TableState::Idle => {}
        TableState::Reserved => match holds::live(sql, table.id).await? {
            Some(hold) if who.is_some_and(|who| hold.is_for(who)) => {}
            Some(hold) => return Err(PlayError::Held { until: hall.moment_text(hold.until, cx.now()) }.into()),
            None => return Err(PlayError::Busy.into()),
        },
        TableState::Maintenance => return Err(PlayError::InService.into()),
        TableState::Cleaning => return Err(PlayError::Cleaning { free: None }.into()),
        TableState::Opening | TableState::Playing | TableState::Paused | TableState::Closing => return Err(PlayError::Busy.into()),
    }
    let light = devices::of_table(sql, table.id).await?;
    light.filter(|light| light.online).ok_or_else(|| PlayError::InService.into())
}

/// What so many minutes from now cost.
pub(crate) fn quote(terms: &Terms, from: Timestamp, minutes: i64) -> Result<Fen> {
    if !(SHORTEST..=LONGEST).contains(&minutes) {
        return Err(PlayError::Minutes.into());
    }
    Ok(terms.price(from, from.plus_micros(minutes * MINUTE)).map_err(no_price)?.total)
}

/// Freezes the amount in the customer's wallet, on its way to the takings. Nothing is held for what costs nothing.
pub(super) async fn hold(tx: &mut Tx, cx: &Cx, session: &Session, amount: Fen) -> Result<Option<TransferId>> {
    if amount == Fen::ZERO {
        return Ok(None);
    }
    let order = ledger::Move {
        debit: customers::account(session.customer),
        credit: SystemAccount::Takings.id(),
        amount: amount.into(),
        kind: EntryKind::Play,
        memo: String::new(),
        reference: Some(session.id.into()),
    };
    match ledger::hold(tx, cx, &order).await {
        Ok(transfer) => Ok(Some(transfer.id)),
        Err(Fault { code: "QUOTA_INSUFFICIENT", .. }) => Err(PlayError::Balance.into()),
        Err(fault) => Err(fault),
    }
}
