//! What was taken and paid out at the desk, by hall, day and person 现金日报.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use kernel::Fault;
use platform::identity::Permission;
use platform::settings::defs;
use platform::{Cx, Result};
use store::Filter;

use super::day::day_of;
use super::model::{CashReport, Days, HallLines};
use super::rows;
use crate::halls::{VenueId, rows as halls};
use crate::staff;
use crate::tariff::Calendar;

/// Of a day, a hall and a person each; nobody looks through more, and none is left out without a word.
const MOST_LINES: usize = 5_000;

#[derive(Debug, Clone, Copy, Default)]
pub struct CashAsk<'a> {
    /// One hall; all where one works, if not said.
    pub venue: Option<VenueId>,
    /// Each hall's own days. Where neither is said, the one that it is there now.
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
}

/// Of the halls where one works. Whoever manages halls sees what everybody has done there, and others what they have done themselves.
pub async fn report(cx: &Cx, ask: &CashAsk<'_>) -> Result<CashReport> {
    let user = cx.require(Permission::DeskServe)?;
    let asked = Days::ask(ask.from, ask.to)?;
    let mut sql = cx.db.read();
    if let Some(venue) = ask.venue {
        staff::works_at(&mut sql, user, venue).await?;
    }
    let only = (!user.role.may(Permission::VenuesManage)).then_some(user.id);
    let mut filter = Filter::new();
    staff::restrict(user, &mut filter, "v.id");
    filter.and_some("v.id = ?", ask.venue);
    let (mut found, mut count, mut all) = (Vec::new(), 0, asked);
    for hall in halls::venues(&mut sql, filter).await? {
        let days = asked.map_or_else(|| day_of(&hall, cx.now()).map(Days::one), Ok)?;
        all = Some(all.map_or(days, |all| all.and(days)));
        let lines = rows::lines(&mut sql, hall.id, days, only, MOST_LINES + 1).await?;
        count += lines.len();
        if count > MOST_LINES {
            return Err(too_many());
        }
        found.push(HallLines { venue: hall.id, name: hall.name, lines });
    }
    // Who works in no hall has no day but the installation's.
    let days = match all {
        Some(all) => all,
        None => {
            let zone = TimeZone::get(&cx.settings.get(defs::TIME_ZONE)).unwrap_or(TimeZone::UTC);
            let calendar = Calendar { zone, holidays: BTreeSet::new() };
            Days::one(calendar.day_of(cx.now()).map_err(Fault::internal)?)
        }
    };
    Ok(CashReport::of(days, found)?)
}

fn too_many() -> Fault {
    Fault::field("to", "TOO_MANY", "记录太多，请选择一个门店，或缩短日期范围", "Too much at once: choose one hall, or fewer days")
}
