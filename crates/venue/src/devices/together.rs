//! Whether a light that is away went together with its hall: then it is the network that is away, or the power, and no light has failed. Pure, but
//! for where the hall's lights are read.
//!
//! Devices fail one by one. That two of them go at the same time by themselves, and half of a hall with them, does not happen. A relay with several
//! channels, or a board with several coils, is one device, whatever hangs on it: where it goes, all of its lights do. So in a hall that has one
//! device nobody can tell its network from it.

use std::collections::BTreeMap;

use kernel::{MINUTE, Timestamp};
use store::Sql;

use super::device::Device;
use super::rows::of_venue;

/// Brokers miss those who went at one moment one after the other: each when its own keep-alive is over.
pub(crate) const AT_ONCE: i64 = 2 * MINUTE;

/// Since when a light is there, or away, and when it last left, if it ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Presence {
    online: bool,
    since: Timestamp,
    left_at: Option<Timestamp>,
}

/// What a light says of the moment at which another one has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Stayed,
    /// About then. It may be there again.
    Went,
}

impl Presence {
    fn of(light: &Device) -> Self {
        Self { online: light.online, since: light.online_since, left_at: light.left_at }
    }

    /// Nothing of one that was away before, has come since, or was never there. To come anew without having been missed is not to have been away.
    fn at(self, left: Timestamp) -> Option<Says> {
        if self.left_at.is_some_and(|at| (at.micros() - left.micros()).abs() <= AT_ONCE) {
            return Some(Says::Went);
        }
        (self.online && self.since <= left).then_some(Says::Stayed)
    }
}

/// Whether a light that is away since `left` went with the other devices of its hall, each with its lights: at least half of all that were there, and
/// not alone. A device one of whose lights stayed is there.
fn went_together(left: Timestamp, others: impl IntoIterator<Item = Vec<Presence>>) -> bool {
    let (mut gone, mut stayed) = (0, 0);
    for lights in others {
        let says: Vec<Says> = lights.iter().filter_map(|light| light.at(left)).collect();
        if says.contains(&Says::Stayed) {
            stayed += 1;
        } else if says.contains(&Says::Went) {
            gone += 1;
        }
    }
    gone > 0 && gone + 1 >= stayed
}

/// Whether a light that is away went with its hall.
pub(crate) async fn is_the_halls(sql: &mut impl Sql, light: &Device) -> store::Result<bool> {
    let lights = of_venue(sql, light.venue_id).await?;
    let own = is_on(light);
    let mut others: BTreeMap<_, Vec<Presence>> = BTreeMap::new();
    for other in &lights {
        // Those of tables that were given up are nowhere.
        if let Some(device) = is_on(other).filter(|device| Some(*device) != own) {
            others.entry(device).or_default().push(Presence::of(other));
        }
    }
    Ok(went_together(light.online_since, others.into_values()))
}

/// Whether other lights on the same device left with it: then it was the device that went, whatever each of them was told just before.
pub(crate) async fn is_the_devices(sql: &mut impl Sql, light: &Device) -> store::Result<bool> {
    let Some(own) = is_on(light) else { return Ok(false) };
    let lights = of_venue(sql, light.venue_id).await?;
    let beside = lights.iter().filter(|other| other.id != light.id && is_on(other) == Some(own));
    Ok(beside.map(Presence::of).any(|other| other.at(light.online_since) == Some(Says::Went)))
}

