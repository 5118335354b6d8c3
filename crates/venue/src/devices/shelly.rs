//! Shelly of the second generation and later: a switch on MQTT, or several in one device, spoken to by RPC. Topics and payloads as its
//! documentation has them; pure.
//!
//! The device's topic prefix is its name here. It answers on the topic of whoever asks, with `/rpc` behind it: we ask as `<prefix>/reply`, so
//! that a device speaks under its own prefix alone. Each "on" carries `toggle_after`: a lost server does not leave lights burning. Its switches are
//! counted from 0, and our channels from 1.

use kernel::Timestamp;
use serde_json::{Value, json};

use super::draw;
use super::light::{LONGEST, Light};
use super::said::{CHANNELS, FIRST, Said, Saying};

/// Topics under which all devices of this kind speak.
pub const HEARD: [&str; 3] = ["+/online", "+/events/rpc", "+/reply/rpc"];

/// What calls are called. What is asked of a channel has that one's number behind it: a refusal says no more than what it refuses.
const LOCK: i64 = 0;
const SET: i64 = 1;
const ASK: i64 = 1;
/// There is no such switch; or none at all, as where it moves a blind.
const NOT_THERE: [i64; 2] = [-105, 404];

/// What is sent to make a channel so, in this order: topic and payload. It tells of changes alone, so it is asked as well.
pub fn commands(topic: &str, channel: i64, light: Light, now: Timestamp) -> Vec<(String, String)> {
    let mut params = json!({"id": channel - FIRST, "on": light.on});
    if let Some(off) = light.off_at.filter(|_| light.on) {
        params["toggle_after"] = json!(off.seconds_since(now).clamp(1, LONGEST));
    }
    vec![call(topic, SET, "Switch.Set", &params), question(topic, channel)]
}

/// What is wired to its input, and its own button, says that it was pressed, and switches nothing.
pub fn lock(topic: &str, channel: i64) -> (String, String) {
    call(topic, LOCK, "Switch.SetConfig", &json!({"id": channel - FIRST, "config": {"in_mode": "detached"}}))
}

/// Asks how it stands, and what it measures.
pub fn question(topic: &str, channel: i64) -> (String, String) {
    call(topic, ASK + channel, "Switch.GetStatus", &json!({"id": channel - FIRST}))
}

fn call(topic: &str, id: i64, method: &str, params: &Value) -> (String, String) {
    let call = json!({"id": id, "src": format!("{topic}/reply"), "method": method, "params": params});
    (format!("{topic}/rpc"), call.to_string())
}

/// Which device says what; `None` for what says nothing of its presence, its switches or their power.
pub fn parse<'a>(topic: &'a str, payload: &[u8]) -> Option<(&'a str, Vec<Saying>)> {
    let (device, what) = topic.split_once('/')?;
    if device.is_empty() {
        return None;
    }
    let sayings = match what {
        "online" => match payload {
            b"true" => vec![Saying::online(true)],
            b"false" => vec![Saying::online(false)],
            _ => return None,
        },
        "events/rpc" => {
            let note: Value = serde_json::from_slice(payload).ok()?;
            matches!(note["method"].as_str()?, "NotifyStatus" | "NotifyFullStatus").then_some(())?;
            let switch = |(name, switch): (&String, &Value)| Some(Saying::of(named(name)?, status(switch)?));
            note["params"].as_object()?.iter().filter_map(switch).collect()
        }
        "reply/rpc" => {
            let answer: Value = serde_json::from_slice(payload).ok()?;
            vec![answered(&answer["result"]).or_else(|| refused(&answer))?]
        }
        _ => return None,
    };
    (!sayings.is_empty()).then_some((device, sayings))
}

/// Which channel a switch of this number is.
fn channel(id: i64) -> Option<i64> {
    id.checked_add(FIRST).filter(|channel| CHANNELS.contains(channel))
}

/// The same, of one among other parts of a device.
fn named(name: &str) -> Option<i64> {
    let number = name.strip_prefix("switch:").filter(|number| number.len() == 1)?;
    channel(number.parse().ok()?)
}

/// Of what we ask, only the status names the output.
fn answered(result: &Value) -> Option<Saying> {
    result["output"].as_bool()?;
    Some(Saying::of(channel(result["id"].as_i64().unwrap_or(0))?, status(result)?))
}

