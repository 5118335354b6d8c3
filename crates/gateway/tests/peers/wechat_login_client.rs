//! Our client of WeChat's sign-in against doors that were written from what WeChat publishes of them (`xtask/peers/doors_wechat.py`).

use gateway::{WechatAppConfig, WechatLogin, WechatLoginConfig};
use kernel::{Clock, SECOND};
use serde_json::{Value, json};
use venue::customers::{Person, Wechat as _, WechatApp, WechatError};

use crate::process::Peers;

const WEB: &str = "wx00000000000000a1";
const MINI: &str = "wx00000000000000b2";
/// As no app's is: what is not escaped in an address is another one there.
const SECRET: &str = "a secret+of&two=apps%20/?";
const NUMBER: &str = "13800138000";

/// The doors, and whoever is to be known there.
struct Doors {
    peers: Peers,
    at: String,
}

impl Doors {
    async fn open() -> Self {
        let peers = Peers::start();
        let ask = json!({"do": "doors_wechat.serve", "web": {"app": WEB, "secret": SECRET}, "mini": {"app": MINI, "secret": SECRET}});
        let at = peers.ask(ask).await.unwrap();
        Self { peers, at: at.as_str().unwrap().to_owned() }
    }

    fn client(&self, (web, mini): (&str, &str), secret: &str, clock: &Clock) -> WechatLogin {
        let app = |id: &str| Some(WechatAppConfig { id: id.to_owned(), secret: secret.to_owned().into() });
        let config = WechatLoginConfig { endpoint: self.at.clone(), authorize: String::new(), web: app(web), mini: app(mini) };
        WechatLogin::new(config, clock.clone()).unwrap()
    }

    /// That of both apps.
    fn own(&self, clock: &Clock) -> WechatLogin {
        self.client((WEB, MINI), SECRET, clock)
    }

    /// A code of this door, and for whom it stands.
    async fn code(&self, kind: &str, who: Value) -> String {
        let code = self.peers.ask(json!({"do": "doors_wechat.code", "kind": kind, "who": who})).await.unwrap();
        code.as_str().unwrap().to_owned()
    }

    async fn person(&self, kind: &str) -> String {
        self.code(kind, json!({"openid": format!("o-{kind}"), "unionid": "u-anna"})).await
    }

    async fn number(&self, who: Value) -> String {
        self.code("phone", who).await
    }

    async fn do_so(&self, act: &str, mut ask: Value) {
        ask["do"] = format!("doors_wechat.{act}").into();
        self.peers.ask(ask).await.unwrap();
    }

    /// What the next who asks is told, whatever it asks.
    async fn say(&self, status: u16, answer: Value) {
        self.do_so("instead", json!({"status": status, "answer": answer})).await;
    }

    /// Which doors have opened, the first one first.
    async fn opened(&self) -> Vec<String> {
        let taken = self.peers.ask(json!({"do": "stub.taken"})).await.unwrap();
        taken.as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned()).collect()
    }
}

fn mainland() -> Value {
    json!({"country": 86, "number": NUMBER})
}

/// It says why, in WeChat's words.
fn is_away<T: std::fmt::Debug>(answer: &Result<T, WechatError>, why: &str) {
    assert!(matches!(answer, Err(WechatError::Away(said)) if said.contains(why)), "{why}: {answer:?}");
}

#[tokio::test]
async fn v2_1_doors_that_wechat_describes_say_who_brings_a_code_and_once() {
    let (doors, clock) = (Doors::open().await, Clock::System);
    let client = doors.own(&clock);
    let mini = doors.person("mini").await;
    let anna = Person { openid: "o-mini".into(), union_id: Some("u-anna".into()) };
    assert_eq!(client.who(WechatApp::Mini, &mini).await, Ok(anna));
    // Of a page that asked for the name alone no more is said.
    let web = doors.person("web").await;
    assert_eq!(client.who(WechatApp::Web, &web).await, Ok(Person { openid: "o-web".into(), union_id: None }));

    let late = doors.person("mini").await;
    let (of_page, of_phone) = (doors.person("web").await, doors.number(mainland()).await);
    for (app, code) in [
        (WechatApp::Mini, mini.as_str()),
        (WechatApp::Web, web.as_str()),
        (WechatApp::Mini, "none"),
        (WechatApp::Mini, ""),
        (WechatApp::Mini, "a+b&js_code=c"),
        // Each is of one door.
        (WechatApp::Mini, of_page.as_str()),
        (WechatApp::Mini, of_phone.as_str()),
        (WechatApp::Web, late.as_str()),
    ] {
        assert_eq!(client.who(app, code).await, Err(WechatError::Code), "{code}");
    }
    doors.do_so("later", json!({"seconds": 300})).await;
    assert_eq!(client.who(WechatApp::Mini, &late).await, Err(WechatError::Code), "five minutes");
    assert_eq!(doors.opened().await, ["/sns/jscode2session", "/sns/oauth2/access_token"]);
}

