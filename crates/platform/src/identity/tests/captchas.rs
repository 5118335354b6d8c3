use kernel::{MINUTE, SECOND};
use store::args;

use crate::identity::CaptchaAnswer;
use crate::identity::captcha::{Captcha, CaptchaKind, demand, make, use_up};
use crate::testing::{Bench, code};

fn solve(captcha: &Captcha) -> CaptchaAnswer {
    let (salt, bits) = (captcha.salt.as_ref().unwrap(), captcha.bits.unwrap());
    let zeros = |n: u64| {
        let digest = ring::digest::digest(&ring::digest::SHA256, format!("{salt}:{n}").as_bytes());
        u32::from_be_bytes(digest.as_ref()[..4].try_into().unwrap()).leading_zeros()
    };
    let n = (0_u64..).find(|n| zeros(*n) >= bits).unwrap();
    CaptchaAnswer { id: captcha.id.to_string(), answer: n.to_string() }
}

/// A captcha of which the test knows the letters.
async fn image(bench: &Bench, letters: &str) -> Captcha {
    let cx = bench.visitor();
    let captcha = make(&cx, CaptchaKind::Image).await.unwrap();
    let hash = cx.vault.hash(crate::vault::Purpose("captcha answer"), format!("{} {letters}", captcha.id).as_bytes());
    bench.exec("UPDATE captchas SET answer_hash = $1 WHERE id = $2", args![hash, captcha.id]).await;
    captcha
}

on_platform! {
    async fn work_that_was_done_passes_once(bench) {
        let cx = bench.visitor();
        let captcha = make(&cx, CaptchaKind::Work).await.unwrap();
        assert_eq!((captcha.bits, captcha.image.is_none()), (Some(18), true));
        let answer = solve(&captcha);
        demand(&cx, Some(&answer)).await.unwrap();
        assert_eq!(code(demand(&cx, Some(&answer)).await), "CAPTCHA_WRONG");
        assert_eq!(code(demand(&cx, None).await), "CAPTCHA_REQUIRED");
        assert_eq!(code(demand(&cx, Some(&CaptchaAnswer { id: "cap_x".into(), answer: "1".into() })).await), "CAPTCHA_WRONG");
    }

    async fn work_for_a_captcha_of_a_clock_that_was_ahead_is_not_taken_once_it_is_set_back(bench) {
        let cx = bench.visitor();
        for (back, passes) in [(4 * MINUTE, true), (60 * MINUTE, false)] {
            let answer = solve(&make(&cx, CaptchaKind::Work).await.unwrap());
            bench.clock.step(-back);
            assert_eq!(demand(&cx, Some(&answer)).await.is_ok(), passes, "{back}");
        }
    }

    async fn letters_are_read_blind_to_case_and_a_wrong_try_uses_the_captcha_up(bench) {
        let cx = bench.visitor();
        let captcha = image(bench, "AB34X").await;
        assert!(captcha.image.as_ref().unwrap().starts_with("data:image/png;base64,iVBOR") && captcha.salt.is_none());
        demand(&cx, Some(&CaptchaAnswer { id: captcha.id.to_string(), answer: " ab34x ".into() })).await.unwrap();
        let captcha = image(bench, "AB34X").await;
        for answer in ["AB34Y", "AB34X"] {
            let answer = CaptchaAnswer { id: captcha.id.to_string(), answer: answer.into() };
            assert_eq!(code(demand(&cx, Some(&answer)).await), "CAPTCHA_WRONG");
        }
        // Of another captcha it is wrong, and one that is far too long is not looked at.
        let (first, second) = (image(bench, "AB34X").await, image(bench, "").await);
        let mut tx = bench.platform.db.begin().await.unwrap();
        let swapped = CaptchaAnswer { id: second.id.to_string(), answer: "AB34X".into() };
        assert!(!use_up(&mut tx, &cx, &swapped).await.unwrap());
        let long = CaptchaAnswer { id: first.id.to_string(), answer: format!("AB34X{}", " ".repeat(60)) };
        assert!(!use_up(&mut tx, &cx, &long).await.unwrap());
    }

    async fn what_fits_exactly_is_read(bench) {
        let captcha = image(bench, "AB34X").await;
        let answer = CaptchaAnswer { id: captcha.id.to_string(), answer: format!("AB34X{}", " ".repeat(59)) };
        demand(&bench.visitor(), Some(&answer)).await.unwrap();
    }

    async fn a_captcha_is_too_old_after_ten_minutes(bench) {
        for (before, passes) in [(1, true), (0, false)] {
            let made = bench.clock.now();
            let captcha = make(&bench.visitor(), CaptchaKind::Work).await.unwrap();
            let lifetime = captcha.expires_at.micros() - made.micros();
            assert!((10 * MINUTE..10 * MINUTE + SECOND).contains(&lifetime), "{lifetime}");
            bench.next_look(captcha.expires_at.plus_micros(-before));
            assert_eq!(demand(&bench.visitor(), Some(&solve(&captcha))).await.is_ok(), passes);
        }
    }
}
