//! The form of a project: what may be asked for, and the rules of each field.

use std::collections::{BTreeMap, HashSet};

use kernel::{Fault, Fields, text};
use serde::{Deserialize, Deserializer, Serialize};

use super::model::{Price, ValidityUnit};

const MOST_PARAMETERS: usize = 50;
const MOST_PRICES: usize = 100;
const HIGHEST_PRICE: i64 = 1_000_000_000;
/// The longest time for which an old secret stays good: 30 days.
pub const MOST_OVERLAP_HOURS: i64 = 720;

/// What a super admin fills in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    pub name: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub version: String,
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    #[serde(default = "one")]
    pub devices_per_key: i64,
    #[serde(default)]
    pub unbind_limit: Option<i64>,
    #[serde(default = "usual_rate")]
    pub rate_per_minute: i64,
    #[serde(default)]
    pub prices: Vec<Price>,
    #[serde(default)]
    pub open_for_application: bool,
}

const fn one() -> i64 {
    1
}

const fn usual_rate() -> i64 {
    600
}

/// What a change names; the rest stays. `unbind_limit: null` lifts the limit.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectPatch {
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    #[serde(deserialize_with = "present")]
    pub description: Option<String>,
    #[serde(deserialize_with = "present")]
    pub version: Option<String>,
    #[serde(deserialize_with = "present")]
    pub parameters: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "present")]
    pub devices_per_key: Option<i64>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub unbind_limit: Option<Option<i64>>,
    #[serde(deserialize_with = "present")]
    pub rate_per_minute: Option<i64>,
    #[serde(deserialize_with = "present")]
    pub prices: Option<Vec<Price>>,
    #[serde(deserialize_with = "present")]
    pub open_for_application: Option<bool>,
    /// That of the project as it was looked at: where somebody has changed it since, nothing is changed. Left out: whatever it is.
    #[serde(deserialize_with = "present")]
    pub revision: Option<i64>,
}

/// A field that is there has its own type; `null` is not the same as being left out.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl ProjectPatch {
    /// The form as it would be after this change.
    pub fn over(self, old: NewProject) -> NewProject {
        NewProject {
            name: self.name.unwrap_or(old.name),
            description: self.description.unwrap_or(old.description),
            version: self.version.unwrap_or(old.version),
            parameters: self.parameters.unwrap_or(old.parameters),
            devices_per_key: self.devices_per_key.unwrap_or(old.devices_per_key),
            unbind_limit: self.unbind_limit.unwrap_or(old.unbind_limit),
            rate_per_minute: self.rate_per_minute.unwrap_or(old.rate_per_minute),
            prices: self.prices.unwrap_or(old.prices),
            open_for_application: self.open_for_application.unwrap_or(old.open_for_application),
        }
    }
}

/// A form that was checked; its texts are clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec(NewProject);

impl std::ops::Deref for Spec {
    type Target = NewProject;
    fn deref(&self) -> &NewProject {
        &self.0
    }
}

impl Spec {
    /// Which fields differ: for the log.
    pub fn changes(&self, old: &NewProject) -> serde_json::Map<String, serde_json::Value> {
        let (Ok(serde_json::Value::Object(before)), Ok(serde_json::Value::Object(after))) =
            (serde_json::to_value(old), serde_json::to_value(&self.0))
        else {
            return serde_json::Map::new();
        };
        let differs = after.into_iter().filter(|(field, value)| before.get(field) != Some(value));
        differs.map(|(field, new)| (field.clone(), serde_json::json!({"old": before.get(&field), "new": new}))).collect()
    }
}

impl NewProject {
    /// All that is wrong is named at once.
    pub fn check(self) -> Result<Spec, Fault> {
        let mut fields = Fields::default();
        let name = fields.take("name", text::clean(&self.name, 1, 64, false));
        let description = fields.take("description", text::clean(&self.description, 0, 2_000, true));
        let version = fields.take("version", text::clean(&self.version, 0, 40, false));
        let parameters = parameters(&mut fields, self.parameters);
        range(&mut fields, "devices_per_key", self.devices_per_key, 1, 100);
        if let Some(limit) = self.unbind_limit {
            range(&mut fields, "unbind_limit", limit, 0, 1_000);
        }
        range(&mut fields, "rate_per_minute", self.rate_per_minute, 1, 10_000_000);
        prices(&mut fields, &self.prices);
        fields.check()?;
        Ok(Spec(Self {
            name: name.unwrap_or_default(),
            description: description.unwrap_or_default(),
            version: version.unwrap_or_default(),
            parameters,
            ..self
        }))
    }
}

fn range(fields: &mut Fields, field: &str, value: i64, min: i64, max: i64) {
    if !(min..=max).contains(&value) {
        fields.add(field, "OUT_OF_RANGE", format!("应为 {min} 到 {max}"), format!("Must be {min} to {max}"));
    }
}

/// How long a rotated secret stays good beside the new one.
pub fn check_overlap(hours: i64) -> Result<i64, Fault> {
    let mut fields = Fields::default();
    range(&mut fields, "overlap_hours", hours, 0, MOST_OVERLAP_HOURS);
    fields.check().map(|()| hours)
}

