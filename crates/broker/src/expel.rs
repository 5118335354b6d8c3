//! Ending the connections of a user whose password has changed.
//!
//! **Invariant**: who was admitted by what held before [`Expel::user`] is of no effect after it. Whoever is there loses its place at once, and
//! whoever is just then being let in loses it when it is in: what it publishes and subscribes to is refused from then on (`gate.rs`, `spaces.rs`),
//! and its connection ends as soon as it listens. What it has left for others goes with it.

use std::sync::Weak;

use rmqtt::context::ServerContext;
use rmqtt::types::{CleanStart, Id, IsAdmin, Message, Tx};
use rmqtt::utils::timestamp_millis;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::expelled::{Expelled, is_of_before};
use crate::retained::Retained;

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
            for who in there.iter().filter(|who| who.username_ref() == user && is_of_before(who.create_time, at, timestamp_millis())) {
                end(&context, who, WhyGone::Password).await;
            }
            // What they say from now on is not retained any more.
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

/// Takes its place from this connection, or from what is kept of it, if it has that still, and ends it. Nobody else's: a connection has an id of
/// its own, whatever its client's is.
pub(crate) async fn end(context: &ServerContext, who: &Id, why: WhyGone) {
    let mut entry = context.extends.shared().await.entry(who.clone());
    match entry.remove_with(who).await {
        Ok(Some((_, connection))) => {
            tracing::info!(id = who.to_string(), why = why.words(), "an MQTT client was sent away");
            dismiss(&connection, who.clone(), true, true);
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, id = who.to_string(), "an MQTT session could not be removed"),
    }
}

/// Has a connection end, however late it listens: it may be writing to somebody who reads nothing. `rmqtt` does not heed the wish of one who waits
/// for the answer no more, so that somebody waits until there is nobody to give it.
pub(crate) fn dismiss(connection: &Tx, by: Id, clean_start: CleanStart, is_admin: IsAdmin) {
    let (answer, answered) = oneshot::channel();
    if connection.unbounded_send(Message::Kick(answer, by, clean_start, is_admin)).is_ok() {
        tokio::spawn(answered);
    }
}
