//! Tasmota: a relay on MQTT, or several in one device. Topics and payloads as its documentation has them; pure.
//!
//! The relay's own timer (`PulseTime`) is set before each "on": a lost server does not leave lights burning. Every "on" starts it anew.

use std::collections::BTreeMap;

use kernel::Timestamp;
use serde_json::Value;

use super::draw;
use super::light::{LONGEST, Light};
use super::said::{CHANNELS, FIRST, Of, Said, Saying};

/// Topics under which all devices of this kind speak.
pub const HEARD: [&str; 7] =
    ["tele/+/LWT", "tele/+/STATE", "tele/+/SENSOR", "stat/+/RESULT", "stat/+/POWER", "stat/+/STATUS10", "stat/+/STATUS11"];
/// PulseTime says seconds from 112 (12 s) on, a hundred more than there are; 18 hours at most.
const SHORTEST_PULSE: i64 = 112;

/// What is sent to make a channel so, in this order: topic and payload. One that is alone takes its number too.
pub fn commands(topic: &str, channel: i64, light: Light, now: Timestamp) -> Vec<(String, String)> {
    let power = format!("cmnd/{topic}/POWER{channel}");
    if !light.on {
        return vec![(power, "OFF".into())];
    }
    let pulse = light.off_at.map_or(0, |off| (off.seconds_since(now).min(LONGEST) + 100).max(SHORTEST_PULSE));
    vec![(format!("cmnd/{topic}/PulseTime{channel}"), pulse.to_string()), (power, "ON".into())]
}

/// Its buttons, all of them, say that they were pressed, and switch nothing. The firmware keeps that, and writes it down where it is news.
pub fn lock(topic: &str) -> (String, String) {
    (format!("cmnd/{topic}/SetOption73"), "1".into())
}

/// Asks how it stands. Where it is not the first, all are asked for: a device that does not name it has none, and would say nothing at all if it
/// was asked for that one.
pub fn question(topic: &str, channel: i64) -> (String, String) {
    if channel == FIRST {
        return (format!("cmnd/{topic}/POWER1"), String::new());
    }
    (format!("cmnd/{topic}/Status"), "11".into())
}

/// Asks what it measures: one that cannot answers with nothing of power.
pub fn power_question(topic: &str, _channel: i64) -> (String, String) {
    (format!("cmnd/{topic}/Status"), "10".into())
}

/// Which device says what; `None` for what says nothing of its presence, its relays or their power.
pub fn parse<'a>(topic: &'a str, payload: &[u8]) -> Option<(&'a str, Vec<Saying>)> {
    let mut parts = topic.split('/');
    let (kind, device, what) = (parts.next()?, parts.next()?, parts.next()?);
    if device.is_empty() || parts.next().is_some() {
        return None;
    }
    let object = || serde_json::from_slice::<Value>(payload).ok();
    let sayings = match (kind, what) {
        ("tele", "LWT") => match payload {
            b"Online" => vec![Saying::online(true)],
            b"Offline" => vec![Saying::online(false)],
            _ => return None,
        },
        ("tele", "STATE") => whole(&object()?),
        ("tele", "SENSOR") => measured(&object()?)?,
        ("stat", "RESULT") => stand(&relays(&object()?)),
        ("stat", "STATUS10") => measured(object()?.get("StatusSNS")?)?,
        ("stat", "STATUS11") => whole(object()?.get("StatusSTS")?),
        ("stat", name) => vec![Saying::of(channel(name)?, Said::Power(switched(std::str::from_utf8(payload).ok()?)?))],
        _ => return None,
    };
    (!sayings.is_empty()).then_some((device, sayings))
}

/// One relay calls itself POWER, the third of several POWER3.
fn channel(name: &str) -> Option<i64> {
    match name.strip_prefix("POWER")? {
        "" => Some(FIRST),
        number if number.len() == 1 => number.parse::<i64>().ok().filter(|channel| CHANNELS.contains(channel)),
        _ => None,
    }
}

/// The relays that it names, each with how it stands, where that can be read.
fn relays(object: &Value) -> BTreeMap<i64, Option<bool>> {
    let mut relays = BTreeMap::new();
    for (name, power) in object.as_object().into_iter().flatten() {
        if let Some(channel) = channel(name) {
            relays.entry(channel).or_insert_with(|| power.as_str().and_then(switched));
        }
    }
    relays
}

fn stand(relays: &BTreeMap<i64, Option<bool>>) -> Vec<Saying> {
    relays.iter().filter_map(|(channel, on)| Some(Saying::of(*channel, Said::Power((*on)?)))).collect()
}

/// It names all that it has: there is none behind the last.
fn whole(object: &Value) -> Vec<Saying> {
    let relays = relays(object);
    let mut sayings = stand(&relays);
    if let Some((last, _)) = relays.last_key_value() {
        sayings.push(Saying { of: Of::Beyond(*last), said: Said::Missing });
    }
    sayings
}

