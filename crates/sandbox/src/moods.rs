//! A page on which somebody chooses what payment networks do wrong, and reads what the program makes of it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::page::{self, escape};
use crate::{Alipay, Asked, Returned, Told, Troubles, WechatPay};

/// Nothing runs here, and its form goes nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

struct Mood {
    /// In forms.
    name: &'static str,
    troubles: Troubles,
    /// In Chinese and in English, as all that follows.
    called: (&'static str, &'static str),
    /// What becomes of payments.
    then: (&'static str, &'static str),
}

const fn asked(asked: Asked) -> Troubles {
    Troubles { asked, ..Troubles::NONE }
}

const fn told(told: Told) -> Troubles {
    Troubles { told, ..Troubles::NONE }
}

const MOODS: [Mood; 8] = [
    Mood {
        name: "well",
        troubles: Troubles::NONE,
        called: ("一切正常", "All is well"),
        then: ("下单、通知、退款都照常。", "Payments, notices and refunds as they should be."),
    },
    Mood {
        name: "places_nothing",
        troubles: asked(Asked::PlacesRefused),
        called: ("不接受新的付款", "Takes no new payment"),
        then: (
            "像商户密钥被吊销：顾客看到请换一种方式，管理员收到提醒。",
            "As when the merchant's key was revoked: customers are asked for another means, and administrators are told.",
        ),
    },
    Mood {
        name: "down",
        troubles: asked(Asked::Down),
        called: ("没有回应", "Does not answer"),
        then: (
            "付款无法开始，顾客看到稍后再试；已付的款和退款一直查询到有结果为止。",
            "No payment can begin, and customers are asked to try again; what was paid or given back is asked about until it is known.",
        ),
    },
    Mood {
        name: "done_and_silent",
        troubles: asked(Asked::DoneAndSilent),
        called: ("办了，却不说", "Does it, and does not say so"),
        then: (
            "用同一个单号再问，不会下两次单，也不会退两次款。",
            "It is asked again under the same number: nothing is charged twice, and nothing given back twice.",
        ),
    },
    Mood {
        name: "notices_lost",
        troubles: told(Told::Lost),
        called: ("通知全部丢失", "Notices are lost"),
        then: ("平台自己查询，付过的款几秒内到账。", "The platform asks by itself: what was paid arrives within seconds."),
    },
    Mood {
        name: "notices_twice",
        troubles: told(Told::Twice),
        called: ("通知都发两次", "Notices come twice"),
        then: ("只记一次账。", "Each is booked once."),
    },
    Mood {
        name: "notices_forged",
        troubles: told(Told::Forged),
        called: ("通知由别人签名", "Notices are signed by somebody else"),
        then: ("不相信，并向渠道查询。", "They are not believed, and the network is asked."),
    },
    Mood {
        name: "refunds_refused",
        troubles: Troubles { refunds: Returned::Refused, ..Troubles::NONE },
        called: ("拒绝退款", "Refuses refunds"),
        then: ("试三次后交给人处理：见控制台的“支付”页。", "After three tries a person decides: see the console's payments page."),
    },
];

/// The page.
#[derive(Clone)]
pub struct MoodPage {
    inner: Arc<Inner>,
}

struct Inner {
    /// Its path, without a slash at the end.
    path: String,
    wechat: WechatPay,
    alipay: Alipay,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Network {
    Wechat,
    Alipay,
}

impl MoodPage {
    /// One that is mounted ([`router`](Self::router)) in somebody's server at this path.
    pub fn at(path: &str, wechat: &WechatPay, alipay: &Alipay) -> Self {
        let path = path.trim_end_matches('/').to_owned();
        Self { inner: Arc::new(Inner { path, wechat: wechat.clone(), alipay: alipay.clone() }) }
    }

    pub fn router(&self) -> Router {
        Router::new().route("/", get(show).post(choose)).route("/page.css", get(page::style)).with_state(self.clone())
    }

