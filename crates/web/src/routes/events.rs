//! Live pages: what a user is told arrives without reloading (K7.1), as server-sent events.
//!
//! A stream sleeps until the hub wakes it, and then looks what is new. It ends when its session does, and when the program
//! stops; a browser opens it again by itself.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures_util::stream::{self, Stream};
use kernel::{Fault, Kind, SECOND, Timestamp};
use licensing::batches::{self, BatchId, BatchProgress};
use platform::Cx;
use platform::identity::{Permission, session};
use platform::messages::{self, NotificationId};
use tokio::sync::watch;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::notifications::Unread;
use crate::extract::{Auth, SignedIn};
use crate::places::{Place, Places};
use crate::state::AppState;
use crate::{Problem, Result};

/// Pages that one user may have open.
const OF_ONE: usize = 24;
/// Of all users together: each costs a connection and a look-up now and then.
const IN_ALL: usize = 5_000;
/// Proxies close what is silent for long.
const BEAT: i64 = 15 * SECOND;
/// How often it is asked whether the session still holds.
const CHECK: i64 = 5 * SECOND;
/// While a batch is made: another process may be making it.
const SOON: i64 = 2 * SECOND;
/// A notification can become visible a little later than one that was written after it: each look goes back so far.
const OVERLAP: i64 = 10 * SECOND;
/// After so many notifications at one look a page had better load the list.
const AT_ONCE: usize = 100;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(events)).layer(Extension(Places::new(OF_ONE, IN_ALL)))
}

/// Server-sent events: `unread` {unread}, `notification` (a Notification), `batch` {id, made, count, state} while one's own batch
/// is made, `floor` {} for staff of halls when something on a floor has changed, `session-ended` before the stream ends for good.
#[utoipa::path(get, path = "/events", tag = "notifications",
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = 401, body = Problem), (status = 429, body = Problem)))]
async fn events(
    Auth(cx, _): Auth<SignedIn>,
    State(state): State<AppState>,
    Extension(places): Extension<Places>,
) -> Result<([(&'static str, &'static str); 1], Sse<impl Stream<Item = std::result::Result<Event, Infallible>>>)> {
    let full = || Fault::new(Kind::Limited, "TOO_MANY_STREAMS", "打开的实时页面过多", "Too many live pages are open").retry_after(30);
    let place = places.take(cx.user()?.id).ok_or_else(full)?;
    let floors = cx.require(Permission::VenuesView).is_ok().then(|| state.venue.news.subscribe());
    let live = Live::open(cx, floors, state.stop.clone(), place).await?;
    let events = stream::unfold(live, |mut live| async move { live.next().await.map(|event| (Ok(event), live)) });
    // nginx would otherwise keep events until it has enough of them.
    Ok(([("x-accel-buffering", "no")], Sse::new(events)))
}

struct Live {
    cx: Cx,
    wakes: watch::Receiver<u64>,
    /// Of halls: none for who works in none.
    floors: Option<watch::Receiver<u64>>,
    stop: watch::Receiver<bool>,
    /// What has been found and not been sent.
    found: VecDeque<Event>,
    /// Notifications of the last seconds that were sent, or were there before.
    seen: BTreeSet<NotificationId>,
    unread: Option<i64>,
    /// One's own batches that are under way, or ended a moment ago, as they were last seen.
    batches: HashMap<BatchId, BatchProgress>,
    looked_at: Timestamp,
    beat_at: Timestamp,
    check_at: Timestamp,
    over: bool,
    _place: Place,
}

