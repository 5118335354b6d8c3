//! What a setting is: a name, a type with bounds, a default, and the words that the console shows.

use serde_json::Value;

/// What every setting has.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub name: &'static str,
    /// basic, security, quota, notification
    pub group: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub help_zh: &'static str,
    pub help_en: &'static str,
    pub needs_restart: bool,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Flag {
        default: bool,
    },
    Int {
        default: i64,
        min: i64,
        max: i64,
        unit: &'static str,
    },
    Text {
        default: &'static str,
        max: usize,
        check: fn(&str) -> bool,
    },
    /// Any of the choices.
    List {
        choices: &'static [&'static str],
    },
}

/// Typed names: `get` of one answers its type.
#[derive(Debug, Clone, Copy)]
pub struct Flag(pub &'static Setting);
#[derive(Debug, Clone, Copy)]
pub struct Int(pub &'static Setting);
#[derive(Debug, Clone, Copy)]
pub struct Text(pub &'static Setting);
#[derive(Debug, Clone, Copy)]
pub struct List(pub &'static Setting);

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    pub code: &'static str,
    pub zh: String,
    pub en: String,
}

impl Setting {
    pub fn default(&self) -> Value {
        match self.kind {
            Kind::Flag { default } => default.into(),
            Kind::Int { default, .. } => default.into(),
            Kind::Text { default, .. } => default.into(),
            Kind::List { .. } => Value::Array(Vec::new()),
        }
    }

    /// The value in its stored form, or why it is not one.
    pub fn check(&self, value: &Value) -> Result<Value, BadValue> {
        match (self.kind, value) {
            (Kind::Flag { .. }, Value::Bool(_)) => Ok(value.clone()),
            (Kind::Flag { .. }, _) => Err(bad("NOT_A_FLAG", "应为是或否", "Must be true or false")),
            (Kind::Int { min, max, .. }, value) => {
                let number = value.as_i64().ok_or_else(|| bad("NOT_A_NUMBER", "应为整数", "Must be a whole number"))?;
                if (min..=max).contains(&number) {
                    Ok(number.into())
                } else {
                    Err(bad("OUT_OF_RANGE", format!("应在 {min} 到 {max} 之间"), format!("Must be from {min} to {max}")))
                }
            }
            (Kind::Text { max, check, .. }, Value::String(text)) => {
                let text = kernel::text::clean(text, 1, max, false).map_err(|(code, zh, en)| BadValue { code, zh, en })?;
                if check(&text) { Ok(text.into()) } else { Err(bad("INVALID", "内容无效", "Not a valid value")) }
            }
            (Kind::Text { .. }, _) => Err(bad("NOT_A_TEXT", "应为文字", "Must be a text")),
            (Kind::List { choices }, Value::Array(items)) => {
                let mut chosen = Vec::new();
                for item in items {
                    let known = item.as_str().and_then(|item| choices.iter().find(|choice| **choice == item));
                    let known = known.ok_or_else(|| {
                        bad("UNKNOWN_CHOICE", format!("可选：{}", choices.join("、")), format!("Choose from: {}", choices.join(", ")))
                    })?;
                    if !chosen.contains(known) {
                        chosen.push(known);
                    }
                }
                Ok(chosen.into_iter().map(|choice| Value::from(choice.to_string())).collect())
            }
            (Kind::List { .. }, _) => Err(bad("NOT_A_LIST", "应为列表", "Must be a list")),
        }
    }
}

fn bad(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> BadValue {
    BadValue { code, zh: zh.into(), en: en.into() }
}

#[cfg(test)]
mod tests {
    use super::super::defs;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn each_default_is_accepted_and_names_are_unique() {
        let mut names = Vec::new();
        for setting in defs::ALL {
            assert_eq!(setting.check(&setting.default()), Ok(setting.default()), "{}", setting.name);
            names.push(setting.name);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), defs::ALL.len());
    }

    proptest! {
        #[test]
        fn any_value_is_accepted_within_bounds_or_refused(number: i64, text in ".{0,300}") {
            for setting in defs::ALL {
                for value in [json!(number), json!(text), json!([text]), json!(null), json!(1.5)] {
                    if let Ok(stored) = setting.check(&value) {
                        prop_assert_eq!(setting.check(&stored), Ok(stored.clone()), "accepted values stay accepted");
                    }
                }
            }
        }
    }
}
