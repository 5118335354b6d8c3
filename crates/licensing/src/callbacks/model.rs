//! The words of callbacks, and what is sent.

use kernel::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::post::DeliveryTrouble;
use crate::projects::{CallbackEvent, ProjectId, ProjectRef};

kernel::id!(
    /// One event on its way to one project's owner.
    DeliveryId, DeliveryEntity, "dlv"
);
kernel::id!(
    /// The event itself: the receiver's key for telling a repetition (`webhook-id`).
    EventId, EventEntity, "evt"
);

kernel::words! {
    pub enum DeliveryState {
        Waiting = "waiting",
        Delivered = "delivered",
        Failed = "failed",
        /// 已处理: it failed, and somebody has looked after it.
        Dismissed = "dismissed",
    }
}

kernel::words! {
    /// What a delivery is of: what an owner can ask for, and a trial.
    pub enum DeliveryEvent {
        KeyActivated = "key.activated",
        KeyVerified = "key.verified",
        KeyRefused = "key.refused",
        KeyExpired = "key.expired",
        KeyUnbound = "key.unbound",
        BatchCreated = "batch.created",
        /// 测试: asked for by hand, tried once.
        Test = "test",
    }
}

impl From<CallbackEvent> for DeliveryEvent {
    fn from(event: CallbackEvent) -> Self {
        match event {
            CallbackEvent::KeyActivated => Self::KeyActivated,
            CallbackEvent::KeyVerified => Self::KeyVerified,
            CallbackEvent::KeyRefused => Self::KeyRefused,
            CallbackEvent::KeyExpired => Self::KeyExpired,
            CallbackEvent::KeyUnbound => Self::KeyUnbound,
            CallbackEvent::BatchCreated => Self::BatchCreated,
        }
    }
}

/// Something that happened, for [`super::emit_many`].
#[derive(Debug, Clone)]
pub struct NewDelivery {
    pub project: ProjectId,
    pub event: CallbackEvent,
    /// What stands under `data` in the payload.
    pub payload: Value,
}

/// The text that is sent: made once, and signed and sent as it is from then on.
pub(super) fn envelope(event: DeliveryEvent, at: Timestamp, data: &Value) -> String {
    json!({ "type": event, "timestamp": at, "data": data }).to_string()
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Delivery {
    pub id: DeliveryId,
    pub project: ProjectRef,
    /// Stable over retries and resends.
    pub event_id: EventId,
    pub event: DeliveryEvent,
    /// Where it was last sent, or will be.
    pub url: String,
    pub state: DeliveryState,
    pub attempts: i64,
    pub last_status: Option<i64>,
    /// Why there was no answer.
    pub last_error: Option<DeliveryTrouble>,
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// One try, as it went.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = DeliveryAttempt)]
pub struct Attempt {
    pub at: Timestamp,
    /// Absent where there was no answer.
    pub status: Option<i64>,
    /// Why there was none.
    pub error: Option<DeliveryTrouble>,
    /// And more of that, for whoever looks into it: an address, or what the server's network has said.
    pub detail: Option<String>,
    pub duration_ms: i64,
    /// The first 2 KiB of the answer.
    pub response: String,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DeliveryDetail {
    pub delivery: Delivery,
    pub payload: String,
    /// Newest first, the last hundred.
    pub attempts: Vec<Attempt>,
}

#[derive(Debug, Default)]
pub struct DeliveryFilter {
    pub project: Option<ProjectId>,
    pub state: Option<DeliveryState>,
    pub event: Option<DeliveryEvent>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Word;

    #[test]
    fn each_event_keeps_its_word() {
        for event in CallbackEvent::ALL {
            assert_eq!(DeliveryEvent::from(*event).as_str(), event.as_str());
        }
        assert_eq!(DeliveryEvent::ALL.len(), CallbackEvent::ALL.len() + 1);
    }

    #[test]
    fn k3_2c_a_callback_says_what_happened_when_and_to_what() {
        let text = envelope(DeliveryEvent::KeyActivated, Timestamp::from_unix(1_795_248_000), &json!({"key_hint": "4RTD2"}));
        let expected = json!({"type": "key.activated", "timestamp": "2026-11-21T08:00:00Z", "data": {"key_hint": "4RTD2"}});
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    }
}
