//! Ending the connections of a user whose password has changed.
//!
//! **Invariant**: who was admitted by what held before [`Expel::user`] is not connected for long after it: whoever is there goes at once, and
//! whoever is just then being let in goes when it is in. What it has left for others goes with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rmqtt::context::ServerContext;
use rmqtt::types::{Id, Message, TimestampMillis};
use rmqtt::utils::timestamp_millis;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::retained::Retained;

/// Longer than anybody takes to be let in, in milliseconds.
const LETTING_IN: TimestampMillis = 60_000;

/// So long a connection may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// When users were last sent away. Whoever began to connect by then may have been admitted by what does not hold any more.
#[derive(Clone, Default)]
pub(crate) struct Expelled(Arc<Mutex<HashMap<String, TimestampMillis>>>);

impl Expelled {
    fn note(&self, user: &str, at: TimestampMillis) {
        let mut expelled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        expelled.retain(|_, before| (at - *before).abs() < LETTING_IN);
        expelled.insert(user.to_owned(), at);
    }

    /// Whether whoever has just come in was let in by what does not hold any more.
    pub fn is(&self, who: &Id) -> bool {
        let expelled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Not by a clock that was set back since: then everybody would have come before that, for as long as it was ahead.
        expelled.get(who.username_ref()).is_some_and(|at| (0..LETTING_IN).contains(&(at - who.create_time)))
    }
}

/// Ends connections of a broker, from anywhere in the program.
#[derive(Clone)]
pub struct Expel {
    expelled: Expelled,
    /// Weak, so that it keeps no broker alive.
    context: Weak<ServerContext>,
    retained: Retained,
    /// The broker's own threads.
    threads: Handle,
}

impl Expel {
    pub(crate) fn new(expelled: Expelled, context: Weak<ServerContext>, retained: Retained, threads: Handle) -> Self {
        Self { expelled, context, retained, threads }
    }

    /// Ends every connection of this user that has begun by now, and forgets what waits for it and what it had retained. It returns at once: the
    /// connections end soon after, and their wills are published, but not kept. Call it once the new password holds.
    pub fn user(&self, user: &str) {
        // By the clock by which `rmqtt` says when a connection began.
        let at = timestamp_millis();
        self.expelled.note(user, at);
        let (context, retained, user) = (self.context.clone(), self.retained.clone(), user.to_owned());
        self.threads.spawn(async move {
            let Some(context) = context.upgrade() else { return };
            let there: Vec<Id> = context.extends.shared().await.iter().map(|entry| entry.id()).collect();
            for who in there.iter().filter(|who| who.username_ref() == user && who.create_time <= at) {
                end(&context, who, WhyGone::Password).await;
            }
            // Of them, after the last has said its last.
            retained.forget(&user, at);
        });
    }
}

/// Why somebody's connection is ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WhyGone {
    Password,
    TooMany,
}

impl WhyGone {
    const fn words(self) -> &'static str {
        match self {
            Self::Password => "its password is another now",
            Self::TooMany => "its user has come too often at once",
        }
    }
}

/// Ends this connection, or what is kept of it, if that is still there. Nobody else's: a connection has an id of its own, whatever its client's is.
pub(crate) async fn end(context: &ServerContext, who: &Id, why: WhyGone) {
    let mut entry = context.extends.shared().await.entry(who.clone());
    let Some(connection) = entry.tx().filter(|_| entry.id_same() == Some(true)) else { return };
    let (answer, answered) = oneshot::channel();
    if connection.unbounded_send(Message::Kick(answer, who.clone(), true, true)).is_ok() {
        tracing::info!(id = who.to_string(), why = why.words(), "an MQTT client was sent away");
        // An error says that it has ended by itself, or writes to somebody who reads nothing.
        let _ = tokio::time::timeout(PATIENCE, answered).await;
    }
    // Of who was away, nobody else removes what is kept.
    if let Err(error) = entry.remove_with(who).await {
        tracing::warn!(%error, id = who.to_string(), "an MQTT session could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_began_to_come_before_it_was_sent_away_goes_and_who_came_later_stays() {
        let expelled = Expelled::default();
        let who = |user: &str| Id::new(1, 1, None, None, "lamp7".into(), Some(user.into()));
        let before = who("lamp7");
        assert!(!expelled.is(&before));
        expelled.note("lamp7", before.create_time);
        assert!(expelled.is(&before) && !expelled.is(&who("lamp8")));
        expelled.note("lamp7", before.create_time - 1);
        assert!(!expelled.is(&before), "it came later");
        expelled.note("lamp7", before.create_time + LETTING_IN);
        assert!(!expelled.is(&before), "the clock was set back since, by an hour perhaps");
        expelled.note("lamp8", before.create_time + 2 * LETTING_IN);
        assert_eq!(expelled.0.lock().unwrap_or_else(PoisonError::into_inner).len(), 1, "what is long ago is forgotten");
    }
}
