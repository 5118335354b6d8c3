//! How many of something that lasts one user may have open at once, and all users together: live pages, downloads, bulk changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use platform::identity::UserId;

#[derive(Clone)]
pub struct Places {
    taken: Arc<Mutex<HashMap<UserId, usize>>>,
    of_one: usize,
    in_all: usize,
}

/// One of them; free again when dropped.
pub struct Place {
    places: Places,
    user: UserId,
}

impl Places {
    pub fn new(of_one: usize, in_all: usize) -> Self {
        Self { taken: Arc::default(), of_one, in_all }
    }

    /// None where the user has as many as one may have, or all have.
    pub fn take(&self, user: UserId) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(&user).copied().unwrap_or(0);
        if own >= self.of_one || taken.values().sum::<usize>() >= self.in_all {
            return None;
        }
        taken.insert(user, own + 1);
        Some(Place { places: self.clone(), user })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.user) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_so_many_and_all_have_so_many_and_what_ends_makes_room() {
        let places = Places::new(2, 3);
        let [one, two, three] = [1, 2, 3].map(|n| UserId::from_uuid(uuid::Uuid::from_u128(n)));
        let first = places.take(one);
        let _second = places.take(one);
        assert!(first.is_some() && places.take(one).is_none(), "two of one");
        let _other = places.take(two);
        assert!(places.take(three).is_none(), "three in all");
        drop(first);
        assert!(places.take(three).is_some_and(|place| places.take(one).is_none() && place.user == three));
        assert!(places.take(one).is_some());
    }
}
