//! Reading settings from memory, and changing them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kernel::{Clock, Fault, Lang, Timestamp};
use serde::Serialize;
use serde_json::Value;
use store::{Db, Sql, args, topics};
use tokio::sync::Mutex;

use super::defs;
use super::model::{Flag, Int, Kind, List, Setting, Text};
use crate::audit;
use crate::identity::{Permission, UserRef};
use crate::{Cx, Result};

pub(crate) const TOPIC: &str = "settings";

/// The values in force, as far as this process knows (it hears of changes within a second).
#[derive(Clone, Default)]
pub struct Settings {
    values: Arc<RwLock<HashMap<String, Value>>>,
    /// Whoever loads holds this from before it reads until it has stored.
    loading: Arc<Mutex<()>>,
}

/// A typed name of a setting.
pub trait Named {
    type Value;
    fn setting(&self) -> &'static Setting;
    fn read(&self, value: &Value) -> Self::Value;
}

impl Named for Flag {
    type Value = bool;
    fn setting(&self) -> &'static Setting {
        self.0
    }
    fn read(&self, value: &Value) -> bool {
        value.as_bool().unwrap_or_default()
    }
}
impl Named for Int {
    type Value = i64;
    fn setting(&self) -> &'static Setting {
        self.0
    }
    fn read(&self, value: &Value) -> i64 {
        value.as_i64().unwrap_or_default()
    }
}
impl Named for Text {
    type Value = String;
    fn setting(&self) -> &'static Setting {
        self.0
    }
    fn read(&self, value: &Value) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
}
impl Named for List {
    type Value = Vec<String>;
    fn setting(&self) -> &'static Setting {
        self.0
    }
    fn read(&self, value: &Value) -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }
}

impl Settings {
    pub fn get<N: Named>(&self, name: N) -> N::Value {
        let setting = name.setting();
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        match values.get(setting.name) {
            Some(value) => name.read(value),
            None => name.read(&setting.default()),
        }
    }

    /// Loads all values; what is not valid any more is left out, and its default counts.
    ///
    /// One at a time: who read before another's change and stored after it would bring the old values back, and nobody would load again until
    /// the next change.
    pub async fn load(&self, db: &Db) -> store::Result<()> {
        let _alone = self.loading.lock().await;
        let rows: Vec<(String, String)> =
            db.read().all("SELECT name, value FROM settings", args![], |row| Ok((row.get("name")?, row.get("value")?))).await?;
        let mut values = HashMap::new();
        for (name, text) in rows {
            let known = defs::ALL.iter().find(|setting| setting.name == name);
            match (known, serde_json::from_str::<Value>(&text)) {
                (Some(setting), Ok(value)) if setting.check(&value).is_ok() => {
                    values.insert(name, value);
                }
                _ => tracing::warn!(name, "a stored setting is not valid; its default counts"),
            }
        }
        *self.values.write().unwrap_or_else(PoisonError::into_inner) = values;
        Ok(())
    }

