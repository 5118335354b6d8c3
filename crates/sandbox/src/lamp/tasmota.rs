//! Tasmota's words, with one relay.

use super::words::{Order, Saying};

const TENTH: i64 = 100_000;
const SECOND: i64 = 1_000_000;

pub fn presence(topic: &str, online: bool) -> Saying {
    let word = if online { "Online" } else { "Offline" };
    Saying::presence(format!("tele/{topic}/LWT"), word)
}

/// What it subscribes to, and what it says when it connects. How its relay stands it says by itself after it has booted, `booted`, and not after
/// the network was away.
pub fn hello(topic: &str, booted: Option<bool>) -> (String, Vec<Saying>) {
    let mut sayings = vec![
        presence(topic, true),
        // The firmware does so, and whoever listens there must not take it for a command.
        Saying::new(format!("cmnd/{topic}/POWER"), ""),
    ];
    if let Some(on) = booted {
        let state = format!(
            r#"{{"Time":"2026-11-21T08:00:00","Uptime":"0T00:00:10","UptimeSec":10,"Heap":24,"MqttCount":1,"POWER":"{}","Wifi":{{"RSSI":44,"Signal":-78}}}}"#,
            word(on)
        );
        sayings.push(Saying::new(format!("tele/{topic}/STATE"), state));
    }
    (format!("cmnd/{topic}/#"), sayings)
}

/// `kept`: the broker is to keep it.
pub fn state(topic: &str, on: bool, kept: bool) -> Vec<Saying> {
    let word = word(on);
    let result = Saying::new(format!("stat/{topic}/RESULT"), format!(r#"{{"POWER":"{word}"}}"#));
    vec![result, Saying { retained: kept, ..Saying::new(format!("stat/{topic}/POWER"), word) }]
}

/// Its telemetry, which it sends by itself now and then.
pub fn power(topic: &str, watts: f64) -> Saying {
    Saying::new(format!("tele/{topic}/SENSOR"), sensors(watts))
}

/// In whole watts, as it comes from the factory.
fn sensors(watts: f64) -> String {
    format!(
        r#"{{"Time":"2026-11-21T08:00:00","ENERGY":{{"TotalStartTime":"2026-01-01T00:00:00","Total":1.024,"Power":{watts:.0},"Voltage":230}}}}"#
    )
}

/// It keeps a few texts for whoever asks it to, and says which it has kept.
pub fn echo(topic: &str, word: &str) -> (String, String) {
    (format!("cmnd/{topic}/Mem1"), word.to_owned())
}

pub fn order(topic: &str, at: &str, payload: &str, on: bool, watts: f64) -> Order {
    let command = at.rsplit('/').next().unwrap_or_default().to_ascii_uppercase();
    let result = |text: String| vec![Saying::new(format!("stat/{topic}/RESULT"), text)];
    match (command.as_str(), payload.to_ascii_uppercase().as_str()) {
        ("PULSETIME" | "PULSETIME1", set) => {
            let set: i64 = set.parse().unwrap_or(0);
            let pulse = match set {
                ..=0 => None,
                1..=111 => Some(set * TENTH),
                _ => Some((set - 100) * SECOND),
            };
            Order::Pulse(pulse, result(format!(r#"{{"PulseTime1":{{"Set":{set},"Remaining":{set}}}}}"#)))
        }
        ("POWER" | "POWER1", "ON" | "1" | "TRUE") => Order::Switch { on: Some(true), off_after: None, answer: Vec::new() },
        ("POWER" | "POWER1", "OFF" | "0" | "FALSE") => Order::Switch { on: Some(false), off_after: None, answer: Vec::new() },
        ("POWER" | "POWER1", "TOGGLE" | "2") => Order::Switch { on: None, off_after: None, answer: Vec::new() },
        ("POWER" | "POWER1", _) => Order::Say(state(topic, on, false)),
        ("MEM1", _) => Order::Say(result(serde_json::json!({"Mem1": payload}).to_string())),
        ("STATUS", "10") => {
            Order::Say(vec![Saying::new(format!("stat/{topic}/STATUS10"), format!(r#"{{"StatusSNS":{}}}"#, sensors(watts)))])
        }
        _ => Order::Say(result(r#"{"Command":"Unknown"}"#.into())),
    }
}

const fn word(on: bool) -> &'static str {
    if on { "ON" } else { "OFF" }
}
