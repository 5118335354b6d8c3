//! What devices say, and what a hall's staff sends as a tariff.

use std::collections::BTreeSet;

use kernel::{HOUR, MINUTE, Timestamp};
use venue::devices::modbus::frame::{Answer, Ask, Framing, LONGEST_ANSWER, What, answer, length};
use venue::devices::{CHANNELS, Of, Said, Saying, shelly, tasmota};
use venue::play::Terms;
use venue::tariff::Tariff;

pub const TASMOTA: &[&str] = &[
    "tele/lamp7/LWT\nOnline",
    "tele/lamp7/LWT\nOffline",
    "stat/lamp7/RESULT\n{\"POWER\":\"ON\"}",
    "stat/lamp7/POWER1\nOFF",
    "tele/lamp7/STATE\n{\"Time\":\"2026-11-21T08:00:00\",\"POWER1\":\"ON\",\"Wifi\":{\"RSSI\":44}}",
    "stat//POWER\nON",
    "tele/lamp7/SENSOR\n{\"Time\":\"2026-11-21T08:00:00\",\"ENERGY\":{\"Total\":0.001,\"Power\":45}}",
    "stat/lamp7/STATUS10\n{\"StatusSNS\":{\"ENERGY\":{\"Power\":[0.4,0]}}}",
    "stat/lamp7/STATUS10\n{\"StatusSNS\":{\"ENERGY\":{\"Power\":-1e300}}}",
    "stat/lamp7/STATUS11\n{\"StatusSTS\":{\"POWER1\":\"ON\",\"POWER2\":\"OFF\",\"POWER3\":\"OFF\",\"POWER4\":\"ON\"}}",
    "stat/lamp7/RESULT\n{\"POWER9\":\"ON\",\"POWER08\":\"ON\"}",
];

/// A message says something, of channels that can be used, and of each once at most; what is taken for power is what a relay for a light can carry.
fn is_within_bounds(sayings: &[Saying]) {
    assert!(!sayings.is_empty());
    for Saying { of, said } in sayings {
        if let Said::Draws { milliwatts, .. } = said {
            assert!((0..=100_000_000).contains(milliwatts), "{said:?}");
        }
        if let Of::One(channel) | Of::Beyond(channel) = of {
            assert!(CHANNELS.contains(channel), "{of:?}");
        }
    }
    for channel in CHANNELS {
        for alone in [false, true] {
            let meant = sayings.iter().filter(|saying| saying.of.means(channel, alone)).count();
            assert!(meant <= 1, "{channel}: {sayings:?}");
        }
    }
}

/// A message is of the device that its topic names, and of no other.
pub fn tasmota(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (topic, payload) = text.split_once('\n').unwrap_or((&text, ""));
    if let Some((device, sayings)) = tasmota::parse(topic, payload.as_bytes()) {
        is_within_bounds(&sayings);
        let parts: Vec<&str> = topic.split('/').collect();
        assert!(parts.len() == 3 && parts[1] == device && !device.is_empty() && ["stat", "tele"].contains(&parts[0]), "{topic}");
    }
}

pub const SHELLY: &[&str] = &[
    "lamp7/online\ntrue",
    "lamp7/events/rpc\n{\"method\":\"NotifyStatus\",\"params\":{\"switch:0\":{\"output\":true}}}",
    "lamp7/reply/rpc\n{\"id\":2,\"result\":{\"output\":false}}",
    "lamp7/reply/rpc\n{\"id\":2,\"result\":{\"output\":true,\"apower\":118.4}}",
    "lamp7/events/rpc\n{\"method\":\"NotifyStatus\",\"params\":{\"switch:0\":{\"apower\":-0.5}}}",
    "lamp7/events/rpc\n{\"method\":\"NotifyFullStatus\",\"params\":{\"switch:1\":{\"output\":true},\"switch:3\":{\"output\":false,\"apower\":0}}}",
    "lamp7/reply/rpc\n{\"id\":5,\"error\":{\"code\":-105,\"message\":\"Argument 'id', value 3 not found!\"}}",
];

