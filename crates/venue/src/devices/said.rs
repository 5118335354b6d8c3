//! What devices say, and of which of their channels. Pure.
//!
//! A relay with several channels has a light on each, and one message may speak of some of them, or of all. A relay that is alone is the first
//! channel of its device, whatever it calls itself.

use std::ops::RangeInclusive;

use super::{Driver, shelly, tasmota};

/// The channel of a device that has no other.
pub const FIRST: i64 = 1;
/// Those that can be used. Behind the eighth a Tasmota's timers are those of the first ones again.
pub const CHANNELS: RangeInclusive<i64> = FIRST..=8;

/// What a device has said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said {
    /// It is on the broker, or the broker says that it is gone.
    Online(bool),
    /// Its relay is on, or off.
    Power(bool),
    /// So much passes through its relay, which is on, or off, where it says that too.
    Draws { milliwatts: i64, on: Option<bool> },
    /// There is no such channel.
    Missing,
    /// Its board answers, and refuses to say how its coil stands, with this code.
    Refused(u8),
}

/// Of which of its channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Of all of them.
    All,
    One(i64),
    /// Of whatever would come behind this one.
    Beyond(i64),
    /// Of all of them together: of one light only where no other is on the device.
    Together,
}

impl Of {
    /// Whether a light on this channel is meant. `alone`: no other is on its device.
    pub fn means(self, channel: i64, alone: bool) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == channel,
            Self::Beyond(last) => channel > last,
            Self::Together => alone,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saying {
    pub of: Of,
    pub said: Said,
}

impl Saying {
    pub(super) const fn online(online: bool) -> Self {
        Self { of: Of::All, said: Said::Online(online) }
    }

    pub(super) const fn of(channel: i64, said: Said) -> Self {
        Self { of: Of::One(channel), said }
    }
}

/// Under which topics devices speak, of whatever kind.
pub fn heard_topics() -> impl Iterator<Item = &'static str> {
    tasmota::HEARD.into_iter().chain(shelly::HEARD)
}

/// Which device says what, and in whose words. No two kinds share a topic.
pub(super) fn parse<'a>(topic: &'a str, payload: &[u8]) -> Option<(Driver, &'a str, Vec<Saying>)> {
    if let Some((device, sayings)) = tasmota::parse(topic, payload) {
        return Some((Driver::Tasmota, device, sayings));
    }
    shelly::parse(topic, payload).map(|(device, sayings)| (Driver::Shelly, device, sayings))
}

/// Some of a device's channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Channels(u16);

impl Channels {
    fn with(self, of: Of) -> Self {
        let bits = match of {
            Of::All | Of::Together => 1_u16,
            Of::One(channel) => 1_u16 << channel,
            Of::Beyond(last) => u16::MAX << (last + 1),
        };
        Self(self.0 | bits)
    }

    fn are_all_in(self, others: Self) -> bool {
        self.0 & others.0 == self.0
    }
}

/// What a message is about. Once another about the same has come, it says nothing of how its device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// That a device is there, or gone: what the broker keeps is true of that alone. How a relay stood is of before.
    Presence,
    /// How these relays of its stand.
    Relay(Channels),
    /// What passes through these, and nothing of how they stand.
    Power(Channels),
}

impl About {
    /// Whether whatever is about the other has nothing more to say, once something about this has come.
    pub fn covers(self, other: Self) -> bool {
        match (self, other) {
            (Self::Presence, Self::Presence) => true,
            (Self::Relay(ours), Self::Relay(theirs)) | (Self::Power(ours), Self::Power(theirs)) => theirs.are_all_in(ours),
            (Self::Presence | Self::Relay(_) | Self::Power(_), _) => false,
        }
    }
}

/// `None` for what says nothing of a device.
pub fn about(topic: &str, payload: &[u8]) -> Option<About> {
    let (_, _, sayings) = parse(topic, payload)?;
    let (mut relays, mut power) = (Channels::default(), Channels::default());
    for Saying { of, said } in sayings {
        match said {
            Said::Online(_) => return Some(About::Presence),
            Said::Power(_) | Said::Draws { on: Some(_), .. } | Said::Missing | Said::Refused(_) => relays = relays.with(of),
            Said::Draws { on: None, .. } => power = power.with(of),
        }
    }
    Some(if relays == Channels::default() { About::Power(power) } else { About::Relay(relays) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(topic: &str, payload: &str) -> About {
        about(topic, payload.as_bytes()).expect("it says something")
    }

    #[test]
    fn v5_2_what_one_channel_says_does_not_make_old_what_another_has_said() {
        let first = of("stat/lamp7/RESULT", r#"{"POWER1":"ON"}"#);
        let second = of("stat/lamp7/RESULT", r#"{"POWER2":"ON"}"#);
        let all = of("tele/lamp7/STATE", r#"{"POWER1":"ON","POWER2":"OFF"}"#);
        assert!(first.covers(first) && all.covers(first) && all.covers(second));
        assert!(!first.covers(second) && !second.covers(first) && !first.covers(all));
        assert_eq!(of("stat/lamp7/POWER", "ON"), first, "one that is alone is the first");
        assert_eq!(of("lamp7/events/rpc", r#"{"method":"NotifyStatus","params":{"switch:1":{"output":true}}}"#), second);
    }

    #[test]
    fn v5_2_what_passes_through_a_relay_says_nothing_of_how_it_stands() {
        let relay = of("stat/lamp7/POWER", "ON");
        let power = of("tele/lamp7/SENSOR", r#"{"ENERGY":{"Power":45}}"#);
        let gone = of("tele/lamp7/LWT", "Offline");
        for (n, one) in [relay, power, gone].into_iter().enumerate() {
            for (m, other) in [relay, power, gone].into_iter().enumerate() {
                assert_eq!(one.covers(other), n == m, "{one:?} {other:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn v5_1_each_light_of_a_device_is_meant_by_its_own_channel_alone(one in CHANNELS, channel in CHANNELS, alone: bool) {
            prop_assert_eq!(Of::One(one).means(channel, alone), one == channel);
            prop_assert_eq!(Of::Beyond(one).means(channel, alone), channel > one);
            prop_assert!(Of::All.means(channel, alone));
            prop_assert_eq!(Of::Together.means(channel, alone), alone, "of several it cannot be said whose it is");
        }
    }
}
