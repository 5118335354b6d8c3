//! A key's text: 25 characters of Crockford's base32 in five groups.
//!
//! 21 characters hold 105 random bits; four are check characters of a Reed-Solomon code over GF(32), which notices any
//! four wrong characters and any two that were swapped, wherever they stand. So a mistyped key is known without a look-up.

use std::fmt;

use kernel::Random;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DATA: usize = 21;
const CHECK: usize = 4;
pub const LENGTH: usize = DATA + CHECK;
const BITS: u32 = 5 * DATA as u32;

/// The 105 random bits of a key. Shown, it is `XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyText(u128);

impl KeyText {
    pub fn random(random: &Random) -> Self {
        Self::from_bits(u128::from_le_bytes(random.bytes()))
    }

    const fn from_bits(bits: u128) -> Self {
        Self(bits & ((1 << BITS) - 1))
    }

    /// As people and programs send it: any case, with or without hyphens and spaces, `O` for `0`, `I` and `L` for `1`.
    /// `None` where it is not a key: wrong length, a character that is none, or wrong check characters.
    pub fn parse(text: &str) -> Option<Self> {
        let mut symbols = [0_u8; LENGTH];
        let mut length = 0;
        for c in text.chars() {
            if c == '-' || c.is_whitespace() {
                continue;
            }
            let symbol = symbol(c)?;
            *symbols.get_mut(length)? = symbol;
            length += 1;
        }
        if length != LENGTH {
            return None;
        }
        let (data, check) = symbols.split_at(DATA);
        if check_symbols(data) != check {
            return None;
        }
        Some(Self(data.iter().fold(0, |bits, symbol| (bits << 5) | u128::from(*symbol))))
    }

    /// 14 bytes: what is encrypted.
    pub fn to_bytes(self) -> [u8; 14] {
        let mut bytes = [0; 14];
        bytes.copy_from_slice(&self.0.to_be_bytes()[2..]);
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let tail: [u8; 14] = bytes.try_into().ok()?;
        let mut all = [0; 16];
        all[2..].copy_from_slice(&tail);
        let bits = u128::from_be_bytes(all);
        (bits >> BITS == 0).then_some(Self(bits))
    }

    /// The last group: enough to recognise a key by, not enough to use it.
    pub fn hint(self) -> String {
        self.to_string()[24..].to_owned()
    }

    fn symbols(self) -> [u8; LENGTH] {
        let mut symbols = [0; LENGTH];
        for (place, symbol) in symbols[..DATA].iter_mut().enumerate() {
            let shift = 5 * (DATA - 1 - place);
            *symbol = u8::try_from((self.0 >> shift) & 31).unwrap_or(0);
        }
        let check = check_symbols(&symbols[..DATA]);
        symbols[DATA..].copy_from_slice(&check);
        symbols
    }
}

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, symbol) in self.symbols().iter().enumerate() {
            if place > 0 && place % 5 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(ALPHABET[usize::from(*symbol)]))?;
        }
        Ok(())
    }
}

/// A key must not end up in a log by way of `{:?}`.
impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyText(…-{})", self.hint())
    }
}

fn symbol(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    let place = ALPHABET.iter().position(|known| char::from(*known) == c)?;
    u8::try_from(place).ok()
}

/// Multiplies in GF(32) with x⁵ + x² + 1.
const fn times(a: u8, b: u8) -> u8 {
    let (mut a, mut b, mut product) = (a as u16, b, 0_u16);
    while b > 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        a <<= 1;
        if a & 0x20 != 0 {
            a ^= 0x25;
        }
        b >>= 1;
    }
    product as u8
}

/// The generator (x + α)(x + α²)(x + α³)(x + α⁴), highest power first, without its leading 1.
const GENERATOR: [u8; CHECK] = {
    let mut polynomial = [0_u8; CHECK + 1];
    polynomial[0] = 1;
    let (mut root, mut degree) = (2_u8, 0);
    while degree < CHECK {
        let mut place = degree + 1;
        while place > 0 {
            polynomial[place] ^= times(polynomial[place - 1], root);
            place -= 1;
        }
        root = times(root, 2);
        degree += 1;
    }
    [polynomial[1], polynomial[2], polynomial[3], polynomial[4]]
};

