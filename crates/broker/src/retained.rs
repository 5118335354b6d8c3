//! Retained messages, in memory ([`kept`](crate::kept)). `rmqtt` brings a store that keeps none.
//!
//! **Invariant**: nobody hears an older message of a topic after a newer one. A message is kept before it is sent on, and who subscribes is
//! sent what is kept under the same lock. `rmqtt` by itself reads at one time and sends at another: so we send ([`Retained::tell`]), and to
//! its own question there is nothing to answer.
//!
//! **Invariant**: what was left by an old password is gone once it does not hold, and none is left by it any more: who was sent away is asked for
//! under the same lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rmqtt::codec::v5::RetainHandling;
use rmqtt::retain::RetainStorage;
use rmqtt::session::Session;
use rmqtt::types::{Message, Publish, Retain, Subscribe, TimedValue, TimestampMillis, TopicFilter, TopicName};
use rmqtt::utils::timestamp_millis;

use crate::expelled::{Expelled, is_of_before};
use crate::kept::Kept;

/// What a message takes besides its texts, roughly.
const OVERHEAD: usize = 512;

/// Under this name a session remembers whether what is being subscribed to was subscribed to before.
const AGAIN: &str = "again";

#[derive(Clone)]
pub(crate) struct Retained {
    kept: Arc<Mutex<Kept<Retain>>>,
    expelled: Expelled,
}

/// Before somebody subscribes: whether it has this subscription already, which some ask us to tell apart.
pub(crate) async fn before(session: &Session, subscribe: &Subscribe) {
    if let Some(RetainHandling::AtSubscribeNew) = subscribe.opts.retain_handling()
        && let Ok(present) = session.subscriptions().await
    {
        let again = present.read().await.contains_key(&subscribe.topic_filter);
        session.extra_attrs.write().await.insert(AGAIN.into(), again);
    }
}

impl Retained {
    pub fn new(expelled: Expelled) -> Self {
        Self { kept: Arc::default(), expelled }
    }

    /// Sends what is retained to one who has just subscribed.
    pub async fn tell(&self, session: &Session, subscribed: &Subscribe) {
        let wanted = match subscribed.opts.retain_handling() {
            None | Some(RetainHandling::AtSubscribe) => true,
            Some(RetainHandling::AtSubscribeNew) => session.extra_attrs.read().await.get::<bool>(AGAIN) != Some(&true),
            Some(RetainHandling::NoAtSubscribe) => false,
        };
        let entry = session.scx.extends.shared().await.entry(session.id.clone());
        let Some(connection) = entry.tx().filter(|_| wanted && entry.id_same() == Some(true)) else { return };
        for (topic, retain) in self.lock().matching(&subscribed.topic_filter) {
            let mut publish = retain.publish.clone();
            publish.topic = TopicName::from(topic);
            publish.retain = true;
            publish.qos = publish.qos.less_value(subscribed.opts.qos());
            if connection.unbounded_send(Message::Forward(retain.from.clone(), publish)).is_err() {
                // It has just ended.
                return;
            }
        }
    }

    /// Lets go of all that this user's connections have left that began by then. That they did has to be noted before, or they leave more.
    pub fn forget(&self, user: &str, at: TimestampMillis) {
        let now = timestamp_millis();
        self.lock().forget(|retain| retain.from.id.username_ref() == user && is_of_before(retain.from.id.create_time, at, now));
    }

    fn lock(&self) -> MutexGuard<'_, Kept<Retain>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RetainStorage for Retained {
    fn enable(&self) -> bool {
        true
    }

    fn need_sync(&self) -> bool {
        false
    }

