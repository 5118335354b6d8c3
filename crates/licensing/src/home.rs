//! The home page's figures: what needs the reader today, and how things are going. Each is scoped as the lists are, and
//! bounded in what it costs ([`crate::projects::KeyCounts`], [`platform::figures`]).

use ::store::{Filter, Sql};
use kernel::{DAY, PageAsk, Timestamp};
use platform::identity::{Permission, Principal, Role};
use platform::quota::{self, QuotaOverview};
use platform::settings::defs;
use platform::{Cx, Result, figures};
use serde::Serialize;

use crate::applications;
use crate::batches::{self, Batch, BatchFilter};
use crate::callbacks;
use crate::grants::{self, Grant};
use crate::projects::{self, KeyCounts};

/// Days of verifications that are shown, today among them.
const DAYS: i64 = 14;
/// Grants are shown that end within so many days.
const ENDING_DAYS: i64 = 14;
const ROWS: i64 = 5;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Home {
    pub keys: Option<KeyCounts>,
    pub quota: Option<QuotaOverview>,
    /// That the reader manages.
    pub users: Option<i64>,
    /// To decide for who reviews; one's own for the others.
    pub pending_applications: i64,
    /// To decide or to pay for who reviews; one's own for the others.
    pub pending_withdrawals: i64,
    /// The last 14 days by the installation's clock, oldest first. Where its time zone was changed, days before that are as they were counted.
    pub verifications: Vec<VerificationDay>,
    pub recent_batches: Vec<Batch>,
    /// Within 14 days, the first to end first.
    pub grants_ending: Vec<Grant>,
    /// Callbacks that were given up and not dismissed since, without trials; for who manages them.
    pub failing_deliveries: i64,
    pub counted_to: CountedTo,
}

/// How far figures are counted: one that has reached it may be more. (Of keys it stands beside them.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CountedTo {
    pub users: i64,
    /// Of each thing that waits for somebody, payments among them.
    pub waiting: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct VerificationDay {
    /// For instance 2026-11-21.
    pub day: String,
    pub accepted: i64,
    pub refused: i64,
}

/// What the asker sees first. Whoever has nothing to do with keys sees that nothing waits.
pub async fn home(cx: &Cx) -> Result<Home> {
    let user = cx.user()?;
    let now = cx.now();
    let today = now.day_in(&cx.settings.get(defs::TIME_ZONE));
    let mut sql = cx.db.read();
    let with_keys = user.role.may(Permission::KeysView);
    Ok(Home {
        keys: if with_keys { Some(keys(&mut sql, user, now).await?) } else { None },
        quota: if user.role.holds_quota() { Some(quota::overview(cx).await?) } else { None },
        users: figures::users(&mut sql, user).await?,
        pending_applications: applications::pending(&mut sql, user).await?,
        pending_withdrawals: figures::pending_withdrawals(&mut sql, user).await?,
        verifications: if with_keys { verifications(&mut sql, user, today).await? } else { Vec::new() },
        recent_batches: if with_keys { batches::list(cx, &BatchFilter::default(), &PageAsk::first(ROWS)).await?.items } else { Vec::new() },
        grants_ending: grants_ending(&mut sql, user, now).await?,
        failing_deliveries: if user.role.may(Permission::CallbacksManage) { callbacks::failing(&mut sql).await? } else { 0 },
        counted_to: CountedTo { users: figures::MOST_USERS, waiting: figures::MOST_WAITING },
    })
}

async fn keys(sql: &mut impl Sql, user: &Principal, now: Timestamp) -> ::store::Result<KeyCounts> {
    match user.role {
        Role::SuperAdmin => projects::counts_of_all(sql, now).await,
        Role::AgentAdmin | Role::Agent | Role::VenueManager | Role::Maintainer | Role::Cashier => {
            projects::counts_of_agents(sql, user.scope(), now).await
        }
    }
}

/// Every day of the last fourteen, whether or not something happened on it.
async fn verifications(sql: &mut impl Sql, user: &Principal, today: i64) -> ::store::Result<Vec<VerificationDay>> {
    let first = today - DAYS + 1;
    let mut filter = Filter::new();
    filter.and("v.day >= ?", first).and("v.day <= ?", today);
    user.scope().restrict(&mut filter, "v.agent_id");
    let query = format!(
        "SELECT v.day, CAST(SUM(v.accepted) AS BIGINT) AS accepted, CAST(SUM(v.refused) AS BIGINT) AS refused \
         FROM verification_days v WHERE {} GROUP BY v.day ORDER BY v.day",
        filter.sql()
    );
    let found =
        sql.all(&query, filter.args(), |row| Ok((row.get::<i64>("day")?, row.get::<i64>("accepted")?, row.get::<i64>("refused")?))).await?;
    let day = |number: i64| {
        let (accepted, refused) =
            found.iter().find(|(day, ..)| *day == number).map_or((0, 0), |(_, accepted, refused)| (*accepted, *refused));
        VerificationDay { day: date(number), accepted, refused }
    };
    Ok((first..=today).map(day).collect())
}

/// A day as its number since 1970, as people write it.
fn date(day: i64) -> String {
    Timestamp::from_micros(day.saturating_mul(DAY)).to_string().chars().take(10).collect()
}

async fn grants_ending(sql: &mut impl Sql, user: &Principal, now: Timestamp) -> ::store::Result<Vec<Grant>> {
    let mut filter = Filter::new();
    user.scope().restrict(&mut filter, "g.agent_id");
    grants::ending(sql, filter, now, now.plus_micros(ENDING_DAYS * DAY), ROWS).await
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_day_is_written_as_a_date() {
        assert_eq!(super::date(0), "1970-01-01");
        assert_eq!(super::date(20_778), "2026-11-21");
    }
}
