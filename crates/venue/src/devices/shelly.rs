//! Shelly of the second generation and later: a switch on MQTT, spoken to by RPC. Topics and payloads as its documentation has them; pure.
//!
//! The device's topic prefix is its name here. It answers on the topic of whoever asks, with `/rpc` behind it: we ask as `<prefix>/reply`, so
//! that a device speaks under its own prefix alone. Each "on" carries `toggle_after`: a lost server does not leave lights burning.

use kernel::Timestamp;
use serde_json::{Value, json};

use super::Said;
use super::light::Light;

/// Topics under which all devices of this kind speak.
pub const HEARD: [&str; 3] = ["+/online", "+/events/rpc", "+/reply/rpc"];
/// A timer of a day is beyond any session.
const LONGEST: i64 = 86_400;

/// What is sent to make it so, in this order: topic and payload. It tells of changes alone, so it is asked as well.
pub fn commands(topic: &str, light: Light, now: Timestamp) -> Vec<(String, String)> {
    let mut params = json!({"id": 0, "on": light.on});
    if let Some(off) = light.off_at.filter(|_| light.on) {
        params["toggle_after"] = json!(off.seconds_since(now).clamp(1, LONGEST));
    }
    vec![call(topic, 1, "Switch.Set", &params), question(topic)]
}

/// Asks how it stands.
pub fn question(topic: &str) -> (String, String) {
    call(topic, 2, "Switch.GetStatus", &json!({"id": 0}))
}

fn call(topic: &str, id: i64, method: &str, params: &Value) -> (String, String) {
    let call = json!({"id": id, "src": format!("{topic}/reply"), "method": method, "params": params});
    (format!("{topic}/rpc"), call.to_string())
}

/// Which device says what; `None` for what says nothing of its presence or its switch.
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
            Said::Power(note["params"]["switch:0"]["output"].as_bool()?)
        }
        // Of what we ask, only the status names the output.
        "reply/rpc" => Said::Power(serde_json::from_slice::<Value>(payload).ok()?["result"]["output"].as_bool()?),
        _ => return None,
    };
    Some((device, said))
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
            heard("lamp7/reply/rpc", r#"{"id":2,"src":"x","dst":"y","result":{"id":0,"output":false,"apower":0.0}}"#),
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

    proptest! {
        #[test]
        fn v5_1_whatever_a_device_sends_is_read_or_left(topic in "[a-zA-Z/+#]{0,30}", payload: Vec<u8>) {
            let _ = parse(&topic, &payload);
        }
    }
}
