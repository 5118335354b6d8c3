//! Settings, and keys under which a request is done once.

use platform::idempotency::IdempotencyKey;
use platform::settings::{Kind, defs};
use serde_json::Value;

use crate::{parts, text};

pub const VALUES: &[&str] = &[
    "3",
    "true",
    "\"Asia/Shanghai\"",
    "[\"agent\",\"super_admin\",\"agent\"]",
    "1440",
    "1.0",
    "1e3",
    "-0",
    "\"  站点 \"",
    "9223372036854775808",
];

/// A value that is accepted is stored and read back as the same, is accepted again, and lies within its bounds.
pub fn values(input: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return };
    for setting in defs::ALL {
        let Ok(kept) = setting.check(&value) else { continue };
        let stored: Option<Value> = serde_json::from_str(&kept.to_string()).ok();
        assert_eq!(stored.as_ref(), Some(&kept), "{}", setting.name);
        assert_eq!(setting.check(&kept), Ok(kept.clone()), "{}", setting.name);
        let fits = match setting.kind {
            Kind::Flag { .. } => kept.is_boolean(),
            Kind::Int { min, max, .. } => kept.as_i64().is_some_and(|number| (min..=max).contains(&number)),
            Kind::Text { max, .. } => kept.as_str().is_some_and(|text| (1..=max).contains(&text.chars().count())),
            Kind::List { choices } => kept.as_array().is_some_and(|items| {
                items.len() <= choices.len() && items.iter().all(|item| item.as_str().is_some_and(|item| choices.contains(&item)))
            }),
        };
        assert!(fits, "{}: {kept}", setting.name);
    }
}

pub const IDEMPOTENCY: &[&str] =
    &["transfer-1\u{1e}POST /api/v1/quota/transfers\u{1e}{\"amount\":1}\u{1e}{\"amount\":2}", "k2345678\u{1e}a\u{1e}\nb\u{1e}b"];

/// A key stands for one route and one body: another of either is another request.
pub fn idempotency(input: &[u8]) {
    let [name, route, one, two] = parts::<4>(input);
    let (name, route) = (text(name), text(route).replace('\n', ""));
    let key = |route: &str, body: &[u8]| IdempotencyKey::new(&name, route, body).ok();
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let fits = (8..=64).contains(&name.len()) && name.chars().all(allowed);
    assert_eq!(key(&route, one).is_some(), fits);
    if fits {
        assert_eq!(key(&route, one) == key(&route, two), one == two);
        assert_ne!(key(&route, one), key(&format!("{route}x"), one));
    }
}