/// Some have a meter for each relay, and say so in a list; most have one, through which all of them draw.
fn measured(sensors: &Value) -> Option<Vec<Saying>> {
    let power = sensors.get("ENERGY")?.get("Power")?;
    let draws = |of, power: &Value| Some(Saying { of, said: Said::Draws { milliwatts: draw::milliwatts(power)?, on: None } });
    Some(match power.as_array() {
        Some(powers) => CHANNELS.zip(powers).filter_map(|(channel, power)| draws(Of::One(channel), power)).collect(),
        None => draws(Of::Together, power).into_iter().collect(),
    })
}

fn switched(text: &str) -> Option<bool> {
    match text {
        "ON" => Some(true),
        "OFF" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_unix(1_795_248_000);

    fn heard(topic: &str, payload: &str) -> Option<(String, Vec<Saying>)> {
        parse(topic, payload.as_bytes()).map(|(device, sayings)| (device.to_owned(), sayings))
    }

    fn of(sayings: impl Into<Vec<Saying>>) -> Option<(String, Vec<Saying>)> {
        Some(("lamp7".to_owned(), sayings.into()))
    }

    const fn power(channel: i64, on: bool) -> Saying {
        Saying::of(channel, Said::Power(on))
    }

    const fn none_beyond(last: i64) -> Saying {
        Saying { of: Of::Beyond(last), said: Said::Missing }
    }

    #[test]
    fn v5_1_an_on_carries_its_own_end() {
        let on = Light { on: true, off_at: Some(NOW.plus_seconds(3_600)) };
        let sent = commands("lamp7", 1, on, NOW);
        assert_eq!(sent, [("cmnd/lamp7/PulseTime1".into(), "3700".into()), ("cmnd/lamp7/POWER1".into(), "ON".to_owned())]);
        assert_eq!(commands("lamp7", 1, Light { on: false, off_at: None }, NOW), [("cmnd/lamp7/POWER1".into(), "OFF".to_owned())]);
    }

    #[test]
    fn v5_1_each_channel_of_a_tasmota_has_its_own_timer_and_its_own_command() {
        let on = Light { on: true, off_at: Some(NOW.plus_seconds(3_600)) };
        let sent = commands("lamp7", 4, on, NOW);
        assert_eq!(sent, [("cmnd/lamp7/PulseTime4".into(), "3700".into()), ("cmnd/lamp7/POWER4".into(), "ON".to_owned())]);
        assert_eq!(question("lamp7", 1), ("cmnd/lamp7/POWER1".into(), String::new()));
        assert_eq!(question("lamp7", 4), ("cmnd/lamp7/Status".into(), "11".into()));
        assert_eq!(lock("lamp7"), ("cmnd/lamp7/SetOption73".into(), "1".into()));
    }

    #[test]
    fn v5_1_what_a_tasmota_says() {
        assert_eq!(heard("tele/lamp7/LWT", "Online"), of([Saying::online(true)]));
        assert_eq!(heard("tele/lamp7/LWT", "Offline"), of([Saying::online(false)]));
        assert_eq!(heard("stat/lamp7/RESULT", r#"{"POWER":"ON"}"#), of([power(1, true)]));
        assert_eq!(heard("stat/lamp7/RESULT", r#"{"POWER1":"OFF"}"#), of([power(1, false)]));
        assert_eq!(heard("stat/lamp7/POWER", "OFF"), of([power(1, false)]));
        let state = r#"{"Time":"2026-11-21T08:00:00","Uptime":"0T00:10:11","MqttCount":1,"POWER":"ON","Wifi":{"RSSI":44}}"#;
        assert_eq!(heard("tele/lamp7/STATE", state), of([power(1, true), none_beyond(1)]));
        for (topic, payload) in [
            ("stat/lamp7/RESULT", r#"{"PulseTime1":{"Set":3700,"Remaining":0}}"#),
            ("stat/lamp7/RESULT", r#"{"Command":"Error"}"#),
            ("stat/lamp7/RESULT", r#"{"SetOption73":"ON"}"#),
            ("stat/lamp7/RESULT", r#"["POWER1"]"#),
            ("stat/lamp7/RESULT", "ON"),
            ("stat/lamp7/LOGGING", "ON"),
            ("tele/lamp7/LWT", "online"),
            ("tele//LWT", "Online"),
            ("tele/lamp7/LWT/x", "Online"),
            ("tele/lamp7/STATE", r#"{"Time":"2026-11-21T08:00:00"}"#),
            ("cmnd/lamp7/POWER", ""),
            ("stat/lamp7/POWER", ""),
        ] {
            assert_eq!(heard(topic, payload), None, "{topic} {payload}");
        }
    }

    #[test]
    fn v5_1_what_a_tasmota_with_several_relays_says_of_each() {
        assert_eq!(heard("stat/lamp7/RESULT", r#"{"POWER3":"ON"}"#), of([power(3, true)]));
        assert_eq!(heard("stat/lamp7/POWER3", "OFF"), of([power(3, false)]));
        let powers = r#""Uptime":"0T00:10:11","POWER1":"ON","POWER2":"OFF","POWER3":"OFF","POWER4":"ON","Wifi":{"RSSI":44}"#;
        let all = of([power(1, true), power(2, false), power(3, false), power(4, true), none_beyond(4)]);
        assert_eq!(heard("tele/lamp7/STATE", &format!("{{{powers}}}")), all);
        assert_eq!(heard("stat/lamp7/STATUS11", &format!(r#"{{"StatusSTS":{{{powers}}}}}"#)), all);
        // What cannot be read is there all the same.
        assert_eq!(heard("tele/lamp7/STATE", r#"{"POWER1":"ON","POWER2":"EIN"}"#), of([power(1, true), none_beyond(2)]));
        // Of sixteen the first eight are used.
        assert_eq!(heard("stat/lamp7/RESULT", r#"{"POWER8":"ON","POWER9":"ON","POWER16":"ON"}"#), of([power(8, true)]));
        for name in ["POWER0", "POWER9", "POWER01", "POWER+1", "POWER-1", "POWERX", "power3", "POWER3 "] {
            assert_eq!(heard(&format!("stat/lamp7/{name}"), "ON"), None, "{name}");
            assert_eq!(heard("stat/lamp7/RESULT", &format!(r#"{{"{name}":"ON"}}"#)), None, "{name}");
        }
    }

    #[test]
    fn v5_2_what_a_tasmota_says_of_power() {
        let draws = |of, milliwatts| Saying { of, said: Said::Draws { milliwatts, on: None } };
        let energy = |power: &str| format!(r#"{{"Time":"2026-11-21T08:00:00","ENERGY":{{"Total":0.001,"Power":{power},"Voltage":230}}}}"#);
        let status = |power: &str| format!(r#"{{"StatusSNS":{}}}"#, energy(power));
        for (power, said) in [
            ("45", vec![draws(Of::Together, 45_000)]),
            ("0.4", vec![draws(Of::Together, 400)]),
            ("[45,0]", vec![draws(Of::One(1), 45_000), draws(Of::One(2), 0)]),
            ("[null,12]", vec![draws(Of::One(2), 12_000)]),
        ] {
            assert_eq!(heard("tele/lamp7/SENSOR", &energy(power)), of(said.clone()));
            assert_eq!(heard("stat/lamp7/STATUS10", &status(power)), of(said));
        }
        for power in ["-1", "1e300", "1e999", "NaN", "\"45\"", "null", "[]", "{}", "[[45]]"] {
            assert_eq!(heard("tele/lamp7/SENSOR", &energy(power)), None, "{power}");
            assert_eq!(heard("stat/lamp7/STATUS10", &status(power)), None, "{power}");
        }
        // It does not measure.
        assert_eq!(heard("tele/lamp7/SENSOR", r#"{"Time":"2026-11-21T08:00:00"}"#), None);
        assert_eq!(heard("stat/lamp7/STATUS10", r#"{"StatusSNS":{"Time":"2026-11-21T08:00:00"}}"#), None);
        assert_eq!(power_question("lamp7", 3), ("cmnd/lamp7/Status".into(), "10".into()));
    }

    proptest! {
        #[test]
        fn v5_1_whatever_a_device_sends_is_read_or_left(topic in "[a-zA-Z/+#]{0,30}", payload: Vec<u8>) {
            let _ = parse(&topic, &payload);
        }

        #[test]
        fn v5_1_a_timer_is_within_what_the_relay_knows(seconds in -100_i64..1_000_000, channel in CHANNELS) {
            let sent = commands("x", channel, Light { on: true, off_at: Some(NOW.plus_seconds(seconds)) }, NOW);
            let pulse: i64 = sent[0].1.parse().unwrap();
            prop_assert!((112..=64_900).contains(&pulse));
        }

        #[test]
        fn v5_1_a_whole_report_names_each_of_its_relays_and_says_that_there_is_no_other(on in prop::collection::vec(any::<bool>(), 1..=8)) {
            let word = |on: &bool| if *on { "ON" } else { "OFF" };
            let powers: Vec<String> = on.iter().zip(1..).map(|(on, n)| format!(r#""POWER{n}":"{}""#, word(on))).collect();
            let (_, sayings) = heard("tele/lamp7/STATE", &format!("{{{}}}", powers.join(","))).unwrap();
            for (channel, on) in CHANNELS.zip(on.iter().map(|on| Some(*on)).chain(std::iter::repeat(None))) {
                let said: Vec<Said> = sayings.iter().filter(|saying| saying.of.means(channel, false)).map(|saying| saying.said).collect();
                prop_assert_eq!(said, [on.map_or(Said::Missing, Said::Power)]);
            }
        }
    }
}
