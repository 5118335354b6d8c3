//! A page of lamps: how each of them is, as whoever stands in the hall sees it, and its plug to pull.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::{Lamp, Seen, Trouble};
use crate::page::{self, escape};

/// Its own script alone runs here, and asks only where it came from.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page. A lamp is on it for as long as somebody else keeps it.
#[derive(Clone)]
pub struct LampPage {
    inner: Arc<Inner>,
}

struct Inner {
    /// Its path, without a slash at the end.
    path: String,
    lamps: Mutex<Vec<Shown>>,
}

#[derive(Clone)]
struct Shown {
    id: String,
    name: String,
    lamp: Weak<Lamp>,
    /// Which of its channels.
    channel: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Pull,
    PlugIn,
}

/// A lamp in the reader's language.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct View {
    id: String,
    name: String,
    /// `on`, `off`, `unplugged`: its picture.
    look: &'static str,
    state: &'static str,
    /// What its button does, what it says, and what it says of which lamp.
    act: Act,
    press: &'static str,
    label: String,
    /// What else its plug does.
    #[serde(skip)]
    note: &'static str,
}

impl LampPage {
    /// One that is mounted ([`router`](Self::router)) in somebody's server at this path.
    pub fn at(path: &str) -> Self {
        Self { inner: Arc::new(Inner { path: path.trim_end_matches('/').to_owned(), lamps: Mutex::default() }) }
    }

    /// Puts a lamp on it, under a name that people know: one of its relay's channels, counted from 1. The plug is the relay's.
    pub fn show(&self, id: &str, name: &str, lamp: &Arc<Lamp>, channel: usize) {
        let shown = Shown { id: id.to_owned(), name: name.to_owned(), lamp: Arc::downgrade(lamp), channel };
        self.inner.lamps.lock().unwrap_or_else(PoisonError::into_inner).push(shown);
    }

    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(show).post(act))
            .route("/lamps", get(lamps))
            .route("/page.js", get(script))
            .route("/page.css", get(page::style))
            .with_state(self.clone())
    }

    fn shown(&self) -> Vec<(Shown, Arc<Lamp>)> {
        let lamps = self.inner.lamps.lock().unwrap_or_else(PoisonError::into_inner).clone();
        lamps.into_iter().filter_map(|shown| shown.lamp.upgrade().map(|lamp| (shown, lamp))).collect()
    }

    fn views(&self, english: bool) -> Vec<View> {
        let view = |(shown, lamp): (Shown, Arc<Lamp>)| {
            let seen = lamp.seen_of(shown.channel);
            let shares = if english { "Shares its relay, and so its plug" } else { "与其他台共用一个继电器，一同断电" };
            let note = if lamp.channels() > 1 { shares } else { "" };
            View { note, ..view(shown, seen, lamp.trouble(), english) }
        };
        self.shown().into_iter().map(view).collect()
    }
}

fn view(Shown { id, name, .. }: Shown, seen: Seen, trouble: Trouble, english: bool) -> View {
    let say = |zh, en| if english { en } else { zh };
    let unplugged = matches!(trouble, Trouble::Unplugged | Trouble::Missed);
    let burns = trouble == Trouble::Welded || (seen.on && trouble != Trouble::Dark);
    let (look, state) = match (unplugged, burns) {
        (true, _) => ("unplugged", say("已拔掉", "Unplugged")),
        (false, true) => ("on", say("亮", "On")),
        (false, false) => ("off", say("灭", "Off")),
    };
    let (act, press) = if unplugged { (Act::PlugIn, say("插上", "Plug in")) } else { (Act::Pull, say("拔掉", "Unplug")) };
    let label = if english { format!("{press} the lamp of {name}") } else { format!("{press}{name}的灯") };
    View { id, name, look, state, act, press, label, note: "" }
}

async fn show(State(own): State<LampPage>, headers: HeaderMap) -> Response {
    let english = page::english(&headers);
    let say = |zh, en| if english { en } else { zh };
    let path = escape(&own.inner.path);
    let rows: String = own.views(english).iter().map(|view| row(view, &path)).collect();
    let text = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"stylesheet\" href=\"{path}/page.css\"><script src=\"{path}/page.js\" defer></script></head>\
         <body class=\"lamps\"><header>{title}</header><main><p class=\"note\" data-testid=\"stand-in-note\">{}</p><p>{}</p>\
         <p id=\"lost\" role=\"alert\" hidden>{}</p><ul>{rows}</ul></main></body></html>",
        say("zh-CN", "en"),
        say("模拟的灯，不是真的", "Stand-ins: no real lamps"),
        say(
            "有人在打球时拔掉一盏灯：大约两分钟后，平台发现它断电，结束这一局，只收亮灯的时间，其余退回，并建一张维修单。",
            "Pull a lamp's plug while somebody plays under it: some two minutes later the platform has missed it, ends the session, charges only the time with light, gives the rest back, and opens a case.",
        ),
        say("演示没有回应，下面的状态可能已经过时", "The demo does not answer: what is below may be old"),
        title = say("演示球厅的灯", "The lamps of the demo's hall"),
    );
    page::html(POLICY, text)
}

