//! Of those who did all that is a customer's to do, how many had their light: of all, and by what they had it from.

use std::collections::BTreeMap;

use serde::Serialize;

/// Of openings over lamps that are well.
const OPENED: f64 = 0.995;

/// Whoever has done all that is a customer's to do.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Openings {
    pub asked: u64,
    /// With a light that was seen.
    pub opened: u64,
}

impl Openings {
    pub fn share(self) -> f64 {
        if self.asked == 0 { 1.0 } else { self.opened as f64 / self.asked as f64 }
    }

    pub fn are_enough(self) -> bool {
        self.share() >= OPENED
    }

    pub fn count(&mut self, opened: bool) {
        self.asked += 1;
        self.opened += u64::from(opened);
    }
}

/// Over lamps that were well, and over those that failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sides {
    pub healthy: Openings,
    pub unhealthy: Openings,
}

impl Sides {
    pub fn count(&mut self, healthy: bool, opened: bool) {
        let side = if healthy { &mut self.healthy } else { &mut self.unhealthy };
        side.count(opened);
    }
}

/// By the kind of device, or by the means.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Kinds(BTreeMap<&'static str, Sides>);

impl Kinds {
    pub fn count(&mut self, kind: &'static str, healthy: bool, opened: bool) {
        self.0.entry(kind).or_default().count(healthy, opened);
    }

    /// What holds of all holds of each.
    pub fn are_enough(&self) -> bool {
        self.0.values().all(|sides| sides.healthy.are_enough())
    }

    pub fn text(&self) -> String {
        let line = |(kind, sides): (&&str, &Sides)| {
            let (healthy, unhealthy) = (sides.healthy, sides.unhealthy);
            format!("{kind} {} / {} ({} / {})", healthy.opened, healthy.asked, unhealthy.opened, unhealthy.asked)
        };
        self.0.iter().map(line).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v9_1_a_kind_that_falls_short_is_not_hidden_by_the_others() {
        let mut kinds = Kinds::default();
        for _ in 0..10_000 {
            kinds.count("tasmota", true, true);
        }
        kinds.count("modbus", false, false);
        assert!(kinds.are_enough(), "what failed before is no fault of ours");
        kinds.count("modbus", true, false);
        assert!(!kinds.are_enough());
        assert_eq!(kinds.text(), "modbus 0 / 1 (0 / 1), tasmota 10000 / 10000 (0 / 0)");
    }

    #[test]
    fn nothing_asked_is_nothing_failed() {
        assert_eq!((Openings::default().share(), Kinds::default().are_enough()), (1.0, true));
    }
}
