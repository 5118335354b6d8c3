//! Which rules a call passed, and which one it ended at.

use super::*;

/// In the order in which they are asked: of every request, and then of a key.
const OF_ALL: [&str; 7] =
    ["BODY_TOO_LARGE", "TEMPORARILY_BANNED", "TIMESTAMP_SKEWED", "SIGNATURE_INVALID", "NONCE_REUSED", "RATE_LIMITED", "INVALID"];
const OF_A_KEY: [&str; 5] = ["NOT_FOUND", "PROJECT_DISABLED", "DISABLED", "EXPIRED", "DEVICE_MISMATCH"];

fn call(endpoint: Endpoint, code: &str) -> ClientCall {
    ClientCall {
        id: CallId::from_uuid(Uuid::nil()),
        at: Timestamp::from_unix(0),
        project: ProjectRef { id: ProjectId::from_uuid(Uuid::nil()), name: "Demo".into() },
        endpoint,
        status: 200,
        code: code.into(),
        key_id: None,
        key_hint: String::new(),
        device_id: String::new(),
        device_name: String::new(),
        address: String::new(),
        first_use: false,
    }
}

/// Codes, and how each went.
fn went(endpoint: Endpoint, code: &str) -> Vec<(String, StepOutcome)> {
    steps(&call(endpoint, code), Lang::En).into_iter().map(|step| (step.code, step.outcome)).collect()
}

/// All of `codes`, of which the one at `place` refused.
fn ends_at(codes: &[&str], place: usize) -> Vec<(String, StepOutcome)> {
    let outcome = |n: usize| match n.cmp(&place) {
        std::cmp::Ordering::Less => StepOutcome::Passed,
        std::cmp::Ordering::Equal => StepOutcome::Refused,
        std::cmp::Ordering::Greater => StepOutcome::NotReached,
    };
    codes.iter().enumerate().map(|(n, code)| ((*code).to_owned(), outcome(n))).collect()
}

#[test]
fn k3_2c_a_call_passed_every_rule_before_the_one_that_it_ended_at_and_came_to_none_after_it() {
    let all = [&OF_ALL[..], &OF_A_KEY].concat();
    for (place, code) in all.iter().enumerate() {
        assert_eq!(went(Endpoint::Verify, code), ends_at(&all, place), "{code}");
    }
    assert_eq!(went(Endpoint::Verify, "VALID"), ends_at(&all, all.len()), "all are passed");
}

#[test]
fn k3_2c_what_is_asked_of_a_call_depends_on_what_it_asked_for() {
    let query = [&OF_ALL[..], &OF_A_KEY[..1]].concat();
    assert_eq!(went(Endpoint::Query, "VALID"), ends_at(&query, 8));
    assert_eq!(went(Endpoint::Query, "NOT_FOUND"), ends_at(&query, 7));
    for endpoint in [Endpoint::Time, Endpoint::Other] {
        assert_eq!(went(endpoint, "VALID"), ends_at(&OF_ALL, 7), "{endpoint}");
        assert_eq!(went(endpoint, "RATE_LIMITED"), ends_at(&OF_ALL, 5), "{endpoint}");
    }
}

#[test]
fn k3_2c_a_code_that_is_no_rules_own_ends_at_the_rule_that_it_is_about() {
    for (code, place) in
        [("BODY_UNREADABLE", 0), ("NONCE_INVALID", 4), ("JSON_INVALID", 6), ("NO_SUCH_ROUTE", 6), ("METHOD_NOT_ALLOWED", 6)]
    {
        assert_eq!(went(Endpoint::Time, code), ends_at(&OF_ALL, place), "{code}");
    }
}

#[test]
fn k3_2c_each_rule_and_its_remedy_are_told_in_the_readers_language() {
    let titles = |lang| steps(&call(Endpoint::Verify, "VALID"), lang).into_iter().map(|step| step.title).collect::<Vec<_>>();
    assert!(titles(Lang::En).iter().all(|title| title.is_ascii()) && titles(Lang::Zh).iter().all(|title| !title.is_ascii()));
    let codes = [&OF_ALL[..], &OF_A_KEY, &["VALID", "BODY_UNREADABLE", "NONCE_INVALID", "SOMETHING_NEW"]].concat();
    for lang in [Lang::En, Lang::Zh] {
        let mut rules: Vec<_> = codes.iter().map(|code| words(code, lang).0).collect();
        let told = codes.iter().map(|code| words(code, lang)).all(|(rule, remedy)| rule.is_ascii() == remedy.is_ascii() && rule != remedy);
        assert!(told && rules.iter().all(|rule| rule.is_ascii() == (lang == Lang::En)));
        rules.sort_unstable();
        rules.dedup();
        assert_eq!(rules.len(), codes.len(), "none is another's");
        for code in ["JSON_INVALID", "NO_SUCH_ROUTE", "METHOD_NOT_ALLOWED"] {
            assert_eq!(words(code, lang), words("INVALID", lang), "{code}");
        }
    }
    assert_eq!(words("SOMETHING_NEW", Lang::En), ("Unknown rule.", "Ask an admin."));
    assert_eq!(words("VALID", Lang::En), ("All rules were passed.", "Nothing to mend."));
}
