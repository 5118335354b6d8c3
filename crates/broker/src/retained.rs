//! Retained messages, in memory. `rmqtt` brings a store that keeps none.
//!
//! **Invariant**: no more than [`MOST`] bytes. Beyond them nothing new is kept, and what is kept stays.
//!
//! **Invariant**: nobody hears an older message of a topic after a newer one. A message is kept before it is sent on, and who subscribes is
//! sent what is kept under the same lock. `rmqtt` by itself reads at one time and sends at another: so we send ([`Retained::tell`]), and to
//! its own question there is nothing to answer.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rmqtt::codec::v5::RetainHandling;
use rmqtt::retain::RetainStorage;
use rmqtt::session::Session;
use rmqtt::types::{Message, Publish, Retain, Subscribe, TimedValue, TopicFilter, TopicName};

use crate::topics;

/// A device can publish on as many topics as it likes below its own.
const MOST: usize = 64 << 20;
/// What a message takes besides its texts, roughly.
const OVERHEAD: usize = 512;

/// Under this name a session remembers whether what is being subscribed to was subscribed to before.
const AGAIN: &str = "again";

#[derive(Clone, Default)]
pub(crate) struct Retained(Arc<Mutex<Kept<Retain>>>);

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

    fn lock(&self) -> MutexGuard<'_, Kept<Retain>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        if retain.publish.payload.is_empty() {
            kept.remove(topic);
            return Ok(());
        }
        detach(&mut retain.publish);
        let bytes = OVERHEAD + topic.len() + size(&retain.publish);
        let expiry = expiry.filter(|after| !after.is_zero());
        if !kept.put(topic, TimedValue::new(retain, expiry), bytes, MOST) {
            tracing::warn!(topic = &**topic, "a message is not retained: there is no room for more");
        }
        Ok(())
    }

    async fn get(&self, _: &TopicFilter) -> rmqtt::Result<Vec<(TopicName, Retain)>> {
        Ok(Vec::new())
    }

    async fn count(&self) -> isize {
        isize::try_from(self.lock().messages.len()).unwrap_or(isize::MAX)
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

/// Messages by topic, in order, so that those of a filter stand together.
struct Kept<M> {
    messages: BTreeMap<String, (TimedValue<M>, usize)>,
    bytes: usize,
}

impl<M> Default for Kept<M> {
    fn default() -> Self {
        Self { messages: BTreeMap::new(), bytes: 0 }
    }
}

impl<M> Kept<M> {
    /// Whether it is kept now. If not, an older one on the topic is gone all the same: it is not true any more.
    fn put(&mut self, topic: &str, message: TimedValue<M>, bytes: usize, most: usize) -> bool {
        self.remove(topic);
        if self.bytes + bytes > most {
            self.sweep();
        }
        let fits = self.bytes + bytes <= most;
        if fits {
            self.bytes += bytes;
            self.messages.insert(topic.to_owned(), (message, bytes));
        }
        fits
    }

    fn remove(&mut self, topic: &str) {
        if let Some((_, bytes)) = self.messages.remove(topic) {
            self.bytes -= bytes;
        }
    }

    /// Lets go of what has expired.
    fn sweep(&mut self) {
        let bytes = &mut self.bytes;
        self.messages.retain(|_, (message, size)| {
            let keep = !message.is_expired();
            if !keep {
                *bytes -= *size;
            }
            keep
        });
    }

    fn matching<'a>(&'a self, filter: &'a str) -> impl Iterator<Item = (&'a str, &'a M)> {
        let beginning = topics::beginning(filter);
        self.messages
            .range::<str, _>((Bound::Included(beginning), Bound::Unbounded))
            .take_while(move |(topic, _)| topic.starts_with(beginning))
            .filter(move |(topic, (message, _))| topics::matches(filter, topic) && !message.is_expired())
            .map(|(topic, (message, _))| (topic.as_str(), message.value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lasting(message: u32) -> TimedValue<u32> {
        TimedValue::new(message, None)
    }

    fn over(message: u32) -> TimedValue<u32> {
        TimedValue::new(message, Some(Duration::ZERO))
    }

    fn found(kept: &Kept<u32>, filter: &str) -> Vec<u32> {
        kept.matching(filter).map(|(_, message)| *message).collect()
    }

    #[test]
    fn a_filter_finds_its_messages_and_no_others() {
        let mut kept = Kept::default();
        for (message, topic) in ["stat/a", "tele", "tele/a", "tele/a/LWT", "tele/ab/LWT", "tele/b/LWT", "$SYS/x"].into_iter().enumerate() {
            assert!(kept.put(topic, lasting(u32::try_from(message).unwrap()), 1, 100));
        }
        assert_eq!(found(&kept, "tele/+/LWT"), [3, 4, 5]);
        assert_eq!(found(&kept, "tele/a/#"), [2, 3]);
        assert_eq!(found(&kept, "tele/#"), [1, 2, 3, 4, 5]);
        assert_eq!(found(&kept, "tele/a"), [2]);
        assert_eq!(found(&kept, "#"), [0, 1, 2, 3, 4, 5]);
        assert_eq!(found(&kept, "$SYS/#"), [6]);
    }

    #[test]
    fn what_is_replaced_removed_or_over_takes_no_room() {
        let mut kept = Kept::default();
        assert!(kept.put("a", lasting(1), 60, 100));
        assert!(kept.put("a", lasting(2), 50, 100));
        assert!(!kept.put("b", lasting(3), 60, 100), "beside the other there is no room");
        assert!(kept.put("b", over(4), 50, 100));
        assert_eq!(found(&kept, "#"), [2], "it has expired");
        assert!(kept.put("c", lasting(5), 50, 100), "in the place of what has expired");
        assert!(!kept.put("c", lasting(6), 60, 100));
        assert_eq!(found(&kept, "#"), [2], "5 is not the last word any more");
        kept.remove("a");
        assert_eq!((kept.messages.len(), kept.bytes), (0, 0));
    }
}