fn parameters(fields: &mut Fields, asked: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut clean = BTreeMap::new();
    if asked.len() > MOST_PARAMETERS {
        fields.add("parameters", "TOO_MANY", format!("最多 {MOST_PARAMETERS} 个参数"), format!("At most {MOST_PARAMETERS} parameters"));
        return clean;
    }
    for (key, value) in &asked {
        // A key that is no key is not repeated in full: it may be of any length.
        let place = format!("parameters.{}", key.chars().take(64).collect::<String>());
        let key = fields.take(&place, text::clean(key, 1, 64, false));
        let value = fields.take(&place, text::clean(value, 0, 1_000, true));
        if let (Some(key), Some(value)) = (key, value)
            && clean.insert(key, value).is_some()
        {
            fields.add(&place, "DUPLICATE", "参数名重复", "This parameter is there twice");
        }
    }
    clean
}

fn prices(fields: &mut Fields, asked: &[Price]) {
    if asked.len() > MOST_PRICES {
        fields.add("prices", "TOO_MANY", format!("最多 {MOST_PRICES} 个价格"), format!("At most {MOST_PRICES} prices"));
        return;
    }
    let mut seen: HashSet<(ValidityUnit, i64)> = HashSet::new();
    for (at, price) in asked.iter().enumerate() {
        let counts = price.unit.counts();
        range(fields, &format!("prices[{at}].count"), price.count, *counts.start(), *counts.end());
        range(fields, &format!("prices[{at}].price"), price.price.units(), 0, HIGHEST_PRICE);
        if !seen.insert((price.unit, price.count)) {
            fields.add(&format!("prices[{at}]"), "DUPLICATE", "同一有效期只能有一个价格", "One validity has one price");
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Quota, Word};
    use proptest::prelude::*;

    use super::*;

    fn form() -> NewProject {
        serde_json::from_str(r#"{"name": "Demo"}"#).unwrap()
    }

    fn wrong(form: NewProject) -> Vec<(String, &'static str)> {
        form.check().map_err(|fault| fault.fields.into_iter().map(|field| (field.field, field.code)).collect()).err().unwrap_or_default()
    }

    #[test]
    fn a_name_is_enough() {
        let spec = form().check().unwrap();
        assert_eq!((spec.devices_per_key, spec.unbind_limit, spec.rate_per_minute), (1, None, 600));
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let forever = Price { unit: ValidityUnit::Forever, count: 1, price: Quota::new(-1) };
        let all = NewProject {
            name: " ".into(),
            devices_per_key: 0,
            unbind_limit: Some(-1),
            rate_per_minute: 0,
            prices: vec![forever],
            ..form()
        };
        let fields: Vec<String> = wrong(all).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["name", "devices_per_key", "unbind_limit", "rate_per_minute", "prices[0].count", "prices[0].price"]);
    }

    #[test]
    fn two_spellings_of_one_parameter_are_one() {
        let parameters = BTreeMap::from([("a".to_owned(), "1".to_owned()), (" a".to_owned(), "2".to_owned())]);
        assert_eq!(wrong(NewProject { parameters, ..form() }), [("parameters.a".to_owned(), "DUPLICATE")]);
    }

    proptest! {
        #[test]
        fn a_price_passes_exactly_within_its_units_bounds(unit in 0..ValidityUnit::ALL.len(), count in -2_i64..600_000, price in -2_i64..2_000_000_000) {
            let unit = ValidityUnit::ALL[unit];
            let asked = NewProject { prices: vec![Price { unit, count, price: Quota::new(price) }], ..form() };
            let good = unit.counts().contains(&count) && (0..=HIGHEST_PRICE).contains(&price);
            prop_assert_eq!(asked.check().is_ok(), good);
        }

        #[test]
        fn a_change_of_nothing_changes_nothing(name in "[a-z]{1,20}", devices in 1_i64..=100, limit in proptest::option::of(0_i64..=1_000)) {
            let old = NewProject { name, devices_per_key: devices, unbind_limit: limit, ..form() };
            let spec = ProjectPatch::default().over(old.clone()).check().unwrap();
            prop_assert!(spec.changes(&old).is_empty());
            prop_assert_eq!(&*spec, &old);
        }
    }

    #[test]
    fn null_lifts_the_limit_and_absence_leaves_it() {
        let old = NewProject { unbind_limit: Some(3), ..form() };
        let patch = |text: &str| serde_json::from_str::<ProjectPatch>(text);
        assert_eq!(patch("{}").unwrap().over(old.clone()).unbind_limit, Some(3));
        assert_eq!(patch(r#"{"unbind_limit": null}"#).unwrap().over(old.clone()).unbind_limit, None);
        assert_eq!(patch(r#"{"unbind_limit": 0}"#).unwrap().over(old).unbind_limit, Some(0));
        assert!(patch(r#"{"name": null}"#).is_err());
        assert!(patch(r#"{"secret": "x"}"#).is_err());
    }

    #[test]
    fn k2_1_texts_are_cleaned_and_lists_end_somewhere() {
        let texts = NewProject { name: " Demo ".into(), description: " two\nlines ".into(), version: " 1.0 ".into(), ..form() };
        let parameters = BTreeMap::from([(" mode ".to_owned(), " fast ".to_owned())]);
        let spec = NewProject { parameters, ..texts }.check().unwrap();
        assert_eq!((spec.name.as_str(), spec.description.as_str(), spec.version.as_str()), ("Demo", "two\nlines", "1.0"));
        assert_eq!(spec.parameters, BTreeMap::from([("mode".to_owned(), "fast".to_owned())]));

        let parameters = |n: usize| (0..n).map(|n| (format!("p{n}"), String::new())).collect::<BTreeMap<_, _>>();
        assert_eq!(NewProject { parameters: parameters(MOST_PARAMETERS), ..form() }.check().unwrap().parameters.len(), MOST_PARAMETERS);
        let many = NewProject { parameters: parameters(MOST_PARAMETERS + 1), ..form() };
        assert_eq!(wrong(many), [("parameters".to_owned(), "TOO_MANY")]);

        let prices =
            |n: usize| (1..).take(n).map(|count| Price { unit: ValidityUnit::Day, count, price: Quota::new(1) }).collect::<Vec<_>>();
        assert_eq!(NewProject { prices: prices(MOST_PRICES), ..form() }.check().unwrap().prices.len(), MOST_PRICES);
        assert_eq!(wrong(NewProject { prices: prices(MOST_PRICES + 1), ..form() }), [("prices".to_owned(), "TOO_MANY")]);
        let twice = vec![prices(1)[0], Price { price: Quota::new(2), ..prices(1)[0] }];
        assert_eq!(wrong(NewProject { prices: twice, ..form() }), [("prices[1]".to_owned(), "DUPLICATE")]);
    }

    #[test]
    fn k2_1_a_parameter_without_a_good_name_or_value_is_named() {
        let parameters = BTreeMap::from([(" ".to_owned(), "x".to_owned()), ("good".to_owned(), "\u{202e}".to_owned())]);
        assert_eq!(
            wrong(NewProject { parameters, ..form() }),
            [("parameters. ".to_owned(), "REQUIRED"), ("parameters.good".to_owned(), "CHARACTERS")]
        );
    }

    #[test]
    fn k2_1_an_old_secret_stays_good_for_thirty_days_at_most() {
        assert_eq!((check_overlap(0).unwrap(), check_overlap(24).unwrap(), check_overlap(MOST_OVERLAP_HOURS).unwrap()), (0, 24, 720));
        for hours in [-1, MOST_OVERLAP_HOURS + 1] {
            assert_eq!(check_overlap(hours).unwrap_err().fields[0].field, "overlap_hours");
        }
    }

    #[test]
    fn k2_1_a_change_is_logged_with_what_was_and_what_is() {
        let old = form();
        let spec = NewProject { devices_per_key: 3, ..form() }.check().unwrap();
        assert_eq!(serde_json::Value::from(spec.changes(&old)), serde_json::json!({"devices_per_key": {"old": 1, "new": 3}}));
    }

    #[test]
    fn k2_1_each_number_and_text_of_a_project_passes_up_to_its_bounds_and_not_beyond_them() {
        type Of = fn(i64) -> NewProject;
        let long = |length: i64| "x".repeat(usize::try_from(length).unwrap());
        let numbers: [(Of, i64, i64, &str); 3] = [
            (|devices_per_key| NewProject { devices_per_key, ..form() }, 1, 100, "devices_per_key"),
            (|limit| NewProject { unbind_limit: Some(limit), ..form() }, 0, 1_000, "unbind_limit"),
            (|rate_per_minute| NewProject { rate_per_minute, ..form() }, 1, 10_000_000, "rate_per_minute"),
        ];
        for (of, least, most, field) in numbers {
            assert_eq!((wrong(of(least)), wrong(of(most))), (vec![], vec![]), "{field}");
            let refusal = vec![(field.to_owned(), "OUT_OF_RANGE")];
            assert_eq!((wrong(of(least - 1)), wrong(of(most + 1))), (refusal.clone(), refusal));
        }
        let of_texts = |name, description, version| {
            let (name, description, version) = (long(name), long(description), long(version));
            wrong(NewProject { name, description, version, ..form() })
        };
        assert_eq!((of_texts(1, 0, 0), of_texts(64, 2_000, 40)), (vec![], vec![]));
        assert_eq!(of_texts(65, 2_001, 41), ["name", "description", "version"].map(|field| (field.to_owned(), "TOO_LONG")));
        let of_parameter = |key, value| wrong(NewProject { parameters: BTreeMap::from([(long(key), long(value))]), ..form() });
        assert!(of_parameter(64, 1_000).is_empty());
        let place = format!("parameters.{}", long(64));
        assert_eq!((of_parameter(65, 1), of_parameter(64, 1_001)), (vec![(place.clone(), "TOO_LONG")], vec![(place, "TOO_LONG")]));
    }
}
