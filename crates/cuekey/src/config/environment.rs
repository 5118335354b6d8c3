//! `CUEKEY_SECTION__KEY`.
//!
//! Read by hand: what a key is decides how its text is read, so that a password of digits stays a text.

use figment::value::{Dict, Map, Num, Tag, Value};
use figment::{Metadata, Profile, Provider};

use super::Config;
use crate::trouble::{Result, Trouble};

const PREFIX: &str = "CUEKEY_";
/// Names with one underscore that are ours. Others, for instance the SDK's, are left alone.
const MASTER_KEY_FILE: &str = "CUEKEY_MASTER_KEY_FILE";

#[derive(Debug)]
pub struct Environment(Dict);

impl Environment {
    /// # Errors
    /// A name that looks like a key and is none.
    pub fn read(variables: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let known = defaults();
        let mut sections = Dict::new();
        for (name, text) in variables {
            let path = if name == MASTER_KEY_FILE { Some(("data".into(), "master_key_file".into())) } else { path(&name, &known)? };
            let Some((section, key)) = path else { continue };
            let Some(default) = known.get(&section).and_then(|section| section.as_dict()?.get(&key)) else {
                return Err(Trouble::setup(
                    format!("环境变量 {name}：没有配置项 {section}.{key}；运行 cuekey config 查看全部"),
                    format!("environment variable {name}: there is no {section}.{key}; `cuekey config` shows all"),
                ));
            };
            let value = value(&text, default);
            if let Value::Dict(_, section) = sections.entry(section).or_insert_with(|| Value::Dict(Tag::Default, Dict::new())) {
                section.insert(key, value);
            }
        }
        Ok(Self(sections))
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment").interpolater(|_: &Profile, path: &[&str]| format!("{PREFIX}{}", path.join("__").to_uppercase()))
    }

    fn data(&self) -> std::result::Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.0.clone()))
    }
}

pub fn defaults() -> Dict {
    let value = Value::serialize(Config::default()).ok().and_then(Value::into_dict);
    value.expect("the defaults are a table")
}

/// Section and key that a variable names; `None` for one that is not about the configuration.
fn path(name: &str, known: &Dict) -> Result<Option<(String, String)>> {
    let Some(rest) = name.strip_prefix(PREFIX).map(str::to_lowercase) else { return Ok(None) };
    if let Some((section, key)) = rest.split_once("__") {
        return Ok(Some((section.into(), key.into())));
    }
    // One underscore where there should be two would otherwise be ignored in silence.
    let meant = rest.split_once('_').filter(|(section, key)| known.get(*section).is_some_and(|keys| keys.find_ref(key).is_some()));
    match meant {
        None => Ok(None),
        Some((section, key)) => {
            let right = format!("{PREFIX}{}__{}", section.to_uppercase(), key.to_uppercase());
            Err(Trouble::setup(
                format!("环境变量 {name} 应写作 {right}（两条下划线）"),
                format!("environment variable {name}: write {right}, with two underscores"),
            ))
        }
    }
}

fn value(text: &str, like: &Value) -> Value {
    match like {
        Value::Array(..) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(Tag::Default, items.map(|item| Value::from(item.to_owned())).collect())
        }
        // What is no number or flag stays a text, and is refused with its name when the configuration is read.
        Value::Num(..) => {
            text.trim().parse::<i64>().map_or_else(|_| Value::from(text.to_owned()), |n| Value::Num(Tag::Default, Num::I64(n)))
        }
        Value::Bool(..) => text.trim().parse::<bool>().map_or_else(|_| Value::from(text.to_owned()), Value::from),
        _ => Value::from(text.to_owned()),
    }
}