/// The same.
pub fn shelly(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (topic, payload) = text.split_once('\n').unwrap_or((&text, ""));
    if let Some((device, sayings)) = shelly::parse(topic, payload.as_bytes()) {
        is_within_bounds(&sayings);
        assert!(!device.is_empty() && !device.contains('/') && topic.starts_with(device), "{topic}");
        assert!(tasmota::parse(topic, payload.as_bytes()).is_none(), "{topic} is of two kinds");
    }
}

/// The framing's letter, and a board's answer.
pub const MODBUS: &[&str] = &[
    "t\0\x01\0\0\0\x06\x01\x05\0\x02\0\0",
    "t\0\x01\0\0\0\x04\x01\x01\x01\x01",
    "t\0\x01\0\0\0\x03\x01\x05\x06",
    "r\x01\x05\0\x02\0\0l\n",
];

/// What is taken for an answer is one whole answer, to what was asked and to nothing else.
pub fn modbus(input: &[u8]) {
    let (framing, bytes) = match input {
        [b't', bytes @ ..] => (Framing::Tcp, bytes),
        [b'r', bytes @ ..] => (Framing::Rtu, bytes),
        _ => return,
    };
    let read = |transaction, what| answer(framing, transaction, Ask { unit: 1, coil: 2, what }, bytes);
    let answers = [What::Set(false), What::Set(true), What::Read(8)].map(|what| read(1, what).ok());
    let taken: Vec<&Answer> = answers.iter().flatten().collect();
    if taken.is_empty() {
        return;
    }
    assert!(bytes.len() <= LONGEST_ANSWER && length(framing, bytes) == Ok(Some(bytes.len())), "{bytes:?}");
    assert!(framing == Framing::Rtu || read(2, What::Read(8)).is_err() && read(2, What::Set(false)).is_err(), "{bytes:?}");
    // A refusal names the function and not the value.
    assert!(taken.len() == 1 || matches!(answers, [Some(Answer::Refused(_)), Some(Answer::Refused(_)), None]), "{answers:?}");
}

pub const TARIFFS: &[&str] = &[
    r#"{"per_hour":3600,"unit_minutes":15}"#,
    r#"{"per_hour":3600,"unit_minutes":5,"grace_minutes":3,"minimum":500,"session_cap":20000,"night":{"hours":{"from":1320,"to":480},"cap":16800}}"#,
    r#"{"per_hour":1,"unit_minutes":60,"bands":[{"days":{"weekdays":[true,true,true,true,true,false,false],"holidays":false},"hours":{"from":720,"to":1080},"per_hour":2400}]}"#,
];

/// A tariff that is kept prices any stretch, its lines add up, longer never costs less, and a bill is at most what was held.
pub fn tariffs(input: &[u8]) {
    let Ok(tariff) = serde_json::from_slice::<Tariff>(input) else { return };
    if tariff.check().is_err() {
        return;
    }
    let terms = Terms {
        tariff,
        time_zone: "Asia/Shanghai".into(),
        holidays: BTreeSet::new(),
        pays: 10_000,
        member: None,
        package: None,
        pause: Default::default(),
    };
    let from = Timestamp::from_unix(1_795_248_000);
    let mut before = 0;
    for length in [0, MINUTE, 59 * MINUTE, HOUR + 1, 7 * HOUR, 30 * HOUR] {
        let bill = terms.price(from, from.plus_micros(length)).expect("a tariff that is kept has a price");
        let lines: i64 = bill.lines.iter().map(|line| line.fen.fen()).sum();
        assert!(lines == bill.total.fen() && bill.total.fen() >= before, "{before} then {bill:?}");
        before = bill.total.fen();
        let held = kernel::Fen::new(before / 2);
        let capped = terms.bill(from, from.plus_micros(length), held).expect("so has its bill");
        assert!(capped.total <= held.max(bill.total) && capped.total <= held, "{capped:?}");
    }
}
