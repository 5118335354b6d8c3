//! Until when a certificate is good: the one field of X.509 that an operator must be warned about.
//!
//! A walk over DER to `tbsCertificate.validity.notAfter` (RFC 5280, 4.1), and no more: whether a certificate is right is for
//! its readers to judge.

use kernel::Timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// `None` for what is no certificate.
pub(crate) fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (whole, _) = element(certificate, SEQUENCE)?;
    let (mut rest, _) = element(whole, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest, VERSION)?.1;
    }
    // Serial number, signature algorithm, issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        rest = element(rest, tag)?.1;
    }
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_, after) = time(validity)?;
    time(after).map(|(at, _)| at).and_then(|text| moment(&text))
}

/// The content of the element at the head, which must have this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, mut rest) = (*rest.first()?, rest.get(1..)?);
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let bytes = usize::from(first & 0x7f);
        if !(1..=3).contains(&bytes) {
            return None;
        }
        let (length, after) = rest.split_at_checked(bytes)?;
        rest = after;
        length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    if *found != tag {
        return None;
    }
    rest.split_at_checked(length)
}

/// The time at the head as `YYYYMMDDHHMMSSZ`, and what follows it.
fn time(der: &[u8]) -> Option<(String, &[u8])> {
    let (tag, century) = match *der.first()? {
        UTC_TIME => (UTC_TIME, true),
        _ => (GENERALIZED_TIME, false),
    };
    let (text, rest) = element(der, tag)?;
    let text = std::str::from_utf8(text).ok()?;
    // RFC 5280: from 50 on the 1900s are meant.
    let text = if century { format!("{}{text}", if text >= "50" { "19" } else { "20" }) } else { text.to_owned() };
    Some((text, rest))
}

fn moment(text: &str) -> Option<Timestamp> {
    if text.len() != 15 || !text.ends_with('Z') || !text.bytes().take(14).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| &text[from..to];
    let (date, time) = ((part(0, 4), part(4, 6), part(6, 8)), (part(8, 10), part(10, 12), part(12, 14)));
    format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, time.0, time.1, time.2).parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn certificate(year: i32) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.not_after = rcgen::date_time_ymd(year, 3, 4);
        let key = rcgen::KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    #[test]
    fn the_end_is_read_in_both_ways_of_writing_it() {
        for year in [2027, 2049, 2050, 2199] {
            assert_eq!(not_after(&certificate(year)).map(|at| at.to_string()), Some(format!("{year}-03-04T00:00:00Z")));
        }
    }

    proptest! {
        #[test]
        fn damaged_certificates_are_survived(at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
            let mut der = certificate(2030);
            let place = at.index(der.len());
            der[place] = byte;
            let _ = not_after(&der);
            let _ = not_after(&der[..cut.index(der.len())]);
        }

        #[test]
        fn anything_is_survived(der: Vec<u8>) {
            let _ = not_after(&der);
        }
    }
}
