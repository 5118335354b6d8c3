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
    use super::*;

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
}
