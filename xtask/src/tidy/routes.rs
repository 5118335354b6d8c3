//! Ways into the program that OpenAPI does not list. What it lists has a rule in crates/web/tests/api/matrix, or that test fails; a
//! route that is added past `routes!` would have none and nobody would notice. So these are written down here, one by one.

use super::Finding;
use super::lex::Source;

const METHODS: [&str; 6] = ["route", "route_service", "nest", "nest_service", "fallback", "fallback_service"];

/// By file: the paths, and the method's name where the path is no literal or there is none.
const UNLISTED: &[(&str, &[&str])] = &[
    // The demonstration's lamps and networks.
    ("crates/cuekey/src/demo/mod.rs", &["nest"]),
    ("crates/cuekey/src/demo/pay.rs", &["nest", "nest", "nest", "nest"]),
    ("crates/cuekey/src/serve.rs", &["fallback_service"]),
    ("crates/cuekey/src/telemetry.rs", &["/metrics"]),
    (
        "crates/web/src/routes/mod.rs",
        &[
            // Of what is listed, the beginnings.
            "/api/v1",
            "/customer/v1",
            // The document, what is said where there is nothing, and the two apps' files.
            "/openapi.json",
            "/api/{*rest}",
            "/customer/{*rest}",
            "/m",
            "/m/",
            "/m/{*rest}",
            "fallback",
            "fallback",
        ],
    ),
    // Who calls there is known by a signature: payments_strangers.rs has others refused.
    ("crates/web/src/routes/notices.rs", &["/callbacks/wechat", "/callbacks/alipay", "/callbacks/alipay_freeze"]),
];

/// Crates that answer nobody but tests, benchmarks and the demonstration.
const STAND_INS: [&str; 4] = ["crates/bench/", "crates/chaos/", "crates/sandbox/", "crates/testkit/"];

/// `text` is what `source` was made of.
pub fn check(path: &str, text: &str, source: &Source) -> Vec<Finding> {
    let served = path.starts_with("crates/") && path.contains("/src/") && !STAND_INS.iter().any(|folder| path.starts_with(folder));
    if !served {
        return Vec::new();
    }
    let mut left: Vec<&str> = UNLISTED.iter().find(|(file, _)| *file == path).map(|(_, ways)| ways.to_vec()).unwrap_or_default();
    let mut findings = Vec::new();
    for (line, way) in opened(text, source) {
        match left.iter().position(|known| *known == way) {
            Some(place) => {
                left.remove(place);
            }
            None => findings.push(Finding::error(
                path,
                line,
                format!("{way}: a way in that OpenAPI does not list. Add it by `routes!`, or say in tidy/routes.rs why it is not there"),
            )),
        }
    }
    findings.extend(left.iter().map(|way| Finding::error(path, 1, format!("{way} is gone: take it out of tidy/routes.rs"))));
    findings
}

/// The lines on which something is opened, and what.
fn opened(text: &str, source: &Source) -> Vec<(usize, String)> {
    let code: Vec<char> = source.code.chars().collect();
    let mut found = Vec::new();
    for method in METHODS {
        let call = format!(".{method}(");
        if !source.code.contains(&call) {
            continue;
        }
        let call: Vec<char> = call.chars().collect();
        for (start, _) in code.windows(call.len()).enumerate().filter(|(_, window)| *window == call) {
            let after = start + call.len();
            let argument = code[after..].iter().take_while(|character| character.is_whitespace()).count() + after;
            let line = code[..start].iter().filter(|character| **character == '\n').count() + 1;
            found.push((start, line, path(text, &code, argument).unwrap_or_else(|| method.to_owned())));
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(_, line, way)| (line, way)).collect()
}

/// The literal that begins at this character: the insides of literals are blank in the code, and as long as in the text.
fn path(text: &str, code: &[char], begin: usize) -> Option<String> {
    let inside = code.get(begin..)?.strip_prefix(&['"'])?;
    let length = inside.iter().position(|character| *character == '"')?;
    Some(text.chars().skip(begin + 1).take(length).collect())
}

#[cfg(test)]
mod tests {
    use super::super::lex::lex;
    use super::*;

    const NOTICES: &str = "crates/web/src/routes/notices.rs";
    const GOOD: &str = r#"Router::new()
    .route("/callbacks/wechat", post(wechat)).route( "/callbacks/alipay", post(alipay))
    .route(
        "/callbacks/alipay_freeze",
        post(alipay_freeze),
    )"#;

    fn found(path: &str, text: &str) -> Vec<(usize, String)> {
        let word = |message: String| message.split([':', ' ']).next().unwrap_or_default().to_owned();
        check(path, text, &lex(text)).into_iter().map(|finding| (finding.line, word(finding.message))).collect()
    }

    #[test]
    fn what_is_written_down_is_good() {
        assert_eq!(found(NOTICES, GOOD), []);
        assert_eq!(found("crates/cuekey/src/serve.rs", "beside.fallback_service(site)"), []);
    }

    #[test]
    fn another_way_in_is_found_wherever_it_stands() {
        let more = GOOD.replace("Router::new()", "// 中文\nRouter::new().route(\"/callbacks/中文\", get(x))");
        assert_eq!(found(NOTICES, &more), [(2, "/callbacks/中文".to_owned())]);
        for (call, way) in [
            ("x.route(\"/new\", get(x))", "/new"),
            ("x.route_service(\"/new\", x)", "/new"),
            ("x.nest(\"/new\", x)", "/new"),
            ("x.nest_service(PLACE, x)", "nest_service"),
            ("x.fallback(x)", "fallback"),
            ("x.fallback_service(x)", "fallback_service"),
        ] {
            assert_eq!(found("crates/web/src/routes/keys.rs", call), [(1, way.to_owned())], "{call}");
        }
    }

    #[test]
    fn a_second_one_of_the_same_name_and_one_that_is_gone_are_found() {
        let twice = "beside.fallback_service(site)\n.fallback_service(other)";
        assert_eq!(found("crates/cuekey/src/serve.rs", twice), [(2, "fallback_service".to_owned())]);
        assert_eq!(found("crates/cuekey/src/telemetry.rs", ""), [(1, "/metrics".to_owned())]);
    }

    #[test]
    fn comments_tests_and_stand_ins_are_nobodys_way_in() {
        assert_eq!(found("crates/web/src/routes/keys.rs", "// .route(\"/new\", x)\nlet x = \".route(\";"), []);
        for path in ["crates/front/tests/front/support.rs", "crates/sandbox/src/aliyun.rs", "xtask/src/run.rs"] {
            assert_eq!(found(path, "x.route(\"/new\", x)"), [], "{path}");
        }
    }
}
