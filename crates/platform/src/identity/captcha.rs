//! Captchas 验证码: an image, or a proof of work for those who cannot see one (and for programs that may).
//!
//! **Invariant**: a captcha is answered once. It is used up by a wrong answer too, so nobody guesses twice.

use ::store::{Sql, Tx, args};
use kernel::{APART, Fault, MINUTE, Random, Timestamp, Word};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::AccountError;
use crate::allowance::{self, Allowance};
use crate::vault::Purpose;
use crate::{Cx, Result};

kernel::id!(CaptchaId, CaptchaEntity, "cap");

kernel::words! {
    pub enum CaptchaKind { Image = "image", Work = "work" }
}

const ANSWER: Purpose = Purpose("captcha answer");
const LIFETIME: i64 = 10 * MINUTE;
/// About 260,000 hashes: a second or three in a browser.
const WORK_BITS: u32 = 18;
const LETTERS: usize = 5;
/// In the font, and not mistaken for one another.
const ALPHABET: &[char] =
    &['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P', 'R', 'T', 'U', 'V', 'W', 'X', 'Y', '3', '4', '6', '7', '8', '9'];
const MADE: Allowance = Allowance { name: "captcha", window_seconds: 600, most: 120 };
/// Drawing is work for a processor: not on all of them at once.
static DRAWING: Semaphore = Semaphore::const_new(2);

/// A captcha to be solved.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Captcha {
    pub id: CaptchaId,
    pub kind: CaptchaKind,
    /// image: a PNG as a `data:` URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// work: find a decimal `n` for which SHA-256 of `{salt}:{n}` begins with `bits` zero bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    pub expires_at: Timestamp,
}

/// How a form brings a solved captcha.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptchaAnswer {
    pub id: String,
    pub answer: String,
}

/// Makes a captcha. Any process can check its answer.
pub async fn make(cx: &Cx, kind: CaptchaKind) -> Result<Captcha> {
    MADE.take(cx, &allowance::address(cx)).await?;
    let (id, expires_at) = (cx.id(), cx.now().plus_micros(LIFETIME));
    let mut captcha = Captcha { id, kind, image: None, salt: None, bits: None, expires_at };
    let stored = match kind {
        CaptchaKind::Image => {
            let text = letters(&cx.random);
            let image = draw(text.clone()).await?;
            captcha.image = Some(format!("data:image/png;base64,{}", data_encoding::BASE64.encode(&image)));
            answer_hash(cx, id, &text).to_vec()
        }
        CaptchaKind::Work => {
            let salt = hex::encode(cx.random.bytes::<16>());
            captcha.salt = Some(salt.clone());
            captcha.bits = Some(WORK_BITS);
            salt.into_bytes()
        }
    };
    let mut tx = cx.db.begin().await?;
    let sql = "INSERT INTO captchas (id, kind, answer_hash, bits, expires_at) VALUES ($1, $2, $3, $4, $5)";
    tx.exec(sql, args![id, kind.as_str(), stored, i64::from(WORK_BITS), expires_at]).await?;
    tx.commit().await?;
    Ok(captcha)
}

/// Refuses unless a captcha was brought and is solved; it is used up either way.
pub async fn demand(cx: &Cx, answer: Option<&CaptchaAnswer>) -> Result<()> {
    let answer = answer.ok_or(AccountError::CaptchaRequired)?;
    let mut tx = cx.db.begin().await?;
    let solved = use_up(&mut tx, cx, answer).await?;
    tx.commit().await?;
    if solved { Ok(()) } else { Err(AccountError::CaptchaWrong.into()) }
}

/// Uses the captcha up in the caller's transaction, which must be committed whatever the answer. True when it was solved.
pub async fn use_up(tx: &mut Tx, cx: &Cx, answer: &CaptchaAnswer) -> Result<bool> {
    let Ok(id) = answer.id.parse::<CaptchaId>() else { return Ok(false) };
    // One that expires later than any can that is made now was made by a clock that was ahead.
    let sql = "UPDATE captchas SET used_at = $1 \
               WHERE id = $2 AND used_at IS NULL AND expires_at > $1 AND expires_at <= $3 RETURNING kind, answer_hash, bits";
    let now = cx.now();
    let found = tx
        .opt(sql, args![now, id, now.plus_micros(LIFETIME + APART)], |row| {
            Ok((row.word::<CaptchaKind>("kind")?, row.get::<Vec<u8>>("answer_hash")?, row.get::<i64>("bits")?))
        })
        .await?;
    Ok(match found {
        None => false,
        Some((CaptchaKind::Image, stored, _)) => bool::from(answer_hash(cx, id, &answer.answer).ct_eq(&stored)),
        Some((CaptchaKind::Work, salt, bits)) => is_work(&salt, &answer.answer, u32::try_from(bits).unwrap_or(u32::MAX)),
    })
}

