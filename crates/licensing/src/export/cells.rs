//! What stands in the cells of an export.

use kernel::{Lang, Timestamp};

use crate::keys::KeyState;
use crate::keys::store::Key;
use crate::projects::ValidityUnit;

kernel::words! {
    /// A column of an export.
    pub enum ExportColumn {
        Key = "key",
        Project = "project",
        Batch = "batch",
        Agent = "agent",
        State = "state",
        Validity = "validity",
        ActivatedAt = "activated_at",
        ExpiresAt = "expires_at",
        Devices = "devices",
        CreatedAt = "created_at",
    }
}

impl ExportColumn {
    pub fn title(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::Key => ("卡密", "Key"),
            Self::Project => ("项目", "Project"),
            Self::Batch => ("批次", "Batch"),
            Self::Agent => ("代理", "Agent"),
            Self::State => ("状态", "State"),
            Self::Validity => ("有效期", "Validity"),
            Self::ActivatedAt => ("激活时间", "Activated"),
            Self::ExpiresAt => ("到期时间", "Expires"),
            Self::Devices => ("绑定设备", "Devices"),
            Self::CreatedAt => ("生成时间", "Created"),
        };
        lang.pick(zh, en)
    }

    /// The cell of a key: text that a spreadsheet shows and does not compute.
    pub fn cell(self, key: &Key, lang: Lang, zone: &str) -> String {
        let time = |at: Option<Timestamp>| at.and_then(|at| at.in_zone(zone)).unwrap_or_default();
        let text = match self {
            Self::Key => key.key.clone(),
            Self::Project => key.project.name.clone(),
            Self::Batch => key.batch_id.to_string(),
            Self::Agent => key.agent.name.clone(),
            Self::State => state(key.state, lang).to_owned(),
            Self::Validity => validity(key.unit, key.validity, lang),
            Self::ActivatedAt => time(key.activated_at),
            Self::ExpiresAt => time(key.expires_at),
            Self::Devices => key.devices.iter().map(|device| device.id.as_str()).collect::<Vec<_>>().join(" "),
            Self::CreatedAt => time(Some(key.created_at)),
        };
        harmless(text)
    }
}

fn state(state: KeyState, lang: Lang) -> &'static str {
    match state {
        KeyState::Unused => lang.pick("未使用", "unused"),
        KeyState::Active => lang.pick("使用中", "active"),
        KeyState::Expired => lang.pick("已过期", "expired"),
        KeyState::Disabled => lang.pick("已禁用", "disabled"),
    }
}

fn validity(unit: ValidityUnit, count: i64, lang: Lang) -> String {
    match unit {
        ValidityUnit::Minute => format!("{count} {}", lang.pick("分钟", "min")),
        ValidityUnit::Hour => format!("{count} {}", lang.pick("小时", "h")),
        ValidityUnit::Day => format!("{count} {}", lang.pick("天", "d")),
        ValidityUnit::Month => format!("{count} {}", lang.pick("个月", if count == 1 { "month" } else { "months" })),
        ValidityUnit::Forever => lang.pick("永久", "forever").to_owned(),
    }
}

/// What begins like a formula gets an apostrophe before it: device and project names come from others, and a spreadsheet
/// must not compute them. After a semicolon or a tab as well: where the comma is a decimal point, those end a cell.
pub fn harmless(text: String) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for (at, c) in text.char_indices() {
        if begins && !is_blank(c) {
            if is_formula(&text[at..]) {
                safe.push('\'');
            }
            begins = false;
        }
        begins |= matches!(c, ';' | '\t' | '\n' | '\r');
        safe.push(c);
    }
    safe
}

