//! Pages of stand-ins, above all where a payer pays: they look like what they stand for, and say that they are not real.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use kernel::Fen;

/// What a page shows.
pub(crate) struct Sheet<'a> {
    /// `wechat`, `alipay`: its colours.
    pub look: &'a str,
    pub network: (&'a str, &'a str),
    pub subject: &'a str,
    pub amount: Fen,
    /// Where the form goes; none: it cannot be paid.
    pub action: Option<&'a str>,
    /// What the form brings back.
    pub hidden: &'a [(&'a str, &'a str)],
    /// What has become of it.
    pub state: (&'a str, &'a str),
    pub style: &'a str,
}

/// A script could not run here, and nothing from elsewhere is loaded.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'";

pub(crate) fn render(sheet: &Sheet<'_>, headers: &HeaderMap) -> Response {
    let english = english(headers);
    let say = |(zh, en): (&str, &str)| escape(if english { en } else { zh });
    let hidden: String = sheet
        .hidden
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)))
        .collect();
    let form = sheet.action.map_or_else(String::new, |action| {
        format!(
            "<form method=\"post\" action=\"{}\">{hidden}<button name=\"do\" value=\"pay\" data-testid=\"stand-in-pay\">{}</button>\
             <button class=\"quiet\" name=\"do\" value=\"cancel\" data-testid=\"stand-in-cancel\">{}</button></form>",
            escape(action),
            say(("确认支付", "Pay")),
            say(("取消", "Cancel")),
        )
    });
    let page = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{network}</title><link rel=\"stylesheet\" href=\"{}\"></head><body class=\"{}\"><header>{network}</header><main>\
         <p class=\"note\" data-testid=\"stand-in-note\">{}</p><p class=\"subject\">{}</p><p class=\"amount\"><small>¥</small>{}.{:02}</p>\
         <p class=\"state\" data-testid=\"stand-in-state\">{}</p>{form}</main></body></html>",
        if english { "en" } else { "zh-CN" },
        escape(sheet.style),
        escape(sheet.look),
        say(("模拟支付，不会真的扣款", "A stand-in: no real money moves")),
        escape(sheet.subject),
        sheet.amount.fen() / 100,
        sheet.amount.fen() % 100,
        say(sheet.state),
        network = say(sheet.network),
    );
    html(POLICY, page)
}

/// Whether whoever asks reads English rather than Chinese.
pub(crate) fn english(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kernel::Lang::from_header(accepted) == kernel::Lang::En
}

/// `policy`: what the browser may load and run there.
pub(crate) fn html(policy: &'static str, page: String) -> Response {
    let mut response = page.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    response
}

/// The styles of all pages.
pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")], STYLE).into_response()
}

const STYLE: &str = "body{margin:0;font:16px/1.5 system-ui,'PingFang SC','Noto Sans SC',sans-serif;background:#ededed;color:#191919}\
header{color:#fff;padding:14px 16px;font-weight:600;text-align:center}\
main{max-width:420px;margin:24px auto;padding:32px 24px;background:#fff;border-radius:12px;text-align:center}\
.note{background:#fff7e6;color:#8a5a00;border-radius:8px;padding:8px 12px;font-size:14px;margin:0 0 24px}\
.subject{color:#555;margin:0;overflow-wrap:anywhere}.amount{font-size:44px;font-weight:600;margin:4px 0 8px}.amount small{font-size:24px}\
.state{color:#777;min-height:1.5em}button{display:block;width:100%;border:0;border-radius:8px;padding:14px;font:inherit;font-weight:600;color:#fff;margin-top:12px}\
button.quiet{background:#f2f2f2!important;color:#333}.wechat header,.wechat button{background:#07964b}.alipay header,.alipay button{background:#1267d8}\
.lamps header,.lamps button{background:#3a4a5c}.lamps main{max-width:560px;text-align:left}.lamps ul{list-style:none;margin:0;padding:0}\
.lamps li{display:flex;align-items:center;gap:12px;padding:8px 0;border-top:1px solid #ededed}.lamps b{flex:1;overflow-wrap:anywhere}\
.lamps li span,.lamps small{color:#555}.lamps small{display:block;font-weight:400}.lamps h2{font-size:18px;margin:24px 0 8px}.lamps form{margin:0}.lamps button{width:96px;margin:0;padding:10px 8px}\
.lamps i{flex:none;box-sizing:border-box;width:20px;height:20px;border:2px solid #777;border-radius:50%}\
.lamps [data-lamp=on] i{background:#ffc53d;border-color:#8a5a00}.lamps [data-lamp=unplugged] i{border-style:dashed}#lost{color:#b42318}\
button:focus-visible{outline:3px solid #191919;outline-offset:2px}";

pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_cannot_be_markup() {
        assert_eq!(escape("<b a='1' c=\"2\">&"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;");
    }
}