impl Live {
    async fn open(
        cx: Cx,
        floors: Option<watch::Receiver<u64>>,
        stop: watch::Receiver<bool>,
        place: Place,
    ) -> std::result::Result<Self, Fault> {
        // Listens before it looks: what comes between the two wakes it.
        let wakes = cx.hub.subscribe(cx.user()?.id);
        let now = cx.now();
        let (beat_at, check_at) = (now.plus_micros(BEAT), now.plus_micros(CHECK));
        let mut live = Self {
            cx,
            wakes,
            floors,
            stop,
            found: VecDeque::new(),
            seen: BTreeSet::new(),
            unread: None,
            batches: HashMap::new(),
            looked_at: now,
            beat_at,
            check_at,
            over: false,
            _place: place,
        };
        live.look().await?;
        // What was there before is in the list that the page has loaded; only the number is news.
        let last = live.found.pop_back();
        live.found.clear();
        live.found.extend(last);
        Ok(live)
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.found.pop_front() {
                self.beat_at = self.cx.now().plus_micros(BEAT);
                return Some(event);
            }
            if self.over {
                return None;
            }
            let until_beat = self.beat_at.micros().saturating_sub(self.cx.now().micros()).max(0);
            let under_way = self.batches.values().any(BatchProgress::under_way);
            let pause = if under_way { until_beat.min(SOON) } else { until_beat };
            let mut look = under_way;
            tokio::select! {
                biased;
                () = stopped(&mut self.stop) => return None,
                changed = self.wakes.changed() => {
                    if changed.is_err() {
                        return None;
                    }
                    look = true;
                }
                () = changed(&mut self.floors) => self.found.extend(Event::default().event("floor").json_data(serde_json::json!({}))),
                () = self.cx.clock.sleep(Duration::from_micros(u64::try_from(pause).unwrap_or(0))) => {}
            }
            let now = self.cx.now();
            if now >= self.check_at {
                self.check_at = now.plus_micros(CHECK);
                self.check().await;
                // Also heals a look that failed.
                look = true;
            }
            if look
                && !self.over
                && let Err(error) = self.look().await
            {
                tracing::warn!(%error, "a live page could not look for news");
            }
            if self.found.is_empty() && now >= self.beat_at {
                self.found.push_back(Event::default().comment(""));
            }
        }
    }

    /// Finds what is new, and says how many are unread when that has changed.
    async fn look(&mut self) -> std::result::Result<(), Fault> {
        let now = self.cx.now();
        let oldest = NotificationId::new(self.looked_at.plus_micros(-OVERLAP), &self.cx.random);
        let mut last = oldest;
        for _ in 0..AT_ONCE / messages::NEWER_AT_ONCE {
            let news = messages::newer(&self.cx, last).await?;
            let full = news.len() == messages::NEWER_AT_ONCE;
            for notification in news {
                last = notification.id;
                if self.seen.insert(notification.id) {
                    self.found.extend(Event::default().event("notification").json_data(&notification));
                }
            }
            if !full {
                break;
            }
        }
        self.look_at_batches().await?;
        // Last: it is the one thing that a page which has just been opened is told.
        let unread = messages::unread(&self.cx).await?;
        if self.unread.replace(unread) != Some(unread) {
            self.found.extend(Event::default().event("unread").json_data(Unread { unread }));
        }
        self.seen = self.seen.split_off(&oldest);
        self.looked_at = now;
        Ok(())
    }

    /// Finds how one's own batches have come along since the last look.
    async fn look_at_batches(&mut self) -> std::result::Result<(), Fault> {
        let mut now = HashMap::new();
        for batch in batches::progress(&self.cx, self.looked_at.plus_micros(-OVERLAP)).await? {
            if self.batches.get(&batch.id) != Some(&batch) {
                self.found.extend(Event::default().event("batch").json_data(&batch));
            }
            now.insert(batch.id, batch);
        }
        self.batches = now;
        Ok(())
    }

    async fn check(&mut self) {
        let Ok(user) = self.cx.user() else { return };
        // When the database is away nobody can be signed out either.
        if let Ok(false) = session::holds(&self.cx, user.session).await {
            self.found.clear();
            self.found.push_back(Event::default().event("session-ended").data("{}"));
            self.over = true;
        }
    }
}

/// Returns when something on a floor has changed; never for who works in none.
async fn changed(floors: &mut Option<watch::Receiver<u64>>) {
    let changed = match floors {
        Some(floors) => floors.changed().await.is_ok(),
        None => false,
    };
    if !changed {
        std::future::pending::<()>().await;
    }
}

/// Returns when the program is to stop, or has lost the one who would say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
