//! Tasmota: a relay on MQTT. Topics and payloads as its documentation has them; pure.
//!
//! The relay's own timer (`PulseTime`) is set before each "on": a lost server does not leave lights burning. Every "on" starts it anew.

use kernel::Timestamp;
use serde_json::Value;

use super::light::{LONGEST, Light};
use super::{Said, draw};

/// Topics under which all devices of this kind speak.
pub const HEARD: [&str; 6] = ["tele/+/LWT", "tele/+/STATE", "tele/+/SENSOR", "stat/+/RESULT", "stat/+/POWER", "stat/+/STATUS10"];
/// PulseTime says seconds from 112 (12 s) on, a hundred more than there are; 18 hours at most.
const SHORTEST_PULSE: i64 = 112;

/// What is sent to make it so, in this order: topic and payload.
pub fn commands(topic: &str, light: Light, now: Timestamp) -> Vec<(String, String)> {
    if !light.on {
        return vec![(format!("cmnd/{topic}/POWER1"), "OFF".into())];
    }
    let pulse = light.off_at.map_or(0, |off| (off.seconds_since(now).min(LONGEST) + 100).max(SHORTEST_PULSE));
    vec![(format!("cmnd/{topic}/PulseTime1"), pulse.to_string()), (format!("cmnd/{topic}/POWER1"), "ON".into())]
}

/// Asks how it stands.
pub fn question(topic: &str) -> (String, String) {
    (format!("cmnd/{topic}/POWER1"), String::new())
}

/// Asks what it measures: one that cannot answers with nothing of power.
pub fn power_question(topic: &str) -> (String, String) {
    (format!("cmnd/{topic}/Status"), "10".into())
}

/// Which device says what; `None` for what says nothing of its presence, its relay or its power.
pub fn parse<'a>(topic: &'a str, payload: &[u8]) -> Option<(&'a str, Said)> {
    let mut parts = topic.split('/');
    let (kind, device, what) = (parts.next()?, parts.next()?, parts.next()?);
    if device.is_empty() || parts.next().is_some() {
        return None;
    }
    let said = match (kind, what) {
        ("tele", "LWT") => match payload {
            b"Online" => Said::Online(true),
            b"Offline" => Said::Online(false),
            _ => return None,
        },
        ("stat", "POWER" | "POWER1") => Said::Power(switched(std::str::from_utf8(payload).ok()?)?),
        ("stat", "RESULT") | ("tele", "STATE") => {
            let object: Value = serde_json::from_slice(payload).ok()?;
            // One relay calls itself POWER, the first of several POWER1.
            let power = object.get("POWER").or_else(|| object.get("POWER1"))?;
            Said::Power(switched(power.as_str()?)?)
        }
        ("tele", "SENSOR") => measured(&serde_json::from_slice(payload).ok()?)?,
        ("stat", "STATUS10") => measured(serde_json::from_slice::<Value>(payload).ok()?.get("StatusSNS")?)?,
        _ => return None,
    };
    Some((device, said))
}

