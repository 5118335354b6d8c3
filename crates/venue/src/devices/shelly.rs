//! Shelly of the second generation and later: a switch on MQTT, spoken to by RPC. Topics and payloads as its documentation has them; pure.
//!
//! The device's topic prefix is its name here. It answers on the topic of whoever asks, with `/rpc` behind it: we ask as `<prefix>/reply`, so
//! that a device speaks under its own prefix alone. Each "on" carries `toggle_after`: a lost server does not leave lights burning.

use kernel::Timestamp;
use serde_json::{Value, json};

use super::light::{LONGEST, Light};
use super::{Said, draw};

/// Topics under which all devices of this kind speak.
pub const HEARD: [&str; 3] = ["+/online", "+/events/rpc", "+/reply/rpc"];

/// What is sent to make it so, in this order: topic and payload. It tells of changes alone, so it is asked as well.
pub fn commands(topic: &str, light: Light, now: Timestamp) -> Vec<(String, String)> {
    let mut params = json!({"id": 0, "on": light.on});
    if let Some(off) = light.off_at.filter(|_| light.on) {
        params["toggle_after"] = json!(off.seconds_since(now).clamp(1, LONGEST));
    }
    vec![call(topic, 1, "Switch.Set", &params), question(topic)]
}

/// Asks how it stands, and what it measures.
pub fn question(topic: &str) -> (String, String) {
    call(topic, 2, "Switch.GetStatus", &json!({"id": 0}))
}

fn call(topic: &str, id: i64, method: &str, params: &Value) -> (String, String) {
    let call = json!({"id": id, "src": format!("{topic}/reply"), "method": method, "params": params});
    (format!("{topic}/rpc"), call.to_string())
}

/// Which device says what; `None` for what says nothing of its presence, its switch or its power.
pub fn parse<'a>(topic: &'a str, payload: &[u8]) -> Option<(&'a str, Said)> {
    let (device, what) = topic.split_once('/')?;
    if device.is_empty() {
        return None;
    }
    let said = match what {
        "online" => match payload {
            b"true" => Said::Online(true),
            b"false" => Said::Online(false),
            _ => return None,
        },
        "events/rpc" => {
            let note: Value = serde_json::from_slice(payload).ok()?;
            matches!(note["method"].as_str()?, "NotifyStatus" | "NotifyFullStatus").then_some(())?;
            status(&note["params"]["switch:0"])?
        }
        // Of what we ask, only the status names the output.
        "reply/rpc" => {
            let answer: Value = serde_json::from_slice(payload).ok()?;
            answer["result"]["output"].as_bool()?;
            status(&answer["result"])?
        }
        _ => return None,
    };
    Some((device, said))
}

/// Its output, its power, or both: it tells of what has changed.
fn status(switch: &Value) -> Option<Said> {
    let on = switch["output"].as_bool();
    match (draw::milliwatts(&switch["apower"]), on) {
        (Some(milliwatts), on) => Some(Said::Draws { milliwatts, on }),
        (None, Some(on)) => Some(Said::Power(on)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_unix(1_795_248_000);

    #[test]
    fn v5_1_an_on_carries_its_own_end_and_asks_how_it_went() {
        let sent = commands("lamp7", Light { on: true, off_at: Some(NOW.plus_seconds(3_600)) }, NOW);
        let read = |n: usize| serde_json::from_str::<Value>(&sent[n].1).unwrap();
        assert!(sent.iter().all(|(topic, _)| topic == "lamp7/rpc"));
        assert_eq!(
            (read(0)["method"].clone(), read(0)["params"].clone()),
            (json!("Switch.Set"), json!({"id": 0, "on": true, "toggle_after": 3_600}))
        );
        assert_eq!((read(1)["method"].clone(), read(1)["src"].clone()), (json!("Switch.GetStatus"), json!("lamp7/reply")));
        let off = commands("lamp7", Light { on: false, off_at: None }, NOW);
        assert_eq!(serde_json::from_str::<Value>(&off[0].1).unwrap()["params"], json!({"id": 0, "on": false}));
    }

    #[test]
    fn v5_1_what_a_shelly_says() {
        let heard = |topic, payload: &str| parse(topic, payload.as_bytes()).map(|(device, said)| (device.to_owned(), said));
        let of = |said| Some(("lamp7".to_owned(), said));
        assert_eq!(heard("lamp7/online", "true"), of(Said::Online(true)));
        assert_eq!(heard("lamp7/online", "false"), of(Said::Online(false)));
        let note =
            r#"{"src":"x","dst":"x/events","method":"NotifyStatus","params":{"ts":1.5,"switch:0":{"id":0,"output":true,"source":"MQTT"}}}"#;
        assert_eq!(heard("lamp7/events/rpc", note), of(Said::Power(true)));
        assert_eq!(
            heard("lamp7/reply/rpc", r#"{"id":2,"src":"x","dst":"y","result":{"id":0,"output":false,"temperature":{"tC":41.2}}}"#),
            of(Said::Power(false))
        );
        for (topic, payload) in [
            ("lamp7/reply/rpc", r#"{"id":1,"src":"x","result":{"was_on":false}}"#),
            ("lamp7/reply/rpc", r#"{"id":1,"src":"x","error":{"code":404}}"#),
            ("lamp7/events/rpc", r#"{"method":"NotifyEvent","params":{"switch:0":{"output":true}}}"#),
            ("lamp7/events/rpc", r#"{"method":"NotifyStatus","params":{"switch:1":{"output":true}}}"#),
            ("lamp7/online", "yes"),
            ("/online", "true"),
            ("lamp7/rpc", note),
        ] {
            assert_eq!(heard(topic, payload), None, "{topic} {payload}");
        }
    }

    #[test]
    fn v5_2_what_a_shelly_says_of_power() {
        let heard = |topic, payload: String| parse(topic, payload.as_bytes()).map(|(_, said)| said);
        let note = |switch: &str| format!(r#"{{"method":"NotifyStatus","params":{{"ts":1.5,"switch:0":{switch}}}}}"#);
        let answer = |switch: &str| format!(r#"{{"id":2,"src":"x","dst":"y","result":{switch}}}"#);
        let draws = |milliwatts, on| Some(Said::Draws { milliwatts, on });
        let whole = r#"{"id":0,"output":true,"apower":118.4}"#;
        assert_eq!(heard("lamp7/events/rpc", note(whole)), draws(118_400, Some(true)));
        assert_eq!(heard("lamp7/reply/rpc", answer(whole)), draws(118_400, Some(true)));
        assert_eq!(heard("lamp7/events/rpc", note(r#"{"id":0,"apower":0.4}"#)), draws(400, None));
        assert_eq!(heard("lamp7/reply/rpc", answer(r#"{"apower":0.4}"#)), None, "that is no status of a switch");
        for power in ["-1", "1e300", "\"45\"", "null", "[45]", "{}"] {
            let strange = format!(r#"{{"id":0,"output":true,"apower":{power}}}"#);
            assert_eq!(heard("lamp7/events/rpc", note(&strange)), Some(Said::Power(true)), "{power}");
            assert_eq!(heard("lamp7/reply/rpc", answer(&strange)), Some(Said::Power(true)), "{power}");
            assert_eq!(heard("lamp7/events/rpc", note(&format!(r#"{{"id":0,"apower":{power}}}"#))), None, "{power}");
        }
    }

    proptest! {
        #[test]
        fn v5_1_whatever_a_device_sends_is_read_or_left(topic in "[a-zA-Z/+#]{0,30}", payload: Vec<u8>) {
            let _ = parse(&topic, &payload);
        }
    }
}
