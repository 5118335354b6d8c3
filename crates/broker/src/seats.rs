//! How many sessions a device's user has at once.
//!
//! A lamp has one. Whoever has its password could begin thousands, each with what is kept for it, so that the newest few stay.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rmqtt::types::Id;

/// The lamp, whoever looks what is wrong with it, and connections that have ended and are not missed yet.
pub(crate) const EACH: usize = 4;

/// The newest sessions of each user, the newest last. Nobody is removed who goes: it is looked who is there when somebody comes.
#[derive(Clone, Default)]
pub(crate) struct Seats(Arc<Mutex<HashMap<String, Vec<Id>>>>);

impl Seats {
    /// `who` has come. Answers those of its user that have to go for that, of all that are there still.
    pub fn take(&self, who: &Id, is_there: impl Fn(&Id) -> bool) -> Vec<Id> {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = seats.entry(who.username_ref().to_owned()).or_default();
        own.retain(is_there);
        own.push(who.clone());
        let too_many = own.len().saturating_sub(EACH);
        own.drain(..too_many).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_user_the_newest_stay_and_who_has_gone_takes_no_seat() {
        let seats = Seats::default();
        let who = |user: &str, client: &str| Id::new(1, 1, None, None, client.into(), Some(user.into()));
        let first: Vec<Id> = (0..EACH).map(|n| who("lamp7", &n.to_string())).collect();
        for id in &first {
            assert!(seats.take(id, |_| true).is_empty());
        }
        assert!(seats.take(&who("lamp8", "0"), |_| true).is_empty(), "another's");
        assert_eq!(seats.take(&who("lamp7", "new"), |_| true), [first[0].clone()]);
        assert!(seats.take(&who("lamp7", "newer"), |id| *id != first[1]).is_empty(), "it had gone by itself");
        assert_eq!(seats.take(&who("lamp7", "newest"), |_| true), [first[2].clone()]);
    }
}