    /// Loads again whenever a process changes something. Never returns.
    pub async fn follow(self, db: Db) {
        let mut changes = topics::watch(&db);
        // What changed before this task came to its first line is loaded, too.
        let mut known = i64::MIN;
        changes.mark_changed();
        while changes.changed().await.is_ok() {
            let number = topics::number(&db, TOPIC);
            if number == known {
                continue;
            }
            match self.load(&db).await {
                Ok(()) => known = number,
                Err(error) => {
                    tracing::warn!(%error, "settings could not be loaded; trying again");
                    Clock::System.sleep(Duration::from_millis(500)).await;
                    changes.mark_changed();
                }
            }
        }
    }
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SettingGroup {
    pub name: String,
    pub title: String,
    pub settings: Vec<SettingView>,
}

kernel::words! {
    pub enum SettingKind { Boolean = "boolean", Integer = "integer", Text = "text", List = "list" }
}

/// A setting as the console shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Setting)]
pub struct SettingView {
    pub key: String,
    pub title: String,
    pub help: String,
    pub kind: SettingKind,
    #[schema(value_type = serde_json::Value)]
    pub value: Value,
    #[schema(value_type = serde_json::Value)]
    pub default: Value,
    pub minimum: Option<i64>,
    pub maximum: Option<i64>,
    pub choices: Option<Vec<String>>,
    pub unit: Option<String>,
    pub needs_restart: bool,
    pub changed_at: Option<Timestamp>,
    pub changed_by: Option<UserRef>,
}

type Changed = HashMap<String, (String, Timestamp, Option<UserRef>)>;

async fn changed(sql: &mut impl Sql) -> store::Result<Changed> {
    let query =
        "SELECT s.name, s.value, s.changed_at, s.changed_by, u.name AS by_name FROM settings s LEFT JOIN users u ON u.id = s.changed_by";
    let rows = sql
        .all(query, args![], |row| {
            let by = UserRef::from_row(row, "changed_by", "by_name")?;
            Ok((row.get::<String>("name")?, (row.get("value")?, row.get("changed_at")?, by)))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

fn view(setting: &Setting, changed: &Changed, lang: Lang) -> SettingView {
    let stored = changed.get(setting.name);
    let value = stored.and_then(|(text, ..)| serde_json::from_str(text).ok()).unwrap_or_else(|| setting.default());
    let (kind, minimum, maximum, choices, unit) = match setting.kind {
        Kind::Flag { .. } => (SettingKind::Boolean, None, None, None, None),
        Kind::Int { min, max, unit, .. } => (SettingKind::Integer, Some(min), Some(max), None, Some(unit.to_owned())),
        Kind::Text { .. } => (SettingKind::Text, None, None, None, None),
        Kind::List { choices } => (SettingKind::List, None, None, Some(choices.iter().map(|choice| (*choice).to_owned()).collect()), None),
    };
    SettingView {
        key: setting.name.into(),
        title: lang.pick(setting.zh, setting.en).into(),
        help: lang.pick(setting.help_zh, setting.help_en).into(),
        kind,
        value,
        default: setting.default(),
        minimum,
        maximum,
        choices,
        unit,
        needs_restart: setting.needs_restart,
        changed_at: stored.map(|(_, at, _)| *at),
        changed_by: stored.and_then(|(.., by)| by.clone()),
    }
}

const GROUPS: [(&str, &str, &str); 4] = [
    ("basic", "基本设置", "Basics"),
    ("security", "安全设置", "Security"),
    ("quota", "额度设置", "Quota"),
    ("notification", "通知设置", "Notifications"),
];

pub async fn groups(cx: &Cx) -> Result<Vec<SettingGroup>> {
    cx.require(Permission::SettingsManage)?;
    let changed = changed(&mut cx.db.read()).await?;
    let groups = GROUPS.iter().map(|(name, zh, en)| SettingGroup {
        name: (*name).into(),
        title: cx.lang.pick(zh, en).into(),
        settings: defs::ALL.iter().filter(|setting| setting.group == *name).map(|setting| view(setting, &changed, cx.lang)).collect(),
    });
    Ok(groups.collect())
}

/// Sets a value; logged with the old and the new one. In force everywhere within two seconds. With `was`, only if that is its value still.
pub async fn change(cx: &Cx, name: &str, value: &Value, was: Option<&Value>) -> Result<SettingView> {
    store_value(cx, name, Some(value), was).await
}

/// Goes back to the default. With `was`, only if that is its value still.
pub async fn reset(cx: &Cx, name: &str, was: Option<&Value>) -> Result<SettingView> {
    store_value(cx, name, None, was).await
}

async fn store_value(cx: &Cx, name: &str, value: Option<&Value>, was: Option<&Value>) -> Result<SettingView> {
    let user = cx.require(Permission::SettingsManage)?;
    let setting = defs::ALL.iter().find(|setting| setting.name == name).ok_or_else(Fault::not_found)?;
    let value = value.map(|value| setting.check(value).map_err(|bad| Fault::field("value", bad.code, bad.zh, bad.en))).transpose()?;

    let mut tx = cx.db.begin().await?;
    // First of all, so that two who change settings at once take turns: the second sees what the first has made of it.
    topics::bump(&mut tx, &cx.db, TOPIC).await?;
    let before = view(setting, &changed(&mut tx).await?, cx.lang).value;
    if was.is_some_and(|was| *was != before) {
        return Err(Fault::changed_meanwhile());
    }
    match &value {
        Some(value) => {
            let sql = "INSERT INTO settings (name, value, changed_at, changed_by) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by";
            tx.exec(sql, args![name, value.to_string(), cx.now(), user.id]).await?;
        }
        None => {
            tx.exec("DELETE FROM settings WHERE name = $1", args![name]).await?;
        }
    }
    let after = value.unwrap_or_else(|| setting.default());
    audit::record(&mut tx, cx, &audit::SETTING_CHANGED, None, &serde_json::json!({"setting": name, "old": before, "new": after})).await?;
    let view = view(setting, &changed(&mut tx).await?, cx.lang);
    tx.commit().await?;
    // This process need not wait for its own news.
    cx.settings.load(&cx.db).await?;
    Ok(view)
}
