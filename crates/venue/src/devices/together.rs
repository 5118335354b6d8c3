//! Whether a light that is away went together with its hall: then it is the network that is away, or the power, and no light has failed. Pure, but
//! for where the hall's lights are read.
//!
//! Lights fail one by one. That two of them go at the same time by themselves, and half of a hall with them, does not happen.

use kernel::{MINUTE, Timestamp};
use store::Sql;

use super::device::Device;
use super::rows::of_venue;

/// Brokers miss those who went at one moment one after the other: each when its own keep-alive is over.
pub(crate) const AT_ONCE: i64 = 2 * MINUTE;

/// Since when a light is there, or away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Presence {
    online: bool,
    since: Timestamp,
}

/// Whether a light that is away since `left` went with `others` of its hall: at least half of all that were there, and not alone.
fn went_together(left: Timestamp, others: impl IntoIterator<Item = Presence>) -> bool {
    let (mut gone, mut stayed) = (0, 0);
    for other in others {
        if other.online && other.since <= left {
            stayed += 1;
        } else if other.since >= left.plus_micros(-AT_ONCE) {
            // Away since about then; or there again since, and who comes back has been away.
            gone += 1;
        }
        // Who was away before says nothing of now.
    }
    gone > 0 && gone + 1 >= stayed
}

/// Whether a light that is away went with its hall.
pub(crate) async fn is_the_halls(sql: &mut impl Sql, light: &Device) -> store::Result<bool> {
    let lights = of_venue(sql, light.venue_id).await?;
    // Those of tables that were given up are nowhere.
    let others = lights.iter().filter(|other| other.id != light.id && (other.topic.is_some() || other.address.is_some()));
    Ok(went_together(light.online_since, others.map(|other| Presence { online: other.online, since: other.online_since })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SECOND;
    use proptest::prelude::*;

    const LEFT: Timestamp = Timestamp::from_unix(1_795_248_000);

    /// So many seconds before, or after, the light in question has left.
    fn other(online: bool, seconds: i64) -> Presence {
        Presence { online, since: LEFT.plus_seconds(seconds) }
    }

    fn others() -> impl Strategy<Value = Vec<Presence>> {
        prop::collection::vec((any::<bool>(), -600..600_i64).prop_map(|(online, seconds)| other(online, seconds)), 0..12)
    }

    #[test]
    fn v5_2_a_light_that_goes_alone_has_failed_and_half_a_hall_has_not() {
        let (stays, goes, is_back) = (other(true, -3_600), other(false, 30), other(true, 20));
        assert!(!went_together(LEFT, []), "the only one of its hall");
        assert!(!went_together(LEFT, [stays]) && !went_together(LEFT, [stays; 11]));
        assert!(went_together(LEFT, [goes]) && went_together(LEFT, [goes, stays]) && went_together(LEFT, [goes, stays, stays]));
        assert!(!went_together(LEFT, [goes, stays, stays, stays]), "two of five");
        assert!(went_together(LEFT, [is_back, goes, stays]), "the network is coming back");
        assert!(!went_together(LEFT, [other(false, -121)]), "that one was away before");
        assert!(went_together(LEFT, [other(false, -120)]));
    }

    proptest! {
        #[test]
        fn v5_2_who_stays_speaks_against_the_network_and_who_goes_for_it(others in others()) {
            let with = |one: Presence| went_together(LEFT, others.iter().copied().chain([one]));
            let is = went_together(LEFT, others.iter().copied());
            prop_assert!(is || !with(other(true, 0)));
            prop_assert!(!is || with(other(false, 0)));
            prop_assert_eq!(is, with(Presence { online: false, since: LEFT.plus_micros(-AT_ONCE - SECOND) }), "who was away before says nothing");
            let stayed = others.iter().filter(|other| other.online && other.since <= LEFT).count();
            prop_assert!(!is || others.len() > stayed, "never of one that goes alone");
            prop_assert!(!is || others.len() - stayed + 1 >= stayed, "nor of less than half");
        }
    }
}
