//! More time (V1.1).

use kernel::{Fault, Fen, HOUR, MINUTE, Timestamp};
use platform::idempotency::IdempotencyKey;
use platform::messages::templates::ZONE;
use platform::{Cx, Result};
use serde::Serialize;
use store::{Sql, Tx, args};

use super::closing::{ends_in_time, to_extend};
use super::error::{PlayError, no_price};
use super::model::{Session, SessionId, SessionState};
use super::open::hold;
use super::rows;
use super::view::{self, SessionView};
use crate::customers::Customer;
use crate::halls::{Table, Venue as Hall, rows as halls};
use crate::tariff::whole_units;
use crate::told::{self, tell};
use crate::{Venue, devices, splits};

/// In all.
const LONGEST: i64 = 24 * HOUR;

#[derive(Debug, Clone, Copy)]
pub struct ExtendAsk {
    pub minutes: i64,
    /// What the customer was shown.
    pub expected: Fen,
    /// The end that the customer has seen, if they say: where more time was added since, they do not mean to add it again.
    pub until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct Extension {
    pub minutes: i64,
    pub price_fen: Fen,
    /// While it is paused: if it went on now.
    pub paid_until: Timestamp,
}

/// What so many minutes more would cost, and those that are paid with them.
pub async fn extension(cx: &Cx, customer: &Customer, id: SessionId, minutes: i64) -> Result<Extension> {
    let mut sql = cx.db.read();
    let session = rows::by_id(&mut sql, id).await?.filter(|session| session.customer == customer.id).ok_or_else(Fault::not_found)?;
    extension_of(&mut sql, cx, &session, minutes).await
}

/// The same, whoever's it is: the caller has seen to that.
pub(super) async fn extension_of(sql: &mut impl Sql, cx: &Cx, session: &Session, minutes: i64) -> Result<Extension> {
    let hall = halls::venue(sql, session.venue).await?;
    Ok(of(&hall, session, cx.now(), minutes)?.0)
}

/// By which lengths, in minutes, a session may be extended now.
pub(super) async fn offered(sql: &mut impl Sql, session: &Session, now: Timestamp) -> Result<Vec<i64>> {
    let (SessionState::Playing, Some(lit)) = (session.state, session.lit_at) else { return Ok(Vec::new()) };
    let hall = halls::venue(sql, session.venue).await?;
    let mut lengths = to_extend(&hall, now, session.until_at(now), session.terms.tariff.unit_minutes);
    lengths.retain(|minutes| session.until.plus_micros(minutes * MINUTE).micros() - lit.micros() <= LONGEST);
    Ok(lengths)
}

/// What it costs and until when it is paid then, as it is shown: while it is paused, if it went on now. And the end that is stored, which a pause
/// moves when it is over. Only of a session that is played: before the light is on nobody knows from when.
fn of(hall: &Hall, session: &Session, now: Timestamp, minutes: i64) -> Result<(Extension, Timestamp)> {
    let (SessionState::Playing, Some(lit)) = (session.state, session.lit_at) else { return Err(PlayError::NotPlaying.into()) };
    // All that is paid is played: `until` is where a unit ends, and so is the new end.
    let minutes = whole_units(minutes.clamp(0, 1_440), session.terms.tariff.unit_minutes);
    let to = session.until.plus_micros(minutes * MINUTE);
    if !(10..=720).contains(&minutes) || to.micros() - lit.micros() > LONGEST {
        return Err(PlayError::Minutes.into());
    }
    let paid_until = session.until_at(now).plus_micros(minutes * MINUTE);
    ends_in_time(hall, now, paid_until)?;
    // By the customer's own clock: what was paused is not paid for, nor what had no light.
    let price_fen = session.terms.extra(lit, session.pauses.paid(session.until), session.pauses.paid(to)).map_err(no_price)?;
    Ok((Extension { minutes, price_fen, paid_until }, to))
}

/// Holds what more it costs, and moves the end; the light stays on, and its own timer is set anew.
pub async fn extend(
    cx: &Cx,
    venue: &Venue,
    customer: &Customer,
    id: SessionId,
    ask: ExtendAsk,
    key: &IdempotencyKey,
) -> Result<SessionView> {
    let mine = |session: &Session| session.customer == customer.id;
    let session = rows::by_id(&mut cx.db.read(), id).await?.filter(mine).ok_or_else(Fault::not_found)?;
    let mut tx = cx.db.begin().await?;
    let owner = customer.id.uuid();
    if let Some(first) = key.seen::<SessionId>(&mut tx, cx, owner).await? {
        return view::of(&mut tx, cx, first).await;
    }
    let table = halls::lock_table(&mut tx, session.table).await?;
    let session = rows::by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    extend_in(&mut tx, cx, venue, &table, session, ask).await?;
    key.answer(&mut tx, owner, &id).await?;
    let view = view::of(&mut tx, cx, id).await?;
    tx.commit().await?;
    Ok(view)
}

/// All of it in the caller's transaction, which is not to be committed where this refuses. `session` was read since its table is locked.
pub(super) async fn extend_in(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &Table, session: Session, ask: ExtendAsk) -> Result<()> {
    let (id, customer) = (session.id, session.customer);
    let hall = halls::venue(tx, session.venue).await?;
    // Before anything of what it leads to: that is not what was shown.
    let has_moved = ask.until.is_some_and(|seen| !session.ends_as_seen(seen, cx.now()));
    if session.state == SessionState::Playing && has_moved {
        return Err(PlayError::EndChanged.into());
    }
    let (extension, to) = of(&hall, &session, cx.now(), ask.minutes)?;
    // Over, and the job that closes it is on its way.
    if session.pauses.since.is_none() && cx.now() >= session.until {
        return Err(PlayError::NotPlaying.into());
    }
    if extension.price_fen != ask.expected {
        return Err(PlayError::PriceChanged.into());
    }
    if let Some(transfer) = hold(tx, cx, &session, extension.price_fen).await? {
        rows::add_hold(tx, id, transfer, extension.price_fen).await?;
    }
    let held = session.held.plus(extension.price_fen).map_err(Fault::internal)?;
    // What was quoted for the time until now stays the most that it costs, whatever is added.
    let (quoted, quoted_until) = session.quoted.unwrap_or((session.held, session.pauses.paid(session.until)));
    let sql = "UPDATE play_sessions SET until_at = $1, held = $2, minutes = minutes + $3, quoted = $4, quoted_until = $5 WHERE id = $6";
    tx.exec(sql, args![to, held, extension.minutes, quoted, quoted_until, id]).await?;
    devices::want(tx, cx, venue, table.id).await?;
    splits::more_time(tx, cx, &Session { held, ..session }).await?;
    let params = [("table", table.name.clone()), ("until_at", extension.paid_until.to_string()), (ZONE, hall.time_zone)];
    tell(tx, cx, customer, &told::EXTENDED, &params).await
}
