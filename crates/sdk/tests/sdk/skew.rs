//! A wrong clock is put right by a signed refusal, once, and by nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cuekey_sdk::envelope::Answer;
use cuekey_sdk::{Client, Error};

use super::support::{Clock, NOW, Project, Seen, device, serve, unsigned, valid};

const DAY: i64 = 86_400;

struct Skewed {
    client: Client,
    clock: Clock,
    asked: Arc<AtomicUsize>,
}

/// A client whose clock reads `clock`, of a server that behaves so.
fn skewed(project: &Arc<Project>, clock: i64, behave: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Skewed {
    let asked = Arc::new(AtomicUsize::new(0));
    let (counting, clock) = (asked.clone(), Clock::at(clock));
    let host = serve(move |seen| {
        counting.fetch_add(1, Ordering::SeqCst);
        behave(seen)
    });
    let read = clock.clone();
    let client = project.builder(&[host]).clock(move || read.now()).build().expect("the settings are right");
    Skewed { client, clock, asked }
}

impl Skewed {
    async fn verify(&self) -> Result<bool, Error> {
        self.client.verify("7K2M9", &device()).await.map(|verdict| verdict.is_valid())
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn k8_1_a_wrong_clock_is_corrected_and_the_question_asked_once_more() {
    for wrong in [NOW - DAY, NOW + DAY, NOW - 301, NOW + 301, 0] {
        let project = Project::new();
        let signing = project.clone();
        let it = skewed(&project, wrong, move |seen| signing.answer(seen, valid));
        assert!(it.verify().await.unwrap());
        assert_eq!((it.asked(), it.client.clock_offset_seconds()), (2, NOW - wrong));
        assert!(it.verify().await.unwrap());
        assert_eq!(it.asked(), 3, "the correction is kept");

        // Somebody sets the clock right: the correction is now what is wrong, and is corrected in turn.
        it.clock.set(NOW);
        assert!(it.verify().await.unwrap());
        assert_eq!(it.client.clock_offset_seconds(), 0);
    }
}

#[tokio::test]
async fn k8_1_a_small_deviation_is_nobodys_business() {
    for clock in [NOW - 300, NOW + 300] {
        let project = Project::new();
        let signing = project.clone();
        let it = skewed(&project, clock, move |seen| signing.answer(seen, valid));
        assert!(it.verify().await.unwrap());
        assert_eq!((it.asked(), it.client.clock_offset_seconds()), (1, 0));
    }
}

#[tokio::test]
async fn k8_1_a_server_that_goes_on_refusing_the_clock_is_asked_twice_and_no_more() {
    let project = Project::new();
    let signing = project.clone();
    let it = skewed(&project, NOW - DAY, move |seen| signing.sign(seen, 401, r#"{"code":"TIMESTAMP_SKEWED"}"#));
    assert_eq!(it.verify().await.unwrap_err().code(), "TIMESTAMP_SKEWED");
    assert_eq!(it.asked(), 2);
}

/// Whoever can set our clock can make old answers look fresh, so nobody but the server can.
#[tokio::test]
async fn k8_1_nobody_but_the_server_sets_the_clock() {
    type Lie = fn(&Project, &Seen) -> Answer;
    let lies: [Lie; 4] = [
        |_, _| unsigned(401, r#"{"code":"TIMESTAMP_SKEWED","unix":1795248000}"#),
        // A refusal of another request.
        |project, _| project.signer.answer("another-requests-nonce", 401, NOW, r#"{"code":"TIMESTAMP_SKEWED"}"#),
        // The right refusal with another time.
        |project, seen| {
            let mut answer = project.sign(seen, 401, r#"{"code":"TIMESTAMP_SKEWED"}"#);
            answer.headers[1].1 = (NOW - 5).to_string().into_bytes();
            answer
        },
        // An old answer that is no refusal of the clock.
        |project, seen| project.sign(seen, 401, r#"{"code":"SIGNATURE_INVALID"}"#),
    ];
    for lie in lies {
        let project = Project::new();
        let lying = project.clone();
        let it = skewed(&project, NOW - DAY, move |seen| lie(&lying, seen));
        let error = it.verify().await.unwrap_err();
        assert!(matches!(error, Error::Forged { .. }), "{error:?}");
        assert_eq!((it.asked(), it.client.clock_offset_seconds()), (1, 0));
    }
}
