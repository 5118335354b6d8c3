//! Who is calling: the checks of the contract, in its order, up to the signature. The nonce and then the rate follow in the
//! deciding transaction ([`super::set`]): a request that is sent again must not use up its project's rate.

use std::sync::Arc;

use kernel::{Fault, Kind, Timestamp};
use platform::Platform;

use super::limit::{Limits, banned};
use super::nonces::Nonces;
use super::project::{CallerProject, Projects, request_canonical};

/// How far a request's time may be from the server's, in seconds.
pub const WINDOW: i64 = 300;

/// A request as it arrived.
pub struct Request<'a> {
    pub method: &'a str,
    /// Path and query exactly as sent.
    pub target: &'a str,
    pub key: &'a str,
    pub timestamp: &'a str,
    pub nonce: &'a str,
    pub signature: &'a str,
    pub body: &'a [u8],
    pub address: &'a str,
}

/// A request that its project has signed.
pub struct Admitted {
    pub project: Arc<CallerProject>,
    pub nonce: String,
    /// The time in the signature, Unix seconds.
    pub signed_at: i64,
}

/// A refusal, and by whom it is signed: by nobody while the key is not known.
pub struct Refusal {
    pub fault: Fault,
    pub project: Option<Arc<CallerProject>>,
    /// Why, for the log: the code of the answer, but where an address is told to wait for what it has sent before, what was wrong with this.
    pub reason: &'static str,
}

impl Refusal {
    fn unsigned(fault: Fault) -> Self {
        Self { reason: fault.code, fault, project: None }
    }

    fn signed(fault: Fault, project: &Arc<CallerProject>) -> Self {
        Self { reason: fault.code, fault, project: Some(Arc::clone(project)) }
    }

    /// Of a request whose body was not read: it is wrong in itself, or there was no room for it.
    pub fn unread(fault: Fault, project: &Arc<CallerProject>) -> Self {
        let reason = if fault.kind == Kind::Malformed { fault.code } else { "BODY_UNREADABLE" };
        Self { reason, ..Self::signed(fault, project) }
    }
}

/// Whose API key a request brings.
pub async fn caller(
    platform: &Platform,
    projects: &Projects,
    limits: &Limits,
    request: &Request<'_>,
) -> Result<Arc<CallerProject>, Refusal> {
    // An API key is short; a long one is not looked for.
    let known = if request.key.len() <= 64 { projects.find(platform, request.key).await.map_err(Refusal::unsigned)? } else { None };
    known.ok_or_else(|| {
        let unknown = unknown_key();
        let reason = unknown.code;
        Refusal { reason, ..Refusal::unsigned(if limits.failure(request.address) { unknown } else { too_many(60) }) }
    })
}

pub async fn admit(
    platform: &Platform,
    projects: &Projects,
    limits: &Limits,
    nonces: &Nonces,
    request: &Request<'_>,
) -> Result<Admitted, Refusal> {
    let now = platform.clock.now();
    let project = caller(platform, projects, limits, request).await?;
    let signed = |fault: Fault| Refusal::signed(fault, &project);
    if let Some(until) = banned(project.banned_until, project.banned_at, now) {
        let fault = Fault::new(Kind::Forbidden, "TEMPORARILY_BANNED", "调用过于频繁，已被临时封禁", "Too many calls; refused for a while");
        return Err(signed(fault.retry_after(until.seconds_since(now))));
    }
    let signed_at = parse_timestamp(request.timestamp, now).ok_or_else(|| signed(skewed()))?;
    nonces.look(platform).await.map_err(|error| signed(error.into()))?;
    if nonces.forgot(signed_at) {
        return Err(signed(over()));
    }
    let canonical = request_canonical(request.method, request.target, request.timestamp, request.nonce, request.body);
    if !project.signed(canonical.as_bytes(), request.signature, now) {
        // A right signature passes whatever the address did: programs behind one address do not lock each other out.
        let wrong = bad_signature();
        let reason = wrong.code;
        return Err(Refusal { reason, ..signed(if limits.failure(request.address) { wrong } else { too_many(60) }) });
    }
    if !is_nonce(request.nonce) {
        return Err(signed(Fault::new(
            Kind::Unauthenticated,
            "NONCE_INVALID",
            "Cuekey-Nonce 应为 16 到 64 位字母、数字、- 或 _",
            "Cuekey-Nonce must be 16 to 64 of letters, digits, - and _",
        )));
    }
    Ok(Admitted { nonce: request.nonce.to_owned(), signed_at, project })
}