#[tokio::test]
async fn v2_1_what_wechat_refuses_is_said_to_be_the_persons_the_codes_or_ours() {
    let (doors, clock) = (Doors::open().await, Clock::System);
    // Where somebody has entered an app, or its secret, wrongly.
    for (apps, secret, why) in [((MINI, WEB), SECRET, "40013"), ((WEB, MINI), "another", "40125"), ((WEB, MINI), "", "41004")] {
        let client = doors.client(apps, secret, &clock);
        for (app, kind) in [(WechatApp::Mini, "mini"), (WechatApp::Web, "web")] {
            is_away(&client.who(app, &doors.person(kind).await).await, why);
        }
        is_away(&client.phone(&doors.number(mainland()).await).await, why);
    }
    let client = doors.own(&clock);
    let code = doors.person("mini").await;
    for (refusal, error) in [(45_011, WechatError::Person), (40_226, WechatError::Person), (40_163, WechatError::Code)] {
        doors.say(200, json!({"errcode": refusal, "errmsg": "no"})).await;
        assert_eq!(client.who(WechatApp::Mini, &code).await, Err(error), "{refusal}");
    }
    doors.say(200, json!({"errcode": -1, "errmsg": "system error"})).await;
    is_away(&client.who(WechatApp::Mini, &code).await, "-1 system error");
    doors.say(502, json!({})).await;
    is_away(&client.who(WechatApp::Mini, &code).await, "status 502");
    for nobody in [json!({}), json!({"openid": ""}), json!([]), json!({"session_key": "x"})] {
        doors.say(200, nobody).await;
        is_away(&client.who(WechatApp::Mini, &code).await, "answer");
    }
    // All that was refused before the code was looked at.
    assert_eq!(client.who(WechatApp::Mini, &code).await.unwrap().openid, "o-mini");
}

#[tokio::test]
async fn v2_1_a_number_is_let_to_this_app_by_one_token_until_that_is_old_or_gone() {
    const TOKEN: &str = "/cgi-bin/stable_token";
    const PHONE: &str = "/wxa/business/getuserphonenumber";
    let (doors, clock) = (Doors::open().await, Clock::stepped(Clock::System.now()));
    let client = doors.own(&clock);
    let first = doors.number(mainland()).await;
    assert_eq!(client.phone(&first).await, Ok(NUMBER.into()));
    // Its country as a text, and one abroad either way.
    for (who, number) in [
        (json!({"country": "86", "number": NUMBER}), NUMBER),
        (json!({"country": 1, "number": "2025550100"}), "+12025550100"),
        (json!({"country": "852", "number": "51234567"}), "+85251234567"),
    ] {
        let code = doors.number(who).await;
        assert_eq!(client.phone(&code).await, Ok(number.into()));
    }
    assert_eq!(doors.opened().await, [TOKEN, PHONE, PHONE, PHONE, PHONE]);
    assert_eq!(client.phone(&first).await, Err(WechatError::Code), "once");
    let code = doors.person("mini").await;
    assert_eq!(client.phone(&code).await, Err(WechatError::Code));
    let other = doors.number(json!({"country": 86, "number": NUMBER, "app": WEB})).await;
    is_away(&client.phone(&other).await, "another app");

    // Somebody else has ended it, at once with the code still good.
    let before = doors.opened().await.len();
    doors.do_so("revoke", json!({})).await;
    let code = doors.number(mainland()).await;
    assert_eq!(client.phone(&code).await, Ok(NUMBER.into()));
    assert_eq!(doors.opened().await[before..], [TOKEN, PHONE]);

    // It is old: by both clocks, and by WeChat's alone.
    for ours in [7_200, 0] {
        let before = doors.opened().await.len();
        doors.do_so("later", json!({"seconds": 7_200})).await;
        clock.step(ours * SECOND);
        let code = doors.number(mainland()).await;
        assert_eq!(client.phone(&code).await, Ok(NUMBER.into()));
        assert_eq!(doors.opened().await[before..], [TOKEN, PHONE]);
    }
}