    fn section(&self, network: Network, english: bool) -> String {
        let (name, title, now) = match network {
            Network::Wechat => ("wechat", ("微信支付", "WeChat Pay"), self.inner.wechat.troubles()),
            Network::Alipay => ("alipay", ("支付宝", "Alipay"), self.inner.alipay.troubles()),
        };
        let say = |(zh, en)| escape(if english { en } else { zh });
        let row = |mood: &Mood| {
            let chosen = mood.troubles == now;
            let does = say(if chosen { ("现在", "Now") } else { ("选择", "Choose") });
            let called = say(mood.called);
            format!(
                "<li data-testid=\"{name}-{mood}\"><b>{called}<small>{}</small></b><form method=\"post\" action=\"{}\">\
                 <input type=\"hidden\" name=\"network\" value=\"{name}\"><button name=\"mood\" value=\"{mood}\" aria-pressed=\"{chosen}\" aria-label=\"{}: {called}, {does}\"{}>{does}</button></form></li>",
                say(mood.then),
                escape(&self.inner.path),
                say(title),
                if chosen { " class=\"quiet\"" } else { "" },
                mood = mood.name,
            )
        };
        format!("<h2>{}</h2><ul>{}</ul>", say(title), MOODS.iter().map(row).collect::<String>())
    }
}

async fn show(State(own): State<MoodPage>, headers: HeaderMap) -> Response {
    let english = page::english(&headers);
    let say = |zh, en| if english { en } else { zh };
    let text = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"stylesheet\" href=\"{}/page.css\"></head><body class=\"lamps\"><header>{title}</header><main>\
         <p class=\"note\" data-testid=\"stand-in-note\">{}</p><p>{}</p>{}{}</main></body></html>",
        say("zh-CN", "en"),
        escape(&own.inner.path),
        say("模拟的支付渠道，不会真的扣款", "Stand-ins of payment networks: no real money moves"),
        say(
            "选一种故障，再到球厅付款，看看会怎样。演示重新启动后一切正常。",
            "Choose a fault, pay in the hall, and see what becomes of it. All is well again when the demo is started anew.",
        ),
        own.section(Network::Wechat, english),
        own.section(Network::Alipay, english),
        title = say("支付渠道的故障", "Faults of payment networks"),
    );
    page::html(POLICY, text)
}

#[derive(Deserialize)]
struct Chosen {
    network: Network,
    mood: String,
}

async fn choose(State(own): State<MoodPage>, Form(chosen): Form<Chosen>) -> Response {
    let Some(mood) = MOODS.iter().find(|mood| mood.name == chosen.mood) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match chosen.network {
        Network::Wechat => own.inner.wechat.set(mood.troubles),
        Network::Alipay => own.inner.alipay.set(mood.troubles),
    }
    Redirect::to(&own.inner.path).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use kernel::Clock;

    use super::*;

    #[tokio::test]
    async fn v4_2_a_fault_is_of_the_network_that_was_named_and_ends_when_all_is_well() {
        let (wechat, alipay) = (WechatPay::at("http://here/wechat", Clock::System), Alipay::at("http://here/alipay", Clock::System));
        let page = MoodPage::at("/sandbox/payments/", &wechat, &alipay);
        let choose = async |network, mood: &str| choose(State(page.clone()), Form(Chosen { network, mood: mood.into() })).await;

        let answer = choose(Network::Alipay, "places_nothing").await;
        assert_eq!((answer.status(), &answer.headers()[header::LOCATION]), (StatusCode::SEE_OTHER, &"/sandbox/payments".parse().unwrap()));
        assert_eq!((wechat.troubles(), alipay.troubles()), (Troubles::NONE, asked(Asked::PlacesRefused)));
        let (of_wechat, of_alipay) = (page.section(Network::Wechat, true), page.section(Network::Alipay, true));
        for (section, now) in [(&of_wechat, "well"), (&of_alipay, "places_nothing")] {
            assert_eq!(section.matches("aria-pressed=\"true\"").count(), 1, "{section}");
            assert!(section.contains(&format!("value=\"{now}\" aria-pressed=\"true\"")), "{section}");
        }
        assert_eq!(choose(Network::Alipay, "no such thing").await.status(), StatusCode::NOT_FOUND);
        choose(Network::Wechat, "down").await;
        choose(Network::Alipay, "well").await;
        assert_eq!((wechat.troubles(), alipay.troubles()), (asked(Asked::Down), Troubles::NONE));
    }

    #[test]
    fn each_fault_is_another() {
        for (n, one) in MOODS.iter().enumerate() {
            assert!(MOODS[n + 1..].iter().all(|other| other.name != one.name && other.troubles != one.troubles), "{}", one.name);
        }
    }
}
