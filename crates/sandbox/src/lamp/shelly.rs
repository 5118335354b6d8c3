//! The words of a Shelly of the second generation, with one switch. Its topic prefix is `topic`.

use serde_json::{Value, json};

use super::words::{Order, Saying};

pub fn presence(topic: &str, online: bool) -> Saying {
    Saying::presence(format!("{topic}/online"), if online { "true" } else { "false" })
}

/// What it subscribes to, and what it says when it connects: that it is there. How its switch stands it says when that changes, or when it is asked.
pub fn hello(topic: &str) -> (String, Vec<Saying>) {
    (format!("{topic}/rpc"), vec![presence(topic, true)])
}

/// What it tells of by itself.
pub fn change(topic: &str, on: bool) -> Vec<Saying> {
    let note = json!({
        "src": topic, "dst": format!("{topic}/events"), "method": "NotifyStatus",
        "params": {"ts": 1_795_248_001.25, "switch:0": {"id": 0, "output": on, "source": "MQTT"}},
    });
    vec![Saying::new(format!("{topic}/events/rpc"), note.to_string())]
}

pub fn power(topic: &str, watts: f64) -> Saying {
    let note = json!({
        "src": topic, "dst": format!("{topic}/events"), "method": "NotifyStatus",
        "params": {"ts": 1_795_248_002.5, "switch:0": {"id": 0, "apower": watts}},
    });
    Saying::new(format!("{topic}/events/rpc"), note.to_string())
}

fn status(on: bool, watts: f64) -> Value {
    json!({"id": 0, "source": "MQTT", "output": on, "apower": watts, "voltage": 229.7, "temperature": {"tC": 41.2}})
}

/// Each answer carries what the question was called.
pub fn echo(topic: &str, word: &str) -> (String, String) {
    let call = json!({"id": word, "src": format!("{topic}/reply"), "method": "Shelly.GetDeviceInfo"});
    (format!("{topic}/rpc"), call.to_string())
}

pub fn order(topic: &str, at: &str, payload: &str, on: bool, watts: f64) -> Order {
    let Ok(call) = serde_json::from_str::<Value>(payload) else { return Order::Nothing };
    // Without a source it would not know whom to answer.
    let (Some(source), true) = (call["src"].as_str(), at == format!("{topic}/rpc")) else { return Order::Nothing };
    let answer = |result: Value| {
        let answer = json!({"id": call["id"], "src": topic, "dst": source, "result": result});
        vec![Saying::new(format!("{source}/rpc"), answer.to_string())]
    };
    match call["method"].as_str() {
        Some("Switch.Set") => Order::Switch {
            on: call["params"]["on"].as_bool(),
            off_after: call["params"]["toggle_after"].as_i64().map(|seconds| seconds * 1_000_000),
            answer: answer(json!({"was_on": on})),
        },
        Some("Switch.GetStatus") => Order::Say(answer(status(on, watts))),
        Some("Shelly.GetDeviceInfo") => Order::Say(answer(json!({"id": topic, "model": "SNSW-001P16EU", "gen": 2, "ver": "1.4.4"}))),
        _ => {
            let error = json!({"id": call["id"], "src": topic, "dst": source, "error": {"code": 404, "message": "No handler for method"}});
            Order::Say(vec![Saying::new(format!("{source}/rpc"), error.to_string())])
        }
    }
}
