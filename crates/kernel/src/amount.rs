//! Amounts that are whole numbers of something, each a type of its own, so that one cannot be added to another. Every sum is checked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The sum does not fit into 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("amount out of range")]
pub struct AmountError;

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident in $unit:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            pub const ZERO: Self = Self(0);

            pub const fn new($unit: i64) -> Self {
                Self($unit)
            }

            pub const fn $unit(self) -> i64 {
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

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                i64::schema()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

amount! {
    /// Quota 额度, what agents buy, hold and spend to issue keys, in units. May be negative in statements (what left an account); requests
    /// check for positive.
    Quota in units
}

amount! {
    /// Money, in fen 分: hundredths of a yuan. Negative where it takes off.
    Fen in fen
}

amount! {
    /// What an account of the ledger counts, in whatever it counts: quota or fen. Who knows the account knows which.
    Amount in units
}

impl Amount {
    pub const fn quota(self) -> Quota {
        Quota(self.0)
    }

    pub const fn fen(self) -> Fen {
        Fen(self.0)
    }
}

impl From<Quota> for Amount {
    fn from(quota: Quota) -> Self {
        Self(quota.0)
    }
}

impl From<Fen> for Amount {
    fn from(fen: Fen) -> Self {
        Self(fen.0)
    }
}

impl Quota {
    /// The largest amount that one request may name: far above any use, far below overflow of a sum.
    pub const MAX_ASKED: Self = Self(1_000_000_000_000);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_are_those_of_whole_numbers_or_refused(a: i64, b: i64) {
            let (x, y) = (Quota::new(a), Quota::new(b));
            prop_assert_eq!((x.units(), x.to_string()), (a, a.to_string()));
            prop_assert_eq!(x.plus(y).ok().map(Quota::units), a.checked_add(b));
            prop_assert_eq!(x.minus(y).ok().map(Quota::units), a.checked_sub(b));
            prop_assert_eq!(x.times(b).ok().map(Quota::units), a.checked_mul(b));
            prop_assert_eq!(x.is_positive(), a >= 1);
        }
    }

    #[test]
    fn small_sums_and_the_border_of_nothing() {
        let three = Quota::new(3);
        assert_eq!(
            (three.plus(three), three.minus(Quota::new(5)), three.times(4)),
            (Ok(Quota::new(6)), Ok(Quota::new(-2)), Ok(Quota::new(12)))
        );
        assert_eq!((three.negated(), Quota::ZERO.is_positive(), Quota::new(1).is_positive()), (Quota::new(-3), false, true));
        assert_eq!(Quota::new(i64::MAX).plus(Quota::new(1)), Err(AmountError));
    }
}