/// What a spreadsheet passes over at the beginning of a cell.
fn is_blank(c: char) -> bool {
    c == '"' || (c.is_whitespace() && !matches!(c, '\t' | '\n' | '\r'))
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use kernel::Word;
    use platform::identity::{UserId, UserRef};
    use uuid::Uuid;

    use super::*;
    use crate::batches::BatchId;
    use crate::keys::KeyId;
    use crate::keys::store::KeyDevice;
    use crate::projects::{ProjectId, ProjectRef};

    #[test]
    fn one_month_is_one() {
        assert_eq!(validity(ValidityUnit::Month, 1, Lang::En), "1 month");
        assert_eq!(validity(ValidityUnit::Month, 12, Lang::En), "12 months");
    }

    #[test]
    fn formulas_are_neutralised() {
        for text in ["=1+1", "+1", "-1", "@x", "\t=1", "＝1"] {
            assert!(harmless(text.to_owned()).starts_with('\''), "{text:?}");
        }
        assert_eq!(harmless("  =cmd|' /C calc'!A0".into()), "  '=cmd|' /C calc'!A0");
    }

    #[test]
    fn a_formula_behind_what_ends_a_cell_elsewhere_is_neutralised_as_well() {
        assert_eq!(harmless("pc;=1+1".into()), "pc;'=1+1");
        assert_eq!(harmless("pc; \"-1\"".into()), "pc; \"'-1\"");
        assert_eq!(harmless("pc;x-1;2026-11-21".into()), "pc;x-1;2026-11-21");
        assert_eq!(harmless("7K2M9-QX4TD".into()), "7K2M9-QX4TD");
    }

    fn key() -> Key {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let device = |id: &str| KeyDevice { id: id.into(), name: String::new(), bound_at: at("2026-11-21T08:00:00Z") };
        Key {
            id: KeyId::from_uuid(Uuid::nil()),
            key: "7K2M9-QX4TD".into(),
            project: ProjectRef { id: ProjectId::from_uuid(Uuid::nil()), name: "=Demo".into() },
            batch_id: BatchId::from_uuid(Uuid::nil()),
            agent: UserRef { id: UserId::from_uuid(Uuid::nil()), name: "Zhang San".into() },
            state: KeyState::Active,
            unit: ValidityUnit::Day,
            validity: 30,
            activated_at: Some(at("2026-11-21T08:00:00Z")),
            expires_at: Some(at("2026-12-21T16:30:00Z")),
            devices: vec![device("-pc"), device("phone")],
            unbind_count: 0,
            created_at: at("2026-11-20T15:59:00Z"),
        }
    }

    #[test]
    fn k3_1c_each_column_shows_its_part_of_a_key_and_nothing_of_it_is_computed() {
        let cells = |key: &Key| ExportColumn::ALL.iter().map(|column| column.cell(key, Lang::En, "Asia/Shanghai")).collect::<Vec<_>>();
        let batch = BatchId::from_uuid(Uuid::nil()).to_string();
        let expected = [
            "7K2M9-QX4TD",
            "'=Demo",
            &batch,
            "Zhang San",
            "active",
            "30 d",
            "2026-11-21 16:00 Asia/Shanghai",
            "2026-12-22 00:30 Asia/Shanghai",
            "'-pc phone",
            "2026-11-20 23:59 Asia/Shanghai",
        ];
        assert_eq!(cells(&key()), expected);
        let fresh = cells(&Key { activated_at: None, expires_at: None, devices: Vec::new(), ..key() });
        assert_eq!((fresh[6].as_str(), fresh[7].as_str(), fresh[8].as_str(), fresh[9].as_str()), ("", "", "", expected[9]));
    }

    #[test]
    fn k3_1c_titles_states_and_validities_are_in_the_readers_language() {
        for lang in [Lang::Zh, Lang::En] {
            let mut titles: Vec<_> = ExportColumn::ALL.iter().map(|column| column.title(lang)).collect();
            assert!(titles.iter().all(|title| title.is_ascii() == (lang == Lang::En)));
            titles.sort_unstable();
            titles.dedup();
            assert_eq!(titles.len(), ExportColumn::ALL.len(), "none is another's");
        }
        let states = |lang| KeyState::ALL.iter().map(|one| state(*one, lang)).collect::<Vec<_>>();
        assert_eq!(
            (states(Lang::Zh), states(Lang::En)),
            (vec!["未使用", "使用中", "已过期", "已禁用"], vec!["unused", "active", "expired", "disabled"])
        );
        let validities = |lang| ValidityUnit::ALL.iter().map(|unit| validity(*unit, 2, lang)).collect::<Vec<_>>();
        assert_eq!(validities(Lang::Zh), ["2 分钟", "2 小时", "2 天", "2 个月", "永久"]);
        assert_eq!(validities(Lang::En), ["2 min", "2 h", "2 d", "2 months", "forever"]);
    }
}
