//! wechatpy against our stand-in of WeChat's sign-in.

use kernel::{Clock, MINUTE};
use sandbox::{LoginTrouble, WechatLogin};
use serde_json::{Value, json};

use crate::process::{Peers, with};

#[tokio::test]
async fn v2_1_somebody_elses_client_learns_who_brings_a_code_of_wechats_and_once() {
    let clock = Clock::stepped(Clock::System.now());
    let network = WechatLogin::open(clock.clone()).await.unwrap();
    let peers = Peers::start();
    let own = json!({"do": "login_wechat.session", "at": network.base(), "app": WechatLogin::mini_app(), "secret": WechatLogin::secret()});
    let ask = async |more: Value| peers.ask(with(&own, more)).await;
    let refused = async |more: Value, code: i64| {
        let why = ask(more.clone()).await.unwrap_err();
        assert!(why.starts_with("WeChatClientException: ") && why.contains(&format!("Error code: {code}, ")), "{more}: {why}");
    };

    let code = network.mini_code("anna");
    let session = ask(json!({ "code": code })).await.unwrap();
    assert!(session["openid"].as_str().unwrap().ends_with("-anna") && session["session_key"].is_string(), "{session}");
    refused(json!({ "code": code }), 40_029).await;
    let again = ask(json!({"code": network.mini_code("anna")})).await.unwrap();
    assert_eq!(again["openid"], session["openid"], "the same person");

    refused(json!({"code": "0".repeat(32)}), 40_029).await;
    refused(json!({"code": network.web_code("anna")}), 40_029).await;
    refused(json!({"code": network.mini_code("anna"), "app": WechatLogin::web_app()}), 40_013).await;
    refused(json!({"code": network.mini_code("anna"), "secret": "another"}), 40_125).await;
    let late = network.mini_code("anna");
    clock.step(5 * MINUTE);
    refused(json!({ "code": late }), 40_029).await;
    network.set(LoginTrouble::TooOften);
    refused(json!({"code": network.mini_code("anna")}), 45_011).await;
}
