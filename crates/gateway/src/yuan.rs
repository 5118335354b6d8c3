//! Amounts as networks write them: decimal yuan in texts, where ours are whole fen. No floating point on the way.

use kernel::Fen;

/// `36.00`; of nothing below zero.
pub(crate) fn to_yuan(fen: Fen) -> String {
    format!("{}.{:02}", fen.fen() / 100, (fen.fen() % 100).abs())
}

/// Reads `36`, `36.5` and `36.50`, with a minus where a bill has one; none of anything else.
pub(crate) fn from_yuan(text: &str) -> Option<Fen> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    let fen = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part)?;
    Some(Fen::new(if negative { -fen } else { fen }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn k12_1_an_amount_is_the_same_fen_there_and_back(fen in 0_i64..i64::MAX / 200, text in "\\PC{0,12}") {
            prop_assert_eq!(from_yuan(&to_yuan(Fen::new(fen))), Some(Fen::new(fen)));
            // Whatever is read was written as an amount is.
            if let Some(read) = from_yuan(&text) {
                prop_assert!(text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-'));
                prop_assert_eq!(from_yuan(&to_yuan(Fen::new(read.fen().abs()))), Some(Fen::new(read.fen().abs())));
            }
        }
    }

    #[test]
    fn k12_1_what_is_no_amount_is_none() {
        let read = ["36", "36.5", "36.05", "0.01", "-1.00"].map(|text| from_yuan(text).map(Fen::fen));
        assert_eq!(read, [Some(3_600), Some(3_650), Some(3_605), Some(1), Some(-100)]);
        for text in ["", ".", "1.", ".5", "1.234", "1e3", "+1", "1,000.00", " 1", "99999999999999999999", "NaN", "--1"] {
            assert_eq!(from_yuan(text), None, "{text}");
        }
    }
}
