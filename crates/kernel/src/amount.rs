//! Quota 额度: what agents buy, hold and spend to issue keys. A whole number of units, never negative where it
//! is asked for, and every sum is checked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of quota, in units. May be negative in statements (what left an account); requests check for positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quota(i64);

/// The sum does not fit into 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("amount out of range")]
pub struct AmountError;

impl Quota {
    pub const ZERO: Self = Self(0);
    /// The largest amount that one request may name: far above any use, far below overflow of a sum.
    pub const MAX_ASKED: Self = Self(1_000_000_000_000);

    pub const fn new(units: i64) -> Self {
        Self(units)
    }

    pub const fn units(self) -> i64 {
        self.0
    }

    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub fn plus(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_add(other.0).map(Self).ok_or(AmountError)
    }

    pub fn minus(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_sub(other.0).map(Self).ok_or(AmountError)
    }

    pub fn times(self, count: i64) -> Result<Self, AmountError> {
        self.0.checked_mul(count).map(Self).ok_or(AmountError)
    }

    pub const fn negated(self) -> Self {
        Self(-self.0)
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl utoipa::PartialSchema for Quota {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        i64::schema()
    }
}

impl utoipa::ToSchema for Quota {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_are_exact_or_refused(a: i64, b: i64) {
            let exact = |wide: i128| i64::try_from(wide).ok().map(Quota::new);
            let (left, right) = (Quota::new(a), Quota::new(b));
            prop_assert_eq!(left.plus(right).ok(), exact(i128::from(a) + i128::from(b)));
            prop_assert_eq!(left.minus(right).ok(), exact(i128::from(a) - i128::from(b)));
            prop_assert_eq!(left.times(b).ok(), exact(i128::from(a) * i128::from(b)));
        }
    }
}
