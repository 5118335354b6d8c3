//! The words of a Shelly of the second generation, with one switch or several, each of which measures. Its topic prefix is `topic`.

use serde_json::{Value, json};

use super::words::{Channel, Order, Saying};

pub fn presence(topic: &str, online: bool) -> Saying {
    Saying::presence(format!("{topic}/online"), if online { "true" } else { "false" })
}

/// What it subscribes to, and what it says when it connects: that it is there. How its switches stand it says when that changes, or when it is asked.
pub fn hello(topic: &str) -> (String, Vec<Saying>) {
    (format!("{topic}/rpc"), vec![presence(topic, true)])
}

/// What it tells of by itself.
pub fn change(topic: &str, channel: usize, is: Channel) -> Vec<Saying> {
    vec![note(topic, 1_795_248_001.25, channel, &json!({"id": channel, "output": is.on, "source": "MQTT"}))]
}

pub fn power(topic: &str, channel: usize, is: Channel) -> Saying {
    note(topic, 1_795_248_002.5, channel, &json!({"id": channel, "apower": is.watts}))
}

fn note(topic: &str, at: f64, channel: usize, status: &Value) -> Saying {
    let mut params = json!({"ts": at});
    params[format!("switch:{channel}")] = status.clone();
    let note = json!({"src": topic, "dst": format!("{topic}/events"), "method": "NotifyStatus", "params": params});
    Saying::new(format!("{topic}/events/rpc"), note.to_string())
}

fn status(channel: usize, is: Channel) -> Value {
    json!({"id": channel, "source": "MQTT", "output": is.on, "apower": is.watts, "voltage": 229.7, "temperature": {"tC": 41.2}})
}

/// Each answer carries what the question was called.
pub fn echo(topic: &str, word: &str) -> (String, String) {
    let call = json!({"id": word, "src": format!("{topic}/reply"), "method": "Shelly.GetDeviceInfo"});
    (format!("{topic}/rpc"), call.to_string())
}

pub fn order(topic: &str, at: &str, payload: &str, channels: &[Channel]) -> Order {
    let Ok(call) = serde_json::from_str::<Value>(payload) else { return Order::Nothing };
    // Without a source it would not know whom to answer.
    let (Some(source), true) = (call["src"].as_str(), at == format!("{topic}/rpc")) else { return Order::Nothing };
    let says = |what: &str, text: Value| {
        let mut answer = json!({"id": call["id"], "src": topic, "dst": source});
        answer[what] = text;
        vec![Saying::new(format!("{source}/rpc"), answer.to_string())]
    };
    let params = &call["params"];
    let method = call["method"].as_str().unwrap_or_default();
    if method == "Shelly.GetDeviceInfo" {
        return Order::Say(says("result", json!({"id": topic, "model": "SNSW-001P16EU", "gen": 2, "ver": "1.4.4"})));
    }
    let named = params["id"].as_u64().and_then(|id| usize::try_from(id).ok());
    let Some(channel) = named.filter(|channel| *channel < channels.len()) else {
        let message = format!("Argument 'id', value {} not found!", params["id"]);
        return Order::Say(says("error", json!({"code": -105, "message": message})));
    };
    match method {
        "Switch.Set" => Order::Switch {
            channel,
            on: params["on"].as_bool(),
            off_after: params["toggle_after"].as_i64().map(|seconds| seconds * 1_000_000),
            answer: says("result", json!({"was_on": channels[channel].on})),
        },
        "Switch.GetStatus" => Order::Say(says("result", status(channel, channels[channel]))),
        "Switch.SetConfig" => Order::Lock {
            channel: Some(channel),
            locked: params["config"]["in_mode"] == "detached",
            answer: says("result", json!({"restart_required": false})),
        },
        _ => Order::Say(says("error", json!({"code": 404, "message": "No handler for method"}))),
    }
}
