//! Messages by topic, and how many bytes of them.
//!
//! **Invariant**: no more than [`MOST`] bytes, of which each user has [`EACH`]. Beyond them nothing new is kept, and what is kept stays.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use rmqtt::types::TimedValue;

use crate::topics;

const MOST: usize = 64 << 20;
/// A device can publish on as many topics as it likes below its own, and has one message to keep: that it is there. What others keep is not to
/// be lost for that.
const EACH: usize = 64 << 10;

/// Messages by topic, in order, so that those of a filter stand together.
pub(crate) struct Kept<M> {
    messages: BTreeMap<String, Item<M>>,
    bytes: usize,
    /// Of each user.
    shares: HashMap<String, usize>,
    /// In all, and of each user.
    most: (usize, usize),
}

struct Item<M> {
    message: TimedValue<M>,
    bytes: usize,
    user: String,
}

impl<M> Default for Kept<M> {
    fn default() -> Self {
        Self { messages: BTreeMap::new(), bytes: 0, shares: HashMap::new(), most: (MOST, EACH) }
    }
}

impl<M> Kept<M> {
    /// Whether it is kept now. If not, an older one on the topic is gone all the same: it is not true any more.
    pub fn put(&mut self, topic: &str, user: String, message: TimedValue<M>, bytes: usize) -> bool {
        self.remove(topic);
        if !self.has_room(&user, bytes) {
            self.sweep();
        }
        let fits = self.has_room(&user, bytes);
        if fits {
            self.bytes += bytes;
            *self.shares.entry(user.clone()).or_default() += bytes;
            self.messages.insert(topic.to_owned(), Item { message, bytes, user });
        }
        fits
    }

    pub fn count(&self) -> usize {
        self.messages.len()
    }

    fn has_room(&self, user: &str, bytes: usize) -> bool {
        let (in_all, of_one) = self.most;
        self.bytes + bytes <= in_all && self.shares.get(user).copied().unwrap_or_default() + bytes <= of_one
    }

    pub fn remove(&mut self, topic: &str) {
        if let Some(item) = self.messages.remove(topic) {
            self.has_left(&item);
        }
    }

    fn has_left(&mut self, item: &Item<M>) {
        self.bytes -= item.bytes;
        if let Some(share) = self.shares.get_mut(&item.user) {
            *share -= item.bytes;
            if *share == 0 {
                self.shares.remove(&item.user);
            }
        }
    }

    /// Lets go of what has expired.
    fn sweep(&mut self) {
        self.leave(|item| item.message.is_expired());
    }

    pub fn forget(&mut self, these: impl Fn(&M) -> bool) {
        self.leave(|item| these(item.message.value()));
    }

    fn leave(&mut self, these: impl Fn(&Item<M>) -> bool) {
        let gone: Vec<String> = self.messages.iter().filter(|(_, item)| these(item)).map(|(topic, _)| topic.clone()).collect();
        for topic in gone {
            self.remove(&topic);
        }
    }

    pub fn matching<'a>(&'a self, filter: &'a str) -> impl Iterator<Item = (&'a str, &'a M)> {
        let beginning = topics::beginning(filter);
        self.messages
            .range::<str, _>((Bound::Included(beginning), Bound::Unbounded))
            .take_while(move |(topic, _)| topic.starts_with(beginning))
            .filter(move |(topic, item)| topics::matches(filter, topic) && !item.message.is_expired())
            .map(|(topic, item)| (topic.as_str(), item.message.value()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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

    /// With room for 100 bytes in all, and this of each user.
    fn room(of_one: usize) -> Kept<u32> {
        Kept { most: (100, of_one), ..Kept::default() }
    }

    #[test]
    fn a_filter_finds_its_messages_and_no_others() {
        let mut kept = room(100);
        for (message, topic) in ["stat/a", "tele", "tele/a", "tele/a/LWT", "tele/ab/LWT", "tele/b/LWT", "$SYS/x"].into_iter().enumerate() {
            assert!(kept.put(topic, "a".into(), lasting(u32::try_from(message).unwrap()), 1));
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
        let mut kept = room(100);
        let mut put = |topic: &str, message, bytes| (kept.put(topic, "a".into(), message, bytes), found(&kept, "#"));
        assert_eq!(put("a", lasting(1), 60), (true, vec![1]));
        assert_eq!(put("a", lasting(2), 50), (true, vec![2]));
        assert_eq!(put("b", lasting(3), 60), (false, vec![2]), "beside the other there is no room");
        assert_eq!(put("b", over(4), 50), (true, vec![2]), "it has expired");
        assert_eq!(put("c", lasting(5), 50), (true, vec![2, 5]), "in the place of what has expired");
        assert_eq!(put("c", lasting(6), 60), (false, vec![2]), "5 is not the last word any more");
        kept.remove("a");
        assert_eq!((kept.messages.len(), kept.bytes, kept.shares.len()), (0, 0, 0));
    }

    #[test]
    fn nobody_takes_the_room_of_others_and_what_one_has_left_is_forgotten_alone() {
        let mut kept = room(40);
        assert!(kept.put("a/1", "a".into(), lasting(1), 30));
        assert!(!kept.put("a/2", "a".into(), lasting(2), 20), "its own is taken");
        assert!(kept.put("b/1", "b".into(), lasting(3), 40));
        kept.forget(|message| *message == 3);
        assert_eq!((found(&kept, "#"), kept.bytes), (vec![1], 30));
        assert!(kept.put("b/2", "b".into(), lasting(4), 40));
        assert!(!kept.put("c", "c".into(), lasting(5), 40), "nor is there more than all");
    }
}
