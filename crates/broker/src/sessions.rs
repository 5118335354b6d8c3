//! Sessions that outlive their connection, because the client asked for it.
//!
//! `rmqtt` would lose the message that it is sending when the connection ends, and would send those that were not acknowledged again in
//! the wrong order: the newest first. What it still does not promise is in the crate's documentation.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, PoisonError};

use rmqtt::fitter::{DefaultFitter, FitterManager};
use rmqtt::inflight::{MomentStatus, OutInflightMessage};
use rmqtt::session::Session;
use rmqtt::types::{ConnectInfo, FitterType, From, Id, ListenerConfig, Publish, QoS};

use crate::settings;

/// Of one message, the order is right.
const ONE: NonZeroU16 = NonZeroU16::new(1).expect("not zero");

fn outlives(who: &ConnectInfo) -> bool {
    match who {
        ConnectInfo::V3(_, connect) => !connect.clean_session,
        ConnectInfo::V5(_, connect) => connect.session_expiry_interval_secs > 0,
    }
}

/// Connections that are being let in and may everything: of whom `rmqtt` asks how a session is to be bounded, it does not say what they may.
#[derive(Clone, Default)]
pub(crate) struct Ours(Arc<Mutex<Vec<Id>>>);

impl Ours {
    pub fn note(&self, who: &Id) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(who.clone());
    }

    /// Whether it is one of them. It is asked once.
    fn take(&self, who: &Id) -> bool {
        let mut ours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = ours.iter().position(|other| other == who);
        found.map(|at| ours.swap_remove(at)).is_some()
    }
}

/// How much is kept for one client, for how long, and how many messages it is sent before it has acknowledged the first.
pub(crate) struct Pace(pub Ours);

impl FitterManager for Pace {
    fn create(&self, who: Arc<ConnectInfo>, id: Id, listener: ListenerConfig) -> FitterType {
        let mut bounds = listener.as_ref().clone();
        if !self.0.take(&id) {
            bounds = settings::for_a_device(bounds);
        }
        if outlives(&who) {
            bounds = bounds.max_inflight(ONE);
        }
        Arc::new(DefaultFitter::new(who, id, Arc::new(bounds)))
    }
}

/// Counts a message as sent before it is. If sending fails, it waits with those that were not acknowledged.
pub(crate) async fn note(session: &Session, from: &From, publish: &Publish) {
    let status = match publish.qos {
        QoS::AtMostOnce => return,
        QoS::AtLeastOnce => MomentStatus::UnAck,
        QoS::ExactlyOnce => MomentStatus::UnReceived,
    };
    if session.connect_info().await.is_ok_and(|who| outlives(&who)) {
        session.out_inflight().write().await.push_back(OutInflightMessage::new(status, from.clone(), publish.clone()));
    }
}