    async fn set(&self, topic: &TopicName, mut retain: Retain, expiry: Option<Duration>) -> rmqtt::Result<()> {
        let mut kept = self.lock();
        if self.expelled.was(&retain.from.id) {
            return Ok(());
        }
        if retain.publish.payload.is_empty() {
            kept.remove(topic);
            return Ok(());
        }
        detach(&mut retain.publish);
        let bytes = OVERHEAD + topic.len() + size(&retain.publish);
        let expiry = expiry.filter(|after| !after.is_zero());
        let user = retain.from.id.username_ref().to_owned();
        if !kept.put(topic, user, TimedValue::new(retain, expiry), bytes) {
            tracing::debug!(topic = &**topic, "a message is not retained: there is no room for more");
        }
        Ok(())
    }

    async fn get(&self, _: &TopicFilter) -> rmqtt::Result<Vec<(TopicName, Retain)>> {
        Ok(Vec::new())
    }

    async fn count(&self) -> isize {
        isize::try_from(self.lock().count()).unwrap_or(isize::MAX)
    }

    async fn max(&self) -> isize {
        self.count().await
    }
}

/// Leaves in it only what is kept. What arrives shares one buffer with whatever was read along with it, and would keep all of it in memory.
fn detach(publish: &mut Publish) {
    let copy = |text: &TopicName| TopicName::from(&**text);
    publish.dup = false;
    publish.packet_id = None;
    publish.payload = publish.payload.to_vec().into();
    // The topic it is sent under is the one it was kept under.
    publish.topic = TopicName::default();
    if let Some(properties) = &mut publish.properties {
        properties.content_type = properties.content_type.as_ref().map(copy);
        properties.response_topic = properties.response_topic.as_ref().map(copy);
        properties.correlation_data = properties.correlation_data.as_ref().map(|data| data.to_vec().into());
        for (name, value) in &mut properties.user_properties {
            (*name, *value) = (copy(name), copy(value));
        }
    }
}

fn size(publish: &Publish) -> usize {
    let properties = publish.properties.as_ref().map_or(0, |properties| {
        let texts = [&properties.content_type, &properties.response_topic];
        let pairs =
            properties.user_properties.iter().map(|(name, value)| name.len() + value.len() + size_of_val(name) + size_of_val(value));
        texts.into_iter().flatten().map(|text| text.len()).sum::<usize>()
            + properties.correlation_data.as_ref().map_or(0, |data| data.len())
            + pairs.sum::<usize>()
    });
    publish.payload.len() + properties
}

#[cfg(test)]
mod tests {
    use rmqtt::codec::types::Publish as Packet;
    use rmqtt::types::{Id, QoS};

    use super::*;

    #[tokio::test]
    async fn whoever_was_sent_away_leaves_nothing_and_takes_nothing_away() {
        let expelled = Expelled::default();
        let retained = Retained::new(expelled.clone());
        let (before, topic) = (Id::new(1, 1, None, None, "lamp7".into(), Some("lamp7".into())), TopicName::from("tele/lamp7/LWT"));
        let says = |who: &Id, text: &str| {
            let (topic, payload) = (topic.clone(), text.to_owned().into());
            let packet = Packet { dup: false, retain: true, qos: QoS::AtMostOnce, topic, packet_id: None, payload, properties: None };
            Retain { msg_id: None, from: rmqtt::types::From::from_custom(who.clone()), publish: packet.into() }
        };
        let kept = || retained.lock().matching("#").map(|(_, retain)| retain.publish.payload.to_vec()).collect::<Vec<_>>();
        retained.set(&topic, says(&before, "Online"), None).await.unwrap();
        expelled.note("lamp7", before.create_time);
        retained.forget("lamp7", before.create_time);
        assert!(kept().is_empty());
        retained.set(&topic, says(&before, "Offline"), None).await.unwrap();
        assert!(kept().is_empty(), "its will comes when all is forgotten");
        // As if it had come since.
        expelled.note("lamp7", before.create_time - 1);
        retained.set(&topic, says(&before, "Online"), None).await.unwrap();
        expelled.note("lamp7", before.create_time);
        retained.set(&topic, says(&before, ""), None).await.unwrap();
        assert_eq!(kept(), [b"Online".to_vec()]);
    }
}