/// On which device a light is: by its name on the broker, or by its board's address. All units behind an address share its way.
fn is_on(light: &Device) -> Option<(&str, Option<u16>)> {
    let on_broker = light.topic.as_deref().map(|topic| (topic, None));
    on_broker.or_else(|| light.address.as_ref().map(|at| (at.host.as_str(), Some(at.port))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEFT: Timestamp = Timestamp::from_unix(1_795_248_000);

    /// So many seconds after the light in question has left, or before.
    fn at(seconds: i64) -> Timestamp {
        LEFT.plus_seconds(seconds)
    }

    /// It is there since then, and had left before, or never.
    fn there(since: i64, left: Option<i64>) -> Presence {
        Presence { online: true, since: at(since), left_at: left.map(at) }
    }

    fn away(since: i64) -> Presence {
        Presence { online: false, since: at(since), left_at: Some(at(since)) }
    }

    /// It was never there: somebody has added it then.
    fn added(since: i64) -> Presence {
        Presence { online: false, since: at(since), left_at: None }
    }

    /// The same of lights that are each on a device of its own.
    fn went(others: &[Presence]) -> bool {
        went_together(LEFT, others.iter().map(|other| vec![*other]))
    }

    fn presence() -> impl Strategy<Value = Presence> {
        let presence = |(online, since, left): (bool, i64, Option<i64>)| match (online, left) {
            (true, left) => there(since, left),
            (false, Some(_)) => away(since),
            (false, None) => added(since),
        };
        (any::<bool>(), -600..600_i64, prop::option::of(-600..600_i64)).prop_map(presence)
    }

    fn others() -> impl Strategy<Value = Vec<Vec<Presence>>> {
        prop::collection::vec(prop::collection::vec(presence(), 1..4), 0..12)
    }

    #[test]
    fn v5_2_a_light_that_goes_alone_has_failed_and_half_a_hall_has_not() {
        let (stays, goes, is_back) = (there(-3_600, None), away(30), there(20, Some(-10)));
        assert!(!went(&[]), "the only one of its hall");
        assert!(!went(&[stays]) && !went(&[stays; 11]));
        assert!(went(&[goes]) && went(&[goes, stays]) && went(&[goes, stays, stays]));
        assert!(!went(&[goes, stays, stays, stays]), "two of five");
        assert!(went(&[is_back, goes, stays]), "the network is coming back");
        assert!(!went(&[away(-121)]), "that one was away before");
        assert!(went(&[away(-120)]) && went(&[away(120)]));
        assert!(!went(&[away(121)]), "and that one is another story");
    }

    #[test]
    fn v5_2_who_comes_or_is_new_did_not_go() {
        let (stays, goes) = (there(-3_600, None), away(30));
        for comes in [there(20, None), there(20, Some(-3_600)), added(20), added(-60)] {
            assert!(!went(&[comes]) && !went(&[comes; 7]), "{comes:?}");
            assert!(went(&[goes, stays, stays, comes]), "nor did it stay: {comes:?}");
        }
    }

    #[test]
    fn v5_2_a_relay_with_several_channels_is_no_hall() {
        let (stays, goes) = (there(-3_600, None), away(30));
        assert!(went_together(LEFT, [vec![goes; 8], vec![stays], vec![stays]]), "it is one of three");
        assert!(!went_together(LEFT, [vec![goes; 8], vec![stays], vec![stays], vec![stays]]), "and of four");
        assert!(!went_together(LEFT, [vec![goes, stays]]), "one of its channels is missed, and it is there");
    }

    proptest! {
        #[test]
        fn v5_2_who_stays_speaks_against_the_network_and_who_goes_for_it(others in others()) {
            let with = |one: Presence| went_together(LEFT, others.iter().cloned().chain([vec![one]]));
            let is = went_together(LEFT, others.iter().cloned());
            prop_assert!(is || !with(there(0, None)));
            prop_assert!(!is || with(away(0)));
            for nothing in [away(-121), added(0), there(1, None), there(1, Some(-121))] {
                prop_assert_eq!(is, with(nothing), "{:?} says nothing", nothing);
            }
            let twice = others.iter().map(|lights| lights.repeat(2));
            prop_assert_eq!(is, went_together(LEFT, twice), "a device is one, however many lights are on it");
            let stays = |lights: &&Vec<Presence>| lights.iter().any(|light| light.at(LEFT) == Some(Says::Stayed));
            let stayed = others.iter().filter(stays).count();
            prop_assert!(!is || others.len() > stayed, "never of one that goes alone");
            prop_assert!(!is || others.len() - stayed + 1 >= stayed, "nor of less than half");
        }
    }
}