/// One relay has one power, several have a list of them.
fn measured(sensors: &Value) -> Option<Said> {
    let power = sensors.get("ENERGY")?.get("Power")?;
    let milliwatts = draw::milliwatts(power.get(0).unwrap_or(power))?;
    Some(Said::Draws { milliwatts, on: None })
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

    #[test]
    fn v5_1_an_on_carries_its_own_end() {
        let on = Light { on: true, off_at: Some(NOW.plus_seconds(3_600)) };
        let sent = commands("lamp7", on, NOW);
        assert_eq!(sent, [("cmnd/lamp7/PulseTime1".into(), "3700".into()), ("cmnd/lamp7/POWER1".into(), "ON".to_owned())]);
        assert_eq!(commands("lamp7", Light { on: false, off_at: None }, NOW), [("cmnd/lamp7/POWER1".into(), "OFF".to_owned())]);
    }

    #[test]
    fn v5_1_what_a_tasmota_says() {
        let heard = |topic, payload: &str| parse(topic, payload.as_bytes()).map(|(device, said)| (device.to_owned(), said));
        let of = |said| Some(("lamp7".to_owned(), said));
        assert_eq!(heard("tele/lamp7/LWT", "Online"), of(Said::Online(true)));
        assert_eq!(heard("tele/lamp7/LWT", "Offline"), of(Said::Online(false)));
        assert_eq!(heard("stat/lamp7/RESULT", r#"{"POWER":"ON"}"#), of(Said::Power(true)));
        assert_eq!(heard("stat/lamp7/RESULT", r#"{"POWER1":"OFF"}"#), of(Said::Power(false)));
        assert_eq!(heard("stat/lamp7/POWER", "OFF"), of(Said::Power(false)));
        let state = r#"{"Time":"2026-11-21T08:00:00","Uptime":"0T00:10:11","MqttCount":1,"POWER":"ON","Wifi":{"RSSI":44}}"#;
        assert_eq!(heard("tele/lamp7/STATE", state), of(Said::Power(true)));
        for (topic, payload) in [
            ("stat/lamp7/RESULT", r#"{"PulseTime1":{"Set":3700,"Remaining":0}}"#),
            ("stat/lamp7/RESULT", "ON"),
            ("tele/lamp7/LWT", "online"),
            ("tele//LWT", "Online"),
            ("tele/lamp7/LWT/x", "Online"),
            ("cmnd/lamp7/POWER", ""),
            ("stat/lamp7/POWER", ""),
        ] {
            assert_eq!(heard(topic, payload), None, "{topic} {payload}");
        }
    }

    #[test]
    fn v5_2_what_a_tasmota_says_of_power() {
        let heard = |topic, payload: &str| parse(topic, payload.as_bytes()).map(|(device, said)| (device.to_owned(), said));
        let of = |milliwatts| Some(("lamp7".to_owned(), Said::Draws { milliwatts, on: None }));
        let energy = |power: &str| format!(r#"{{"Time":"2026-11-21T08:00:00","ENERGY":{{"Total":0.001,"Power":{power},"Voltage":230}}}}"#);
        let status = |power: &str| format!(r#"{{"StatusSNS":{}}}"#, energy(power));
        for (power, milliwatts) in [("45", 45_000), ("0.4", 400), ("[45,0]", 45_000)] {
            assert_eq!(heard("tele/lamp7/SENSOR", &energy(power)), of(milliwatts));
            assert_eq!(heard("stat/lamp7/STATUS10", &status(power)), of(milliwatts));
        }
        for power in ["-1", "1e300", "1e999", "NaN", "\"45\"", "null", "[]", "{}", "[[45]]"] {
            assert_eq!(heard("tele/lamp7/SENSOR", &energy(power)), None, "{power}");
            assert_eq!(heard("stat/lamp7/STATUS10", &status(power)), None, "{power}");
        }
        // It does not measure.
        assert_eq!(heard("tele/lamp7/SENSOR", r#"{"Time":"2026-11-21T08:00:00"}"#), None);
        assert_eq!(heard("stat/lamp7/STATUS10", r#"{"StatusSNS":{"Time":"2026-11-21T08:00:00"}}"#), None);
        assert_eq!(power_question("lamp7"), ("cmnd/lamp7/Status".into(), "10".into()));
    }

    proptest! {
        #[test]
        fn v5_1_whatever_a_device_sends_is_read_or_left(topic in "[a-zA-Z/+#]{0,30}", payload: Vec<u8>) {
            let _ = parse(&topic, &payload);
        }

        #[test]
        fn v5_1_a_timer_is_within_what_the_relay_knows(seconds in -100_i64..1_000_000) {
            let sent = commands("x", Light { on: true, off_at: Some(NOW.plus_seconds(seconds)) }, NOW);
            let pulse: i64 = sent[0].1.parse().unwrap();
            prop_assert!((112..=64_900).contains(&pulse));
        }
    }
}