/// What was asked is not there.
fn refused(answer: &Value) -> Option<Saying> {
    let code = answer["error"]["code"].as_i64()?;
    let asked = answer["id"].as_i64()?.checked_sub(ASK).filter(|channel| CHANNELS.contains(channel));
    Some(Saying::of(asked.filter(|_| NOT_THERE.contains(&code))?, Said::Missing))
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

    fn heard(topic: &str, payload: &str) -> Option<(String, Vec<Saying>)> {
        parse(topic, payload.as_bytes()).map(|(device, sayings)| (device.to_owned(), sayings))
    }

    fn of(sayings: impl Into<Vec<Saying>>) -> Option<(String, Vec<Saying>)> {
        Some(("lamp7".to_owned(), sayings.into()))
    }

    const fn power(channel: i64, on: bool) -> Saying {
        Saying::of(channel, Said::Power(on))
    }

    #[test]
    fn v5_1_an_on_carries_its_own_end_and_asks_how_it_went() {
        let sent = commands("lamp7", 1, Light { on: true, off_at: Some(NOW.plus_seconds(3_600)) }, NOW);
        let read = |n: usize| serde_json::from_str::<Value>(&sent[n].1).unwrap();
        assert!(sent.iter().all(|(topic, _)| topic == "lamp7/rpc"));
        assert_eq!(
            (read(0)["method"].clone(), read(0)["params"].clone()),
            (json!("Switch.Set"), json!({"id": 0, "on": true, "toggle_after": 3_600}))
        );
        assert_eq!((read(1)["method"].clone(), read(1)["src"].clone()), (json!("Switch.GetStatus"), json!("lamp7/reply")));
        let off = commands("lamp7", 1, Light { on: false, off_at: None }, NOW);
        assert_eq!(serde_json::from_str::<Value>(&off[0].1).unwrap()["params"], json!({"id": 0, "on": false}));
    }

    #[test]
    fn v5_1_each_channel_of_a_shelly_is_a_switch_that_is_counted_from_0() {
        let sent = commands("lamp7", 4, Light { on: true, off_at: Some(NOW.plus_seconds(3_600)) }, NOW);
        let read = |n: usize| serde_json::from_str::<Value>(&sent[n].1).unwrap();
        assert_eq!(read(0)["params"], json!({"id": 3, "on": true, "toggle_after": 3_600}));
        assert_eq!((read(1)["params"].clone(), read(1)["id"].clone()), (json!({"id": 3}), json!(5)));
        assert_eq!(question("lamp7", 4), sent[1]);
        let lock: Value = serde_json::from_str(&lock("lamp7", 4).1).unwrap();
        assert_eq!((&lock["method"], &lock["params"]), (&json!("Switch.SetConfig"), &json!({"id": 3, "config": {"in_mode": "detached"}})));
    }

    #[test]
    fn v5_1_what_a_shelly_says() {
        assert_eq!(heard("lamp7/online", "true"), of([Saying::online(true)]));
        assert_eq!(heard("lamp7/online", "false"), of([Saying::online(false)]));
        let note =
            r#"{"src":"x","dst":"x/events","method":"NotifyStatus","params":{"ts":1.5,"switch:0":{"id":0,"output":true,"source":"MQTT"}}}"#;
        assert_eq!(heard("lamp7/events/rpc", note), of([power(1, true)]));
        assert_eq!(
            heard("lamp7/reply/rpc", r#"{"id":2,"src":"x","dst":"y","result":{"id":0,"output":false,"temperature":{"tC":41.2}}}"#),
            of([power(1, false)])
        );
        for (topic, payload) in [
            ("lamp7/reply/rpc", r#"{"id":1,"src":"x","result":{"was_on":false}}"#),
            ("lamp7/reply/rpc", r#"{"id":1,"src":"x","error":{"code":404}}"#),
            ("lamp7/reply/rpc", r#"{"id":2,"src":"x","error":{"code":-108,"message":"busy"}}"#),
            ("lamp7/reply/rpc", r#"{"id":0,"src":"x","error":{"code":-105}}"#),
            ("lamp7/reply/rpc", r#"{"id":0,"src":"x","result":{"restart_required":false}}"#),
            ("lamp7/reply/rpc", r#"{"id":11,"src":"x","error":{"code":-105}}"#),
            ("lamp7/reply/rpc", r#"{"id":"echo","src":"x","error":{"code":-105}}"#),
            ("lamp7/reply/rpc", r#"{"id":2,"result":{"id":9223372036854775807,"output":true}}"#),
            ("lamp7/events/rpc", r#"{"method":"NotifyEvent","params":{"switch:0":{"output":true}}}"#),
            ("lamp7/events/rpc", r#"{"method":"NotifyStatus","params":{"switch:8":{"output":true}}}"#),
            ("lamp7/events/rpc", r#"{"method":"NotifyStatus","params":{"input:0":{"output":true}}}"#),
            ("lamp7/events/rpc", r#"{"method":"NotifyStatus"}"#),
            ("lamp7/online", "yes"),
            ("/online", "true"),
            ("lamp7/rpc", note),
        ] {
            assert_eq!(heard(topic, payload), None, "{topic} {payload}");
        }
    }

    #[test]
    fn v5_1_what_a_shelly_with_several_switches_says_of_each() {
        let note = r#"{"method":"NotifyStatus","params":{"ts":1.5,"switch:1":{"id":1,"output":true},"switch:3":{"id":3,"output":false}}}"#;
        assert_eq!(heard("lamp7/events/rpc", note), of([power(2, true), power(4, false)]));
        assert_eq!(heard("lamp7/reply/rpc", r#"{"id":5,"result":{"id":3,"output":true}}"#), of([power(4, true)]));
        // By the number of the question: what refuses it does not say of which switch it speaks.
        let missing = of([Saying::of(4, Said::Missing)]);
        let refusal = r#"{"id":5,"src":"x","dst":"y","error":{"code":-105,"message":"Argument 'id', value 3 not found!"}}"#;
        assert_eq!(heard("lamp7/reply/rpc", refusal), missing);
        assert_eq!(heard("lamp7/reply/rpc", r#"{"id":5,"error":{"code":404,"message":"No handler for Switch.GetStatus"}}"#), missing);
    }

    #[test]
    fn v5_2_what_a_shelly_says_of_power() {
        let heard = |topic, payload: String| parse(topic, payload.as_bytes()).map(|(_, sayings)| sayings);
        let note = |switch: &str| format!(r#"{{"method":"NotifyStatus","params":{{"ts":1.5,"switch:0":{switch}}}}}"#);
        let answer = |switch: &str| format!(r#"{{"id":2,"src":"x","dst":"y","result":{switch}}}"#);
        let draws = |milliwatts, on| Some(vec![Saying::of(1, Said::Draws { milliwatts, on })]);
        let whole = r#"{"id":0,"output":true,"apower":118.4}"#;
        assert_eq!(heard("lamp7/events/rpc", note(whole)), draws(118_400, Some(true)));
        assert_eq!(heard("lamp7/reply/rpc", answer(whole)), draws(118_400, Some(true)));
        assert_eq!(heard("lamp7/events/rpc", note(r#"{"id":0,"apower":0.4}"#)), draws(400, None));
        assert_eq!(heard("lamp7/reply/rpc", answer(r#"{"apower":0.4}"#)), None, "that is no status of a switch");
        for said in ["-1", "1e300", "\"45\"", "null", "[45]", "{}"] {
            let strange = format!(r#"{{"id":0,"output":true,"apower":{said}}}"#);
            assert_eq!(heard("lamp7/events/rpc", note(&strange)), Some(vec![power(1, true)]), "{said}");
            assert_eq!(heard("lamp7/reply/rpc", answer(&strange)), Some(vec![power(1, true)]), "{said}");
            assert_eq!(heard("lamp7/events/rpc", note(&format!(r#"{{"id":0,"apower":{said}}}"#))), None, "{said}");
        }
    }

    proptest! {
        #[test]
        fn v5_1_whatever_a_device_sends_is_read_or_left(topic in "[a-zA-Z/+#]{0,30}", payload: Vec<u8>) {
            let _ = parse(&topic, &payload);
        }
    }
}