fn check_symbols(data: &[u8]) -> [u8; CHECK] {
    let mut rest = [0_u8; CHECK];
    for symbol in data {
        let lead = symbol ^ rest[0];
        rest.rotate_left(1);
        rest[CHECK - 1] = 0;
        for (place, factor) in rest.iter_mut().zip(GENERATOR) {
            *place ^= times(lead, factor);
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_key() -> impl Strategy<Value = KeyText> {
        any::<u128>().prop_map(KeyText::from_bits)
    }

    /// Made by another implementation, which solves for the roots of the code instead of dividing.
    #[test]
    fn known_bits_have_known_texts() {
        let known = [
            (0, "00000-00000-00000-00000-00000"),
            (1, "00000-00000-00000-00000-1Y69H"),
            ((1 << BITS) - 1, "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZJMEN"),
            (0x0012_3456_789a_bcde_f012_3456_789a, "14D2P-F2DBS-QQG28-T5CY4-T6RS2"),
        ];
        for (bits, text) in known {
            let key = KeyText::from_bits(bits);
            assert_eq!((key.to_string().as_str(), KeyText::parse(text), key.hint().as_str()), (text, Some(key), &text[24..]));
            assert_eq!(format!("{key:?}"), format!("KeyText(…-{})", &text[24..]), "not the key itself");
        }
        // All 128 bits may come in, and all 105 are used.
        assert_eq!(KeyText::from_bits(u128::MAX), KeyText::from_bits((1 << BITS) - 1));
        let random = Random::seeded(3);
        let (keys, bits) =
            (0..200).map(|_| KeyText::random(&random).0).fold((0_u128, u128::MAX), |(or, and), bits| (or | bits, and & bits));
        assert_eq!((keys, bits), ((1 << BITS) - 1, 0));
    }

    #[test]
    fn bytes_that_hold_more_than_a_key_are_none() {
        let whole = KeyText::from_bits(u128::MAX).to_bytes();
        assert_eq!(KeyText::from_bytes(&whole), Some(KeyText::from_bits(u128::MAX)));
        for bad in [&[0xff; 14][..], &[0x02; 14], &whole[1..], &[0; 15], &[]] {
            assert_eq!(KeyText::from_bytes(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_too_short_too_long_or_strange_is_no_key() {
        let text = KeyText::from_bits(12_345).to_string();
        for bad in
            ["", "-", &text[1..], &format!("{text}0"), &format!("{text}{text}"), &text.replacen('0', "U", 1), &text.replacen('0', "é", 1)]
        {
            assert_eq!(KeyText::parse(bad), None, "{bad}");
        }
        assert!(KeyText::parse(&format!("\t{}\u{3000}", text.replace('0', "O").replace('1', "I"))).is_some());
    }

    proptest! {
        #[test]
        fn a_key_reads_back_however_it_is_written(key in any_key()) {
            let text = key.to_string();
            prop_assert_eq!(text.len(), 29);
            prop_assert_eq!(KeyText::parse(&text), Some(key));
            let sloppy = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(KeyText::parse(&sloppy), Some(key));
            prop_assert_eq!(KeyText::from_bytes(&key.to_bytes()), Some(key));
        }

        #[test]
        fn up_to_four_wrong_characters_are_always_noticed(key in any_key(), wrong in proptest::collection::btree_map(0_usize..LENGTH, 1_u8..32, 1..=4)) {
            let mut symbols = key.symbols();
            for (place, change) in wrong {
                symbols[place] ^= change;
            }
            let text: String = symbols.iter().map(|symbol| char::from(ALPHABET[usize::from(*symbol)])).collect();
            prop_assert_eq!(KeyText::parse(&text), None);
        }

        #[test]
        fn two_swapped_characters_are_noticed(key in any_key(), a in 0_usize..LENGTH, b in 0_usize..LENGTH) {
            let mut symbols = key.symbols();
            let alike = symbols[a] == symbols[b];
            symbols.swap(a, b);
            let text: String = symbols.iter().map(|symbol| char::from(ALPHABET[usize::from(*symbol)])).collect();
            prop_assert_eq!(KeyText::parse(&text), alike.then_some(key));
        }

        #[test]
        fn any_text_is_a_key_or_none(text in ".{0,60}") {
            if let Some(key) = KeyText::parse(&text) {
                prop_assert_eq!(KeyText::parse(&key.to_string()), Some(key));
            }
        }
    }
}
