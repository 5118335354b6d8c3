//! Tasmota's words, with one relay or several, and one meter for all of them.

use super::words::{Channel, Order, Saying};

const TENTH: i64 = 100_000;
const SECOND: i64 = 1_000_000;

pub fn presence(topic: &str, online: bool) -> Saying {
    let word = if online { "Online" } else { "Offline" };
    Saying::presence(format!("tele/{topic}/LWT"), word)
}

/// What it subscribes to, and what it says when it connects. How its relays stand it says by itself after it has booted, and not after the network
/// was away.
pub fn hello(topic: &str, channels: &[Channel], booted: bool) -> (String, Vec<Saying>) {
    let mut sayings = vec![
        presence(topic, true),
        // The firmware does so, and whoever listens there must not take it for a command.
        Saying::new(format!("cmnd/{topic}/POWER"), ""),
    ];
    if booted {
        sayings.push(Saying::new(format!("tele/{topic}/STATE"), all(channels)));
    }
    (format!("cmnd/{topic}/#"), sayings)
}

/// How all of them stand.
fn all(channels: &[Channel]) -> String {
    let power = |(n, channel): (usize, &Channel)| format!(r#""{}":"{}""#, name(n, channels), word(channel.on));
    let powers: Vec<String> = channels.iter().enumerate().map(power).collect();
    format!(
        r#"{{"Time":"2026-11-21T08:00:00","Uptime":"0T00:00:10","UptimeSec":10,"Heap":24,"MqttCount":1,{},"Wifi":{{"RSSI":44,"Signal":-78}}}}"#,
        powers.join(",")
    )
}

/// One that is alone has no number.
fn name(channel: usize, channels: &[Channel]) -> String {
    if channels.len() == 1 { "POWER".to_owned() } else { format!("POWER{}", channel + 1) }
}

/// `kept`: the broker is to keep it.
pub fn state(topic: &str, channel: usize, channels: &[Channel], kept: bool) -> Vec<Saying> {
    let (name, word) = (name(channel, channels), word(channels[channel].on));
    let result = Saying::new(format!("stat/{topic}/RESULT"), format!(r#"{{"{name}":"{word}"}}"#));
    vec![result, Saying { retained: kept, ..Saying::new(format!("stat/{topic}/{name}"), word) }]
}

/// Its telemetry, which it sends by itself now and then.
pub fn power(topic: &str, channels: &[Channel]) -> Saying {
    Saying::new(format!("tele/{topic}/SENSOR"), sensors(channels))
}

/// In whole watts, as it comes from the factory. Of a relay that is off the firmware measures nothing, whatever passes through it.
fn sensors(channels: &[Channel]) -> String {
    let watts: f64 = channels.iter().filter(|channel| channel.on).map(|channel| channel.watts).sum();
    format!(
        r#"{{"Time":"2026-11-21T08:00:00","ENERGY":{{"TotalStartTime":"2026-01-01T00:00:00","Total":1.024,"Power":{watts:.0},"Voltage":230}}}}"#
    )
}

/// It keeps a few texts for whoever asks it to, and says which it has kept.
pub fn echo(topic: &str, word: &str) -> (String, String) {
    (format!("cmnd/{topic}/Mem1"), word.to_owned())
}

pub fn order(topic: &str, at: &str, payload: &str, channels: &[Channel]) -> Order {
    let command = at.rsplit('/').next().unwrap_or_default().to_ascii_uppercase();
    // A command without a number is of the first.
    let name = command.trim_end_matches(|c: char| c.is_ascii_digit());
    let number: usize = command[name.len()..].parse().unwrap_or(1);
    let channel = number.checked_sub(1).filter(|channel| *channel < channels.len());
    let result = |text: String| vec![Saying::new(format!("stat/{topic}/RESULT"), text)];
    let status = |number: &str, text: String| vec![Saying::new(format!("stat/{topic}/STATUS{number}"), text)];
    match (name, channel, payload.to_ascii_uppercase().as_str()) {
        ("PULSETIME", Some(channel), set) => {
            let set: i64 = set.parse().unwrap_or(0);
            let after = match set {
                ..=0 => None,
                1..=111 => Some(set * TENTH),
                _ => Some((set - 100) * SECOND),
            };
            let answer = result(format!(r#"{{"PulseTime{number}":{{"Set":{set},"Remaining":{set}}}}}"#));
            Order::Pulse { channel, after, answer }
        }
        ("POWER", Some(channel), word) => {
            let switch = |on| Order::Switch { channel, on, off_after: None, answer: Vec::new() };
            match word {
                "ON" | "1" | "TRUE" => switch(Some(true)),
                "OFF" | "0" | "FALSE" => switch(Some(false)),
                "TOGGLE" | "2" => switch(None),
                _ => Order::Say(state(topic, channel, channels, false)),
            }
        }
        ("PULSETIME" | "POWER", None, _) => Order::Say(result(r#"{"Command":"Error"}"#.into())),
        ("MEM", ..) => Order::Say(result(serde_json::json!({"Mem1": payload}).to_string())),
        ("STATUS", _, "10") => Order::Say(status("10", format!(r#"{{"StatusSNS":{}}}"#, sensors(channels)))),
        ("STATUS", _, "11") => Order::Say(status("11", format!(r#"{{"StatusSTS":{}}}"#, all(channels)))),
        ("SETOPTION", _, set @ ("0" | "1")) if number == 73 => {
            let answer = result(format!(r#"{{"SetOption73":"{}"}}"#, word(set == "1")));
            Order::Lock { channel: None, locked: set == "1", answer }
        }
        _ => Order::Say(result(r#"{"Command":"Unknown"}"#.into())),
    }
}

const fn word(on: bool) -> &'static str {
    if on { "ON" } else { "OFF" }
}
