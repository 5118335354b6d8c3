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

    /// A level with one number of it as given.
    type Of = fn(i64) -> LevelForm;

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

    fn id(n: u128) -> Option<LevelId> {
        Some(LevelId::from_uuid(uuid::Uuid::from_u128(n)))
    }

    /// Fields and codes; none where they are kept.
    fn refused(levels: &[LevelForm]) -> Vec<String> {
        let fields = check(levels).err().map(|fault| fault.fields).unwrap_or_default();
        fields.into_iter().map(|error| format!("{} {}", error.field, error.code)).collect()
    }

    #[test]
    fn v6_1_levels_rise_and_are_refused_by_name_where_they_do_not() {
        assert!(check(&[]).is_ok() && check(&[form(100, 9_800), form(101, 9_800), form(1_000, 5_000)]).is_ok());
        assert_eq!(refused(&[form(100, 9_000), form(100, 9_500)]), ["levels.1.threshold NOT_RISING", "levels.1.pays NOT_RISING"]);
        assert_eq!(refused(&[form(0, 4_999)]), ["levels.0.threshold RANGE", "levels.0.pays RANGE"]);
        assert_eq!(
            refused(&[LevelForm { gift_fen: Fen::new(-1), name_zh: " ".into(), ..form(1, ALL) }]),
            ["levels.0.name_zh REQUIRED", "levels.0.gift_fen RANGE"]
        );
        assert_eq!(refused(&vec![form(1, ALL); 21]), ["levels TOO_MANY"]);
    }

    #[test]
    fn v6_1_each_number_of_a_level_is_kept_up_to_its_bounds_and_refused_beyond_them() {
        let bounds: [(Of, i64, i64, &str); 3] = [
            (|points| form(points, ALL), 1, 100_000_000, "levels.0.threshold RANGE"),
            (|pays| form(1, pays), 5_000, 10_000, "levels.0.pays RANGE"),
            (|fen| LevelForm { gift_fen: Fen::new(fen), ..form(1, ALL) }, 0, 100_000, "levels.0.gift_fen RANGE"),
        ];
        for (of, least, most, refusal) in bounds {
            for kept in [least, least + 1, most - 1, most] {
                assert!(refused(&[of(kept)]).is_empty(), "{kept}: {refusal}");
            }
            for beyond in [least - 1, most + 1] {
                assert_eq!(refused(&[of(beyond)]), [refusal], "{beyond}");
            }
        }
        let many = |count: i64| (1..=count).map(|points| form(points, ALL)).collect::<Vec<_>>();
        assert!(refused(&many(19)).is_empty() && refused(&many(20)).is_empty());
        assert_eq!((refused(&many(21)), refused(&many(22))), (vec!["levels TOO_MANY".into()], vec!["levels TOO_MANY".into()]));
    }

    #[test]
    fn v6_1_names_of_levels_are_cleaned_and_end_somewhere() {
        let named = |zh: &str, en: &str| LevelForm { name_zh: zh.into(), name_en: en.into(), ..form(1, ALL) };
        let kept = check(&[named(" 银 ", " Silver ")]).unwrap();
        assert_eq!((kept.len(), kept[0].name_zh.as_str(), kept[0].name_en.as_str(), kept[0].threshold), (1, "银", "Silver", 1));
        assert!(refused(&[named(&"银".repeat(20), &"S".repeat(40))]).is_empty());
        let long = ["levels.0.name_zh TOO_LONG", "levels.0.name_en TOO_LONG"];
        assert_eq!(refused(&[named(&"银".repeat(21), &"S".repeat(41))]), long);
    }

    #[test]
    fn v6_1_each_level_takes_more_points_than_the_one_below_it_and_costs_no_more() {
        for (points, refusal) in [(99, true), (100, true), (101, false)] {
            assert_eq!(!refused(&[form(100, ALL), form(points, ALL)]).is_empty(), refusal, "{points}");
        }
        for (pays, refusal) in [(8_999, false), (9_000, false), (9_001, true)] {
            assert_eq!(!refused(&[form(1, 9_000), form(2, pays)]).is_empty(), refusal, "{pays}");
        }
        let third = [form(100, 9_500), form(300, 9_000), form(200, 9_200)];
        assert_eq!(refused(&third), ["levels.2.threshold NOT_RISING", "levels.2.pays NOT_RISING"], "than the one just below it");
    }

    #[test]
    fn v6_1_a_level_is_there_once_and_any_number_may_be_new() {
        let known = |id: Option<LevelId>, points| LevelForm { id, ..form(points, ALL) };
        assert!(refused(&[known(id(1), 1), known(id(2), 2), known(None, 3), known(None, 4)]).is_empty());
        assert_eq!(refused(&[known(id(1), 1), known(id(2), 2), known(id(1), 3)]), ["levels.2.id TWICE"]);
    }

    #[test]
    fn v6_1_a_level_begins_with_its_last_point_and_a_point_with_its_last_fen() {
        let levels = kept(&[form(100, 9_800), form(500, 9_500), form(1_000, 9_000)]);
        for (points, level, next) in [
            (0, None, Some(100)),
            (99, None, Some(100)),
            (100, Some(100), Some(500)),
            (101, Some(100), Some(500)),
            (499, Some(100), Some(500)),
            (500, Some(500), Some(1_000)),
            (999, Some(500), Some(1_000)),
            (1_000, Some(1_000), None),
            (1_001, Some(1_000), None),
        ] {
            let found = (level_at(&levels, points), next_at(&levels, points));
            assert_eq!((found.0.map(|level| level.threshold), found.1.map(|level| level.threshold)), (level, next), "{points}");
        }
        assert_eq!([-100, 0, 99, 100, 101, 199, 200].map(|fen| points_for(Fen::new(fen))), [0, 0, 0, 1, 1, 1, 2]);
    }

    #[test]
    fn v6_1_a_level_is_called_by_its_name_in_either_language() {
        let name = kept(&[form(1, ALL)])[0].name();
        assert_eq!((name.pick(Lang::Zh), name.pick(Lang::En)), ("银", "Silver"));
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