/// Unix seconds within the window. Digits only, as a signature covers the text: `+5` and `05` are other texts.
pub fn parse_timestamp(text: &str, now: Timestamp) -> Option<i64> {
    let plain = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let at: i64 = text.parse().ok().filter(|_| plain)?;
    ((now.unix() - at).abs() <= WINDOW).then_some(at)
}

/// 16 to 64 letters, digits, `-` and `_`.
pub fn is_nonce(text: &str) -> bool {
    (16..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn unknown_key() -> Fault {
    Fault::new(Kind::Unauthenticated, "API_KEY_UNKNOWN", "未知的 API 密钥", "This API key is not known")
}

fn skewed() -> Fault {
    Fault::new(
        Kind::Unauthenticated,
        "TIMESTAMP_SKEWED",
        "请求时间与服务器相差超过 5 分钟",
        "The request's time is more than 5 minutes from the server's",
    )
}

/// The clock was set back: this time has been before, and what was sent at it is not remembered any more.
pub(super) fn over() -> Fault {
    Fault::new(
        Kind::Unauthenticated,
        "TIMESTAMP_SKEWED",
        "服务器的时钟曾被调回，这一时间的请求已不再接受",
        "The server's clock was set back: requests of this time are not taken any more",
    )
}

fn bad_signature() -> Fault {
    Fault::new(Kind::Unauthenticated, "SIGNATURE_INVALID", "签名不正确", "The signature is not right")
}

pub fn nonce_reused() -> Fault {
    Fault::new(Kind::Unauthenticated, "NONCE_REUSED", "随机数已使用过", "This nonce has been used")
}

pub fn too_many(seconds: i64) -> Fault {
    Fault::new(Kind::Limited, "RATE_LIMITED", "调用过于频繁，请稍后再试", "Too many calls; try again later").retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn timestamps_within_five_minutes_pass() {
        let now = Timestamp::from_unix(1_700_000_000);
        for (text, passes) in [
            ("1700000000", true),
            ("1700000300", true),
            ("1699999700", true),
            ("1700000301", false),
            ("1699999699", false),
            ("+1700000000", false),
            ("1700000000.0", false),
            ("", false),
            ("99999999999999999999", false),
        ] {
            assert_eq!(parse_timestamp(text, now).is_some(), passes, "{text}");
        }
    }

    #[test]
    fn k8_1_a_time_has_one_to_twelve_digits_and_a_nonce_sixteen_to_sixty_four_characters() {
        for (text, now, passes) in [
            ("5", 5, true),
            ("100000000000", 100_000_000_000, true),
            ("1000000000000", 1_000_000_000_000, false),
            ("0001700000000", 1_700_000_000, false),
            ("-5", -5, false),
        ] {
            assert_eq!(parse_timestamp(text, Timestamp::from_unix(now)), passes.then_some(now), "{text}");
        }
        for (length, passes) in [(0, false), (15, false), (16, true), (17, true), (63, true), (64, true), (65, false)] {
            assert_eq!(is_nonce(&"n".repeat(length)), passes, "{length}");
        }
        for (odd, passes) in [('-', true), ('_', true), ('0', true), ('Z', true), ('.', false), ('+', false), (' ', false), ('é', false)] {
            assert_eq!(is_nonce(&format!("0123456789abcde{odd}")), passes, "{odd}");
        }
    }

    #[test]
    fn k8_3_a_body_that_was_not_read_is_logged_as_that_unless_it_was_wrong_in_itself() {
        let project = Arc::new(crate::client::project::tests::project("secret", &[7; 32]));
        let unread = |kind, code| Refusal::unread(Fault::new(kind, code, "", ""), &project);
        let large = unread(Kind::Malformed, "BODY_TOO_LARGE");
        assert_eq!((large.reason, large.fault.code, large.project.is_some()), ("BODY_TOO_LARGE", "BODY_TOO_LARGE", true));
        let busy = unread(Kind::Unavailable, "BUSY");
        assert_eq!((busy.reason, busy.fault.code, busy.project.is_some()), ("BODY_UNREADABLE", "BUSY", true));
    }

    proptest! {
        #[test]
        fn any_nonce_and_time_is_taken_or_refused(text in ".{0,80}") {
            let _ = parse_timestamp(&text, Timestamp::from_unix(1_700_000_000));
            prop_assert_eq!(is_nonce(&text), text.len() >= 16 && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        }
    }
}
