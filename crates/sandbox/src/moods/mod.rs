//! A page on which somebody chooses what payment networks do wrong, and reads what the program makes of it.

mod list;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use self::list::{MOODS, Mood, Network};
use crate::page::{self, escape};
use crate::{Alipay, WechatPay};

/// Nothing runs here, and its form goes nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

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
        format!("<h2>{}</h2><ul>{}</ul>", say(title), MOODS.iter().filter(|mood| mood.is_of(network)).map(row).collect::<String>())
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
    let Some(mood) = MOODS.iter().find(|mood| mood.name == chosen.mood && mood.is_of(chosen.network)) else {
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

    use super::list::asked;
    use super::*;
    use crate::{Asked, Troubles};

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

    #[tokio::test]
    async fn k12_1_what_only_one_network_does_is_chosen_for_it_alone() {
        let (wechat, alipay) = (WechatPay::at("http://here/wechat", Clock::System), Alipay::at("http://here/alipay", Clock::System));
        let page = MoodPage::at("/sandbox/payments", &wechat, &alipay);
        let choose = async |network, mood: &str| choose(State(page.clone()), Form(Chosen { network, mood: mood.into() })).await.status();
        for (mood, troubles) in [
            ("clock_ahead", Troubles { skew: 600, ..Troubles::NONE }),
            ("new_key_tenth", Troubles { next_key: 10, ..Troubles::NONE }),
            ("new_key_half", Troubles { next_key: 50, ..Troubles::NONE }),
            ("new_key", Troubles { next_key: 100, ..Troubles::NONE }),
        ] {
            assert_eq!((choose(Network::Wechat, mood).await, wechat.troubles()), (StatusCode::SEE_OTHER, troubles), "{mood}");
            assert_eq!((choose(Network::Alipay, mood).await, alipay.troubles()), (StatusCode::NOT_FOUND, Troubles::NONE), "{mood}");
            for (network, shown) in [(Network::Wechat, true), (Network::Alipay, false)] {
                for english in [true, false] {
                    assert_eq!(page.section(network, english).contains(&format!("value=\"{mood}\"")), shown, "{mood}");
                }
            }
        }
        assert_eq!((choose(Network::Alipay, "open_ids").await, alipay.troubles().open_ids), (StatusCode::SEE_OTHER, true));
        assert_eq!((choose(Network::Wechat, "open_ids").await, wechat.troubles().open_ids), (StatusCode::NOT_FOUND, false));
        for mood in ["notices_late", "notices_swapped", "notices_other_amount"] {
            assert_eq!(
                (choose(Network::Wechat, mood).await, choose(Network::Alipay, mood).await),
                (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER)
            );
            assert_eq!(wechat.troubles(), alipay.troubles());
        }
    }

    #[test]
    fn each_fault_is_another() {
        for (n, one) in MOODS.iter().enumerate() {
            assert!(MOODS[n + 1..].iter().all(|other| other.name != one.name && other.troubles != one.troubles), "{}", one.name);
        }
    }
}