/// Bound to its captcha, and blind to case and to blanks around it.
fn answer_hash(cx: &Cx, id: CaptchaId, answer: &str) -> [u8; 32] {
    let answer = if answer.len() <= 64 { answer.trim().to_ascii_uppercase() } else { String::new() };
    cx.vault.hash(ANSWER, format!("{id} {answer}").as_bytes())
}

/// Whether SHA-256 of `{salt}:{answer}` begins with so many zero bits; the answer is a decimal number of up to 20 digits.
fn is_work(salt: &[u8], answer: &str, bits: u32) -> bool {
    if !(1..=20).contains(&answer.len()) || !answer.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let mut text = salt.to_vec();
    text.push(b':');
    text.extend_from_slice(answer.as_bytes());
    let digest = ring::digest::digest(&ring::digest::SHA256, &text);
    let mut zeros = 0;
    for byte in digest.as_ref() {
        zeros += byte.leading_zeros();
        if *byte != 0 {
            break;
        }
    }
    zeros >= bits
}

fn letters(random: &Random) -> String {
    let count = u64::try_from(ALPHABET.len()).unwrap_or(1);
    (0..LETTERS).filter_map(|_| ALPHABET.get(usize::try_from(random.below(count)).unwrap_or(0))).collect()
}

async fn draw(text: String) -> Result<Vec<u8>> {
    let _turn = DRAWING.acquire().await.map_err(Fault::internal)?;
    let image = tokio::task::spawn_blocking(move || png(&text)).await.map_err(Fault::internal)?;
    image.ok_or_else(|| Fault::internal("the captcha could not be drawn"))
}

/// Waves and a little dust: hard enough for a script of yesterday, readable for people.
fn png(text: &str) -> Option<Vec<u8>> {
    use captcha::filters::{Dots, Noise, Wave};
    let mut image = captcha::Captcha::new();
    for letter in text.chars() {
        image.set_chars(&[letter]).add_char();
    }
    image
        .apply_filter(Noise::new(0.08))
        .apply_filter(Wave::new(2.0, 8.0).horizontal())
        .apply_filter(Wave::new(2.0, 8.0).vertical())
        .view(240, 100)
        .apply_filter(Dots::new(6).min_radius(2).max_radius(4));
    image.set_color([30, 60, 114]);
    image.as_png()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_can_be_drawn() {
        let font = captcha::Captcha::new().supported_chars();
        assert!(ALPHABET.iter().all(|letter| font.contains(letter)));
        let image = png("AB34X").unwrap();
        assert!(image.starts_with(b"\x89PNG"));
    }

    #[test]
    fn letters_differ_from_captcha_to_captcha() {
        let random = Random::seeded(5);
        assert_ne!(letters(&random), letters(&random));
        assert_eq!(letters(&random).chars().count(), LETTERS);
    }

    #[test]
    fn work_is_counted_in_zero_bits() {
        let n = (0_u64..100_000).find(|n| is_work(b"salt", &n.to_string(), 10)).unwrap();
        assert!(is_work(b"salt", &n.to_string(), 9));
        assert!(!is_work(b"other", &n.to_string(), 10) || !is_work(b"third", &n.to_string(), 10));
        for bad in ["", "-1", "1e3", "999999999999999999999", "１"] {
            assert!(!is_work(b"salt", bad, 0), "{bad}");
        }
    }

    #[test]
    fn zero_bits_are_those_at_the_beginning_of_the_hash() {
        for n in 0..3_000 {
            let digest = ring::digest::digest(&ring::digest::SHA256, format!("salt:{n}").as_bytes());
            let zeros = u128::from_be_bytes(digest.as_ref()[..16].try_into().unwrap()).leading_zeros();
            for bits in [1, zeros, zeros + 1, 12] {
                assert_eq!(is_work(b"salt", &n.to_string(), bits), zeros >= bits, "{n} {bits}");
            }
        }
        assert!(is_work(b"salt", "00000000000000000001", 0), "twenty digits");
    }
}
