//! What serde says of a body or a query, in the words of a form: which field, and in both languages why.

use kernel::Fault;

use crate::strict;

/// A refusal of what stands at `path` (serde's way to it; `.` is the whole), for the reason that serde gives in English.
pub(crate) fn refusal(path: &str, whole: &str, reason: &str) -> Fault {
    let reason = reason.split(" at line ").next().unwrap_or(reason);
    let place = if path == "." || path.is_empty() { whole } else { path };
    let inside = |name: &str| if place == whole { name.to_owned() } else { format!("{place}.{name}") };
    if let Some(name) = quoted(reason, "missing field `") {
        return Fault::field(&inside(name), "REQUIRED", "请填写", "This is needed");
    }
    if let Some(name) = quoted(reason, "unknown field `") {
        // A path that serde has already led to the field itself is not lengthened.
        let field = if place == name || place.ends_with(&format!(".{name}")) { place.to_owned() } else { inside(name) };
        let field: String = field.chars().take(200).collect();
        return Fault::field(&field, "INVALID", "没有这个字段", "There is no such field");
    }
    if let Some(name) = quoted(reason, "duplicate field `") {
        let field = if place == name || place.ends_with(&format!(".{name}")) { place.to_owned() } else { inside(name) };
        let field: String = field.chars().take(200).collect();
        return Fault::field(&field, "INVALID", "此字段出现了两次", "This field is there twice");
    }
    if reason == strict::NUL {
        return Fault::field(place, "CHARACTERS", "含有不可见或控制字符", "Holds invisible or control characters");
    }
    let (zh, en) = words(reason);
    Fault::field(place, "INVALID", zh, en)
}

fn quoted<'a>(reason: &'a str, before: &str) -> Option<&'a str> {
    reason.strip_prefix(before)?.split('`').next()
}

fn words(reason: &str) -> (String, String) {
    if reason.starts_with("unknown variant") {
        let choices: Vec<&str> = reason.rsplit("expected").next().unwrap_or_default().split('`').skip(1).step_by(2).collect();
        return (format!("应为以下之一：{}", choices.join("、")), format!("Must be one of: {}", choices.join(", ")));
    }
    if let Some(prefix) = reason.split("begins with ").nth(1) {
        return (format!("应为以 {prefix} 开头的编号"), format!("Must be an id that begins with {prefix}"));
    }
    let expected = match reason.rsplit(", expected ").next() {
        Some(expected) if expected != reason => expected,
        // How texts of a query are refused that are no numbers and no truth values.
        _ if reason.contains("invalid digit") || reason.contains("parse integer") || reason.contains("too large") => "i64",
        _ if reason.contains("`true` or `false`") => "a boolean",
        _ => "",
    };
    let (zh, en) = match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => ("应为整数", "Must be a whole number"),
        "f32" | "f64" => ("应为数字", "Must be a number"),
        "a string" | "a borrowed string" | "str" | "string" => ("应为文本", "Must be a text"),
        "a boolean" => ("应为 true 或 false", "Must be true or false"),
        "a sequence" => ("应为列表", "Must be a list"),
        "an object" | "a map" => ("应为 JSON 对象", "Must be a JSON object"),
        "unit" | "null" => ("应为空", "Must be empty"),
        _ if expected.starts_with("struct ") => ("应为 JSON 对象", "Must be a JSON object"),
        _ if reason.starts_with("invalid type") => ("类型不正确", "Not of the right type"),
        _ => ("内容不正确", "Not as expected"),
    };
    (zh.into(), en.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(path: &str, reason: &str) -> (String, &'static str, String, String) {
        let fault = refusal(path, "body", reason);
        let field = fault.fields.into_iter().next().unwrap();
        (field.field, field.code, field.zh, field.en)
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field_in_both_languages() {
        for (path, reason, place, code) in [
            (".", "missing field `name` at line 1 column 2", "name", "REQUIRED"),
            ("device", "missing field `id` at line 1 column 2", "device.id", "REQUIRED"),
            ("colour", "unknown field `colour`, expected `name`", "colour", "INVALID"),
            (".", "unknown field `colour`, there are no fields", "colour", "INVALID"),
            ("prices[0].count", "invalid type: string \"x\", expected i64 at line 1 column 2", "prices[0].count", "INVALID"),
            (".", "duplicate field `name` at line 1 column 2", "name", "INVALID"),
            ("limit", "invalid digit found in string", "limit", "INVALID"),
            ("state", "unknown variant `x`, expected one of `a`, `b`", "state", "INVALID"),
            ("x", "something that nobody thought of", "x", "INVALID"),
        ] {
            let (field, found, zh, en) = field(path, reason);
            assert_eq!((field.as_str(), found), (place, code), "{reason}");
            assert!(!zh.contains("expected") && !zh.contains("line") && !en.contains("line"), "{zh} {en}");
        }
        assert_eq!(field("state", "unknown variant `x`, expected `a` or `b`").2, "应为以下之一：a、b");
        assert_eq!(field("n", "invalid type: string \"expected str\", expected i64").3, "Must be a whole number");
    }
}
