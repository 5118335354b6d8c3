//! Sessions that outlive their connection, because the client asked for it.
//!
//! `rmqtt` would lose the message that it is sending when the connection ends, and would send those that were not acknowledged again in
//! the wrong order: the newest first. What it still does not promise is in the crate's documentation.

use std::num::NonZeroU16;
use std::sync::Arc;

use rmqtt::fitter::{DefaultFitter, FitterManager};
use rmqtt::inflight::{MomentStatus, OutInflightMessage};
use rmqtt::session::Session;
use rmqtt::types::{ConnectInfo, FitterType, From, Id, ListenerConfig, Publish, QoS};

/// Of one message, the order is right.
const ONE: NonZeroU16 = NonZeroU16::new(1).expect("not zero");

fn outlives(who: &ConnectInfo) -> bool {
    match who {
        ConnectInfo::V3(_, connect) => !connect.clean_session,
        ConnectInfo::V5(_, connect) => connect.session_expiry_interval_secs > 0,
    }
}

/// How many messages one client is sent before it has acknowledged the first.
pub(crate) struct Pace;

impl FitterManager for Pace {
    fn create(&self, who: Arc<ConnectInfo>, id: Id, listener: ListenerConfig) -> FitterType {
        let listener = if outlives(&who) { Arc::new(listener.as_ref().clone().max_inflight(ONE)) } else { listener };
        Arc::new(DefaultFitter::new(who, id, listener))
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
