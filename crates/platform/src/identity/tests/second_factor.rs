use kernel::{MINUTE, SECOND, Timestamp};
use ring::hmac;
use store::args;

use crate::Cx;
use crate::identity::second_factor::{SecondFactorProof, accept, begin, confirm, disable, forget};
use crate::identity::{Role, UserId};
use crate::testing::{Bench, code};

const STEP: i64 = 30 * SECOND;

/// An authenticator app: RFC 6238 written down a second time, so that the test does not ask the program's own library.
pub fn app(secret: &str, at: Timestamp) -> String {
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret), &at.unix().div_euclid(30).to_be_bytes());
    let offset = usize::from(tag.as_ref()[19] & 0xf);
    let head: [u8; 4] = tag.as_ref()[offset..offset + 4].try_into().unwrap();
    format!("{:06}", (u32::from_be_bytes(head) & 0x7fff_ffff) % 1_000_000)
}

/// With the password of the one who asks.
fn typed(cx: &Cx, code: &str) -> SecondFactorProof {
    SecondFactorProof { password: format!("password-of-{}", cx.user().unwrap().name), code: code.into() }
}

/// Sets it up; answers the secret and the recovery codes. The code of this half minute is used.
pub async fn enrol(cx: &Cx) -> (String, Vec<String>) {
    let setup = begin(cx).await.unwrap();
    let codes = confirm(cx, &typed(cx, &format!(" {} ", app(&setup.secret, cx.now())))).await.unwrap();
    (setup.secret, codes.recovery_codes)
}

async fn accepted(cx: &Cx, user: UserId, code: &str) -> bool {
    let mut tx = cx.db.begin().await.unwrap();
    let answer = accept(&mut tx, cx, user, code).await.unwrap();
    tx.commit().await.unwrap();
    answer
}

async fn signed_in(bench: &Bench, name: &str) -> Cx {
    let (user, _) = bench.user(Role::Agent, name).await;
    bench.visitor().as_user(user)
}

async fn enabled(bench: &Bench, user: UserId) -> bool {
    bench.all("SELECT totp_enabled_at FROM users WHERE id = $1", args![user], |row| row.get::<Option<Timestamp>>("totp_enabled_at")).await
        [0]
    .is_some()
}

on_platform! {
    async fn it_is_on_only_after_a_code_has_shown_that_the_app_has_the_secret(bench) {
        let cx = signed_in(bench, "alice").await;
        let alice = cx.user().unwrap().id;
        assert_eq!(code(confirm(&cx, &typed(&cx, "123456")).await), "SECOND_FACTOR_NOT_BEGUN");
        let first = begin(&cx).await.unwrap();
        let second = begin(&cx).await.unwrap();
        assert!(first.secret != second.secret && second.otpauth_url.contains(&second.secret) && second.qr_svg.contains("<svg"));
        let refused = confirm(&cx, &typed(&cx, &app(&first.secret, cx.now()))).await.err().unwrap();
        assert_eq!((refused.fields[0].field.as_str(), refused.fields[0].code), ("code", "SECOND_FACTOR_WRONG"));
        assert!(!enabled(bench, alice).await && !accepted(&cx, alice, &app(&second.secret, cx.now())).await, "not confirmed yet");
        let codes = confirm(&cx, &typed(&cx, &app(&second.secret, cx.now()))).await.unwrap().recovery_codes;
        assert!(enabled(bench, alice).await && codes.len() == 10 && codes.iter().all(|code| code.len() == 19 && code.split('-').count() == 4));
        assert_eq!((code(begin(&cx).await), code(confirm(&cx, &typed(&cx, "123456")).await)), ("SECOND_FACTOR_ALREADY_ON", "SECOND_FACTOR_ALREADY_ON"));
    }

    async fn a_code_is_good_once_and_so_is_each_recovery_code(bench) {
        let cx = signed_in(bench, "alice").await;
        let alice = cx.user().unwrap().id;
        let (secret, codes) = enrol(&cx).await;
        assert!(!accepted(&cx, alice, &app(&secret, cx.now())).await, "used for setting it up");
        bench.clock.step(STEP);
        let now = app(&secret, cx.now());
        assert!(accepted(&cx, alice, &format!(" {now} ")).await && !accepted(&cx, alice, &now).await);
        assert!(!accepted(&cx, alice, &app(&secret, cx.now().plus_micros(-STEP))).await, "one before a used one");
        assert!(accepted(&cx, alice, &codes[0]).await && !accepted(&cx, alice, &codes[0]).await);
        let shouted = codes[1].to_uppercase().replace('-', " ");
        assert!(accepted(&cx, alice, &shouted).await && !accepted(&cx, alice, &codes[1]).await);
        for wrong in ["", "000000", "aaaa-bbbb-cccc-dddd"] {
            assert!(!accepted(&cx, alice, wrong).await, "{wrong}");
        }
        let other = signed_in(bench, "bob").await.user().unwrap().id;
        assert!(!accepted(&cx, other, &codes[2]).await, "somebody else's");
        // Blanks within are no harm, but what is longer than any code is not looked at.
        let (fits, long) = (format!("{}{}", "-".repeat(64 - 19), codes[2]), format!("{}{}", "-".repeat(65 - 19), codes[3]));
        assert!(accepted(&cx, alice, &fits).await && !accepted(&cx, alice, &long).await && accepted(&cx, alice, &codes[3]).await);
    }

    async fn turning_it_off_takes_password_and_code(bench) {
        let cx = signed_in(bench, "alice").await;
        let alice = cx.user().unwrap().id;
        let off = |password: &str, code: &str| SecondFactorProof { password: password.into(), code: code.into() };
        assert_eq!(code(disable(&cx, &off("password-of-alice", "123456")).await), "SECOND_FACTOR_OFF");
        let (secret, codes) = enrol(&cx).await;
        assert_eq!(disable(&cx, &off("wrong", &codes[0])).await.unwrap_err().fields[0].code, "PASSWORD_WRONG");
        assert_eq!(disable(&cx, &off("password-of-alice", "000000")).await.unwrap_err().fields[0].code, "SECOND_FACTOR_WRONG");
        assert!(enabled(bench, alice).await);
        disable(&cx, &off("password-of-alice", &codes[0])).await.unwrap();
        bench.clock.step(STEP);
        assert!(!enabled(bench, alice).await && !accepted(&cx, alice, &codes[1]).await && !accepted(&cx, alice, &app(&secret, cx.now())).await);
        let (_, fresh) = enrol(&cx).await;
        let mut tx = bench.platform.db.begin().await.unwrap();
        forget(&mut tx, alice).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!enabled(bench, alice).await && !accepted(&cx, alice, &fresh[0]).await);
    }

    async fn codes_cannot_be_gone_through_by_somebody_who_is_signed_in(bench) {
        let cx = signed_in(bench, "alice").await;
        begin(&cx).await.unwrap();
        for _ in 0..10 {
            assert_eq!(confirm(&cx, &typed(&cx, "000000")).await.err().unwrap().fields[0].code, "SECOND_FACTOR_WRONG");
        }
        assert_eq!(code(confirm(&cx, &typed(&cx, "000000")).await), "RATE_LIMITED");
        bench.clock.step(15 * MINUTE);
        assert_ne!(code(confirm(&cx, &typed(&cx, "000000")).await), "RATE_LIMITED");
    }
}
