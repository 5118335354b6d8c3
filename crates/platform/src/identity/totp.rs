//! TOTP (RFC 6238) as every authenticator app speaks it: SHA-1, six digits, 30 seconds, one step early or late.

use kernel::{Fault, Timestamp};
use totp_rs::{Builder, Totp};

/// As RFC 4226 recommends: 160 bits.
pub const SECRET_BYTES: usize = 20;

/// What an authenticator app is given.
pub struct Enrolment {
    /// Base32, for typing.
    pub secret: String,
    pub url: String,
    /// An SVG document.
    pub qr: String,
}

fn totp(secret: &[u8], account: &str, site: &str) -> Result<Totp, Fault> {
    // A colon would end the issuer in the URL.
    let issuer = site.replace(':', " ");
    Builder::new()
        .with_secret(secret.to_vec())
        .with_account_name(account)
        .with_issuer(Some(issuer))
        .build()
        .map_err(|error| Fault::internal(error.to_string()))
}

pub fn enrolment(secret: &[u8], account: &str, site: &str) -> Result<Enrolment, Fault> {
    let totp = totp(secret, account, site)?;
    let url = totp.to_url().map_err(|error| Fault::internal(error.to_string()))?;
    let code = qrcode::QrCode::new(&url).map_err(|error| Fault::internal(error.to_string()))?;
    let qr = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(220, 220).build();
    Ok(Enrolment { secret: totp.secret().to_base32(), url, qr })
}

/// The step that `code` is right for, if it is one after `last_step`: a code is good once, and so are those before it.
/// Compared in constant time.
pub fn step(secret: &[u8], code: &str, now: Timestamp, last_step: i64) -> Result<Option<i64>, Fault> {
    let seconds = u64::try_from(now.unix()).unwrap_or(0);
    let step = totp(secret, "", "")?.check(code, seconds).and_then(|step| i64::try_from(step).ok());
    Ok(step.filter(|step| *step > last_step))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn the_rfcs_codes_are_accepted() {
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")] {
            assert_eq!(step(b"12345678901234567890", code, Timestamp::from_unix(seconds), 0).unwrap(), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_is_good_once_and_for_one_step_about_it() {
        let at = |seconds: i64, last| step(b"12345678901234567890", "081804", Timestamp::from_unix(1_111_111_109 + seconds), last).unwrap();
        let right = 1_111_111_109 / 30;
        assert_eq!(at(30, 0), Some(right));
        assert_eq!(at(-30, 0), Some(right));
        assert_eq!(at(61, 0), None);
        assert_eq!(at(0, right), None, "it was used");
        assert_eq!(at(0, right + 1), None, "a later one was used");
        for bad in ["", "81804", "0081804", "08180a", "+81804", "０８１８０４"] {
            assert_eq!(step(b"12345678901234567890", bad, Timestamp::from_unix(1_111_111_109), 0).unwrap(), None);
        }
    }

    #[test]
    fn an_app_can_be_enrolled_whatever_the_site_is_called() {
        let enrolment = enrolment(b"12345678901234567890", "张三", "台球: Cuekey").unwrap();
        assert!(enrolment.url.starts_with("otpauth://totp/"), "{}", enrolment.url);
        assert!(enrolment.url.contains(&format!("secret={}", enrolment.secret)));
        assert!(enrolment.qr.contains("<svg"));
    }
}
