//! Which level so many points are, and what a list of levels must be. Pure.

use kernel::{Fault, Fen, Fields, Lang, text};
use serde::{Deserialize, Serialize};

use super::edit::LevelForm;

kernel::id!(
    /// 会员等级
    LevelId, LevelEntity, "lvl"
);

/// What a member pays who has no discount, in ten-thousandths.
pub const ALL: i64 = 10_000;
/// Nobody has more than half off.
const LEAST: i64 = 5_000;
const MOST_LEVELS: usize = 20;
const MOST_POINTS: i64 = 100_000_000;
/// 1,000 yuan.
const MOST_GIFT: Fen = Fen::new(100_000);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelName {
    pub zh: String,
    pub en: String,
}

impl LevelName {
    pub fn pick(&self, lang: Lang) -> &str {
        lang.pick(&self.zh, &self.en)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = MemberLevel)]
pub struct Level {
    pub id: LevelId,
    pub name_zh: String,
    pub name_en: String,
    /// From so many points on.
    pub threshold: i64,
    /// What is paid of a price, in ten-thousandths: 9500 is 95 折.
    pub pays: i64,
    /// Into the wallet of whoever reaches it, once.
    pub gift_fen: Fen,
}

impl Level {
    pub fn name(&self) -> LevelName {
        LevelName { zh: self.name_zh.clone(), en: self.name_en.clone() }
    }
}

/// A point for each whole yuan.
pub fn points_for(paid: Fen) -> i64 {
    paid.fen().max(0) / 100
}

/// The level of so many points; `levels` rise.
pub fn level_at(levels: &[Level], points: i64) -> Option<&Level> {
    levels.iter().rev().find(|level| level.threshold <= points)
}

/// The one that comes after it.
pub fn next_at(levels: &[Level], points: i64) -> Option<&Level> {
    levels.iter().find(|level| level.threshold > points)
}

/// What levels must be before they are kept: rising in points, and never dearer. Refuses field by field; answers them with names cleaned.
pub fn check(levels: &[LevelForm]) -> Result<Vec<LevelForm>, Fault> {
    let mut fields = Fields::default();
    if levels.len() > MOST_LEVELS {
        fields.add("levels", "TOO_MANY", format!("等级最多 {MOST_LEVELS} 个"), format!("There may be {MOST_LEVELS} levels"));
        return fields.check().map(|()| Vec::new());
    }
    let mut kept: Vec<LevelForm> = Vec::with_capacity(levels.len());
    for (n, level) in levels.iter().enumerate() {
        let at = |name: &str| format!("levels.{n}.{name}");
        let name_zh = fields.take(&at("name_zh"), text::clean(&level.name_zh, 1, 20, false)).unwrap_or_default();
        let name_en = fields.take(&at("name_en"), text::clean(&level.name_en, 1, 40, false)).unwrap_or_default();
        if !(1..=MOST_POINTS).contains(&level.threshold) {
            fields.add(&at("threshold"), "RANGE", "积分须为 1 至 100000000", "Points are 1 to 100,000,000");
        }
        if !(LEAST..=ALL).contains(&level.pays) {
            fields.add(&at("pays"), "RANGE", "优惠须为 0 至 50%", "A discount is 0 to 50 %");
        }
        if level.gift_fen < Fen::ZERO || level.gift_fen > MOST_GIFT {
            fields.add(&at("gift_fen"), "RANGE", "礼包金额须为 0 至 1000 元", "A gift is 0 to 1,000 yuan");
        }
        if let Some(below) = kept.last() {
            if below.threshold >= level.threshold {
                let (zh, en) = ("须高于上一等级的积分", "Must be more points than the level below");
                fields.add(&at("threshold"), "NOT_RISING", zh, en);
            }
            if below.pays < level.pays {
                fields.add(&at("pays"), "NOT_RISING", "优惠不得低于上一等级", "Must not be a smaller discount than the level below");
            }
        }
        if level.id.is_some() && kept.iter().any(|other| other.id == level.id) {
            fields.add(&at("id"), "TWICE", "同一等级出现了两次", "This level is there twice");
        }
        kept.push(LevelForm { name_zh, name_en, ..level.clone() });
    }
    fields.check()?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(threshold: i64, pays: i64) -> LevelForm {
        LevelForm { id: None, name_zh: "银".into(), name_en: "Silver".into(), threshold, pays, gift_fen: Fen::ZERO }
    }

    fn kept(forms: &[LevelForm]) -> Vec<Level> {
        let levels = forms.iter().zip(1_u128..);
        levels
            .map(|(form, n)| Level {
                id: LevelId::from_uuid(uuid::Uuid::from_u128(n)),
                name_zh: form.name_zh.clone(),
                name_en: form.name_en.clone(),
                threshold: form.threshold,
                pays: form.pays,
                gift_fen: form.gift_fen,
            })
            .collect()
    }

    #[test]
    fn v6_1_levels_rise_and_are_refused_by_name_where_they_do_not() {
        let refused = |levels: &[LevelForm]| {
            let fields = check(levels).unwrap_err().fields;
            fields.into_iter().map(|error| format!("{} {}", error.field, error.code)).collect::<Vec<_>>()
        };
        assert!(check(&[]).is_ok() && check(&[form(100, 9_800), form(101, 9_800), form(1_000, 5_000)]).is_ok());
        assert_eq!(refused(&[form(100, 9_000), form(100, 9_500)]), ["levels.1.threshold NOT_RISING", "levels.1.pays NOT_RISING"]);
        assert_eq!(refused(&[form(0, 4_999)]), ["levels.0.threshold RANGE", "levels.0.pays RANGE"]);
        assert_eq!(
            refused(&[LevelForm { gift_fen: Fen::new(-1), name_zh: " ".into(), ..form(1, ALL) }]),
            ["levels.0.name_zh REQUIRED", "levels.0.gift_fen RANGE"]
        );
        assert_eq!(refused(&vec![form(1, ALL); 21]), ["levels TOO_MANY"]);
    }

    proptest! {
        #[test]
        fn v6_1_more_points_are_never_a_lower_level_nor_a_higher_price(
            steps in prop::collection::vec((1..2_000_i64, 0..800_i64), 0..8), fewer in 0..10_000_i64, more in 0..10_000_i64,
        ) {
            let (mut threshold, mut pays, mut forms) = (0, ALL, Vec::new());
            for (step, off) in steps {
                threshold += step;
                pays = (pays - off).max(LEAST);
                forms.push(form(threshold, pays));
            }
            let levels = kept(&check(&forms).unwrap());
            let (before, after) = (level_at(&levels, fewer), level_at(&levels, fewer + more));
            prop_assert!(before.map(|level| level.threshold) <= after.map(|level| level.threshold));
            prop_assert!(before.map_or(ALL, |level| level.pays) >= after.map_or(ALL, |level| level.pays));
            let next = next_at(&levels, fewer);
            prop_assert!(next.is_none_or(|next| next.threshold > fewer && level_at(&levels, next.threshold) == Some(next)));
        }

        #[test]
        fn v6_1_what_is_given_back_takes_its_points_and_no_more(paid in 0..1_000_000_i64, part in 0..=100_i64) {
            let back = paid * part / 100;
            let (earned, left) = (points_for(Fen::new(paid)), points_for(Fen::new(paid - back)));
            prop_assert!((0..=earned).contains(&left));
            prop_assert!((earned - left - back / 100).abs() <= 1);
            prop_assert_eq!(points_for(Fen::new(-paid)), 0);
        }
    }
}