fn row(view: &View, path: &str) -> String {
    let (id, name, label) = (escape(&view.id), escape(&view.name), escape(&view.label));
    let note = if view.note.is_empty() { String::new() } else { format!("<small>{}</small>", view.note) };
    let act = match view.act {
        Act::Pull => "pull",
        Act::PlugIn => "plug_in",
    };
    format!(
        "<li id=\"{id}\" data-lamp=\"{}\" data-testid=\"lamp-{id}\"><i aria-hidden=\"true\"></i><b>{name}{note}</b><span>{}</span>\
         <form method=\"post\" action=\"{path}\"><input type=\"hidden\" name=\"lamp\" value=\"{id}\">\
         <button name=\"do\" value=\"{act}\" aria-label=\"{label}\">{}</button></form></li>",
        view.look, view.state, view.press,
    )
}

/// What the script asks for, each second.
async fn lamps(State(own): State<LampPage>, headers: HeaderMap) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(own.views(page::english(&headers)))).into_response()
}

#[derive(Deserialize)]
struct Asked {
    lamp: String,
    #[serde(rename = "do")]
    act: Act,
}

async fn act(State(own): State<LampPage>, Form(asked): Form<Asked>) -> Response {
    let Some((_, lamp)) = own.shown().into_iter().find(|(shown, _)| shown.id == asked.lamp) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    lamp.set(match asked.act {
        Act::Pull => Trouble::Unplugged,
        Act::PlugIn => Trouble::None,
    });
    Redirect::to(&own.inner.path).into_response()
}

async fn script() -> Response {
    let kind = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], include_str!("page.js")).into_response()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use kernel::Clock;

    use super::*;
    use crate::Firmware;

    fn shown(name: &str) -> Shown {
        Shown { id: "tbl_1".into(), name: name.into(), lamp: Weak::new(), channel: 1 }
    }

    #[test]
    fn v5_2_a_lamp_without_power_is_neither_on_nor_off_and_can_be_plugged_in() {
        let lit = Seen { on: true, ..Seen::default() };
        for (seen, trouble, look, act) in [
            (lit, Trouble::None, "on", Act::Pull),
            (Seen::default(), Trouble::None, "off", Act::Pull),
            (lit, Trouble::Offline, "on", Act::Pull),
            (lit, Trouble::Dark, "off", Act::Pull),
            (Seen::default(), Trouble::Welded, "on", Act::Pull),
            (Seen::default(), Trouble::Unplugged, "unplugged", Act::PlugIn),
            // It has not noticed yet.
            (lit, Trouble::Unplugged, "unplugged", Act::PlugIn),
            (Seen::default(), Trouble::Missed, "unplugged", Act::PlugIn),
        ] {
            let view = view(shown("A1"), seen, trouble, true);
            assert_eq!((view.look, view.act), (look, act), "{trouble:?}");
            assert!(view.label.starts_with(view.press), "who speaks to a computer says what is to be read");
        }
    }

    #[test]
    fn a_name_cannot_be_markup() {
        let row = row(&view(shown("<b>\"1\""), Seen::default(), Trouble::None, false), "/lamps");
        assert!(row.contains("<b>&lt;b&gt;&quot;1&quot;</b>"), "{row}");
        assert!(!row.contains("<b>\""), "{row}");
    }

    #[tokio::test]
    async fn v5_2_the_plug_that_is_pulled_is_the_lamps_that_was_named_and_a_lamp_that_is_gone_is_not_shown() {
        // Nobody listens there: the page is about its plug.
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let lamp = |topic| Arc::new(Lamp::start(nowhere, Firmware::Tasmota, topic, "a password", Clock::System));
        let (one, other) = (lamp("one"), lamp("other"));
        let page = LampPage::at("/sandbox/lamps/");
        page.show("tbl_1", "1 号台", &one, 1);
        page.show("tbl_2", "2 号台", &other, 1);
        let press = async |lamp: &str, what| act(State(page.clone()), Form(Asked { lamp: lamp.into(), act: what })).await;

        let answer = press("tbl_2", Act::Pull).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[header::LOCATION], "/sandbox/lamps");
        assert_eq!((one.trouble(), other.trouble()), (Trouble::None, Trouble::Unplugged));
        press("tbl_2", Act::PlugIn).await;
        assert_eq!(other.trouble(), Trouble::None);
        assert_eq!(press("tbl_3", Act::Pull).await.status(), StatusCode::NOT_FOUND);

        drop(other);
        assert_eq!(press("tbl_2", Act::Pull).await.status(), StatusCode::NOT_FOUND);
        let views = page.views(false);
        assert_eq!(views.iter().map(|view| view.label.as_str()).collect::<Vec<_>>(), ["拔掉1 号台的灯"]);
    }
}
