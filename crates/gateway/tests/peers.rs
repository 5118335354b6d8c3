//! The stand-ins of payment networks against others' SDKs (`xtask/pay_peers.py`): what those sign is taken, and what the stand-ins sign is believed.
//! So that our own client, which is tried with the stand-ins, is not merely at one with itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use kernel::Clock;
use sandbox::{Alipay, Told, TradeState, Troubles, WechatPay};
use serde_json::{Value, json};

/// The SDKs, as a process that is asked line by line.
#[derive(Clone)]
struct Peers(Arc<Mutex<Process>>);

struct Process {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peers {
    fn start() -> Self {
        let python = std::env::var("CUEKEY_TEST_PYTHON").unwrap_or_else(|_| {
            panic!("CUEKEY_TEST_PYTHON names an interpreter with xtask/requirements.txt; `cargo xtask test` makes one, `cargo xtask services` keeps it")
        });
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/pay_peers.py");
        // One of them writes its machine's time, where Beijing's is meant.
        let mut child = Command::new(python)
            .arg(script)
            .env("TZ", "Asia/Shanghai")
            .env("NO_PROXY", "*")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (asks, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self(Arc::new(Mutex::new(Process { child, asks, answers })))
    }

    /// Answers what the SDK answered, or what it threw.
    async fn ask(&self, ask: Value) -> Result<Value, String> {
        let own = self.clone();
        let said = tokio::task::spawn_blocking(move || {
            let mut process = own.0.lock().unwrap();
            writeln!(process.asks, "{ask}").unwrap();
            let mut line = String::new();
            process.answers.read_line(&mut line).unwrap();
            line
        });
        let said: Value = serde_json::from_str(&said.await.unwrap()).unwrap();
        match said["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(said["answer"].clone()),
        }
    }
}

/// Notices are asked for, and not sent.
fn quiet() -> Troubles {
    Troubles { told: Told::Lost, ..Troubles::default() }
}

fn with(ask: &Value, more: Value) -> Value {
    let mut ask = ask.clone();
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask
}

#[tokio::test]
async fn k12_1_somebody_elses_wechat_client_pays_asks_closes_and_sends_back() {
    let network = WechatPay::open(Clock::System).await.unwrap();
    network.set(quiet());
    let (peers, own) =
        (Peers::start(), json!({"at": network.base(), "notify_url": "https://hall.example/notices", "parameters": WechatPay::form()}));
    let ask = async |act: &str, more: Value| peers.ask(with(&with(&own, more), json!({ "do": format!("wechat.{act}") }))).await.unwrap();

    let placed = ask("place", json!({"number": "peer00001", "fen": 3_600})).await;
    assert_eq!(placed["status"], 200, "{placed}");
    assert!(placed["body"]["code_url"].is_string(), "{placed}");
    assert_eq!(ask("query", json!({"number": "peer00001"})).await["body"]["trade_state"], "NOTPAY");
    assert!(network.pay("peer00001").await);
    let found = ask("query", json!({"number": "peer00001"})).await;
    assert_eq!((&found["body"]["trade_state"], &found["body"]["amount"]["total"]), (&json!("SUCCESS"), &json!(3_600)));

    // What the stand-in tells is believed and read, and with one letter changed it is not.
    let (headers, body) = network.notice("peer00001").unwrap();
    let names: serde_json::Map<String, Value> = headers.iter().map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
    let told = ask("notice", json!({"headers": names, "body": body})).await;
    assert_eq!((&told["event_type"], &told["resource"]["out_trade_no"]), (&json!("TRANSACTION.SUCCESS"), &json!("peer00001")), "{told}");
    let altered = body.replacen("TRANSACTION", "TRANSACTIOM", 1);
    assert_ne!(altered, body);
    assert!(ask("notice", json!({"headers": names, "body": altered})).await.is_null());

    let refund = json!({"number": "peer00001", "refund": "back00001", "fen": 1_000, "total": 3_600});
    for _ in 0..2 {
        let back = ask("refund", refund.clone()).await;
        assert_eq!((&back["status"], &back["body"]["amount"]["refund"]), (&json!(200), &json!(1_000)), "{back}");
    }
    assert_eq!(network.trade("peer00001").unwrap().refunded().fen(), 1_000);

    ask("place", json!({"number": "peer00002", "fen": 100})).await;
    assert_eq!(ask("close", json!({"number": "peer00002"})).await["status"], 204);
    assert_eq!(network.trade("peer00002").unwrap().state, TradeState::Closed);
}

#[tokio::test]
async fn k12_1_somebody_elses_alipay_client_pays_asks_closes_and_sends_back() {
    let network = Alipay::open(Clock::System).await.unwrap();
    network.set(quiet());
    let (peers, own) =
        (Peers::start(), json!({"at": network.gateway(), "notify_url": "https://hall.example/notices", "parameters": Alipay::form()}));
    let ask = async |act: &str, more: Value| peers.ask(with(&with(&own, more), json!({ "do": format!("alipay.{act}") }))).await.unwrap();

    let placed = ask("place", json!({"number": "peer00001", "fen": 3_600})).await;
    assert_eq!(placed["code"], "10000", "{placed}");
    assert!(placed["qr_code"].is_string());
    assert!(network.pay("peer00001").await);
    let found = ask("query", json!({"number": "peer00001"})).await;
    assert_eq!((&found["trade_status"], &found["total_amount"]), (&json!("TRADE_SUCCESS"), &json!("36.00")), "{found}");

    let form = network.notice("peer00001").unwrap();
    let mut fields: serde_json::Map<String, Value> =
        url::form_urlencoded::parse(form.as_bytes()).map(|(name, value)| (name.into_owned(), json!(value))).collect();
    let sign = fields.remove("sign").unwrap();
    assert_eq!(ask("notice", json!({"fields": fields, "sign": sign})).await, true);
    fields.insert("total_amount".into(), json!("36.01"));
    assert_eq!(ask("notice", json!({"fields": fields, "sign": sign})).await, false);

    for _ in 0..2 {
        let back = ask("refund", json!({"number": "peer00001", "refund": "back00001", "fen": 1_000})).await;
        assert_eq!((&back["code"], &back["refund_fee"]), (&json!("10000"), &json!("10.00")), "{back}");
    }
    assert_eq!(network.trade("peer00001").unwrap().refunded().fen(), 1_000);

    ask("place", json!({"number": "peer00002", "fen": 100})).await;
    let closed = ask("close", json!({"number": "peer00002"})).await;
    assert_eq!(closed["code"], "10000", "{closed}");
    assert_eq!(network.trade("peer00002").unwrap().state, TradeState::Closed);
}
