//! The front without async.

use cuekey_sdk::Error;
use cuekey_sdk::blocking::Client;

use super::support::{Project, device, serve, valid};

fn client() -> Client {
    let project = Project::new();
    let signing = project.clone();
    let host = serve(move |seen| signing.answer(seen, valid));
    project.builder(&[host]).build_blocking().expect("the settings are right")
}

#[test]
fn k8_1_the_blocking_client_asks_and_waits_also_from_several_threads() {
    let client = client();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(client.verify("7K2M9", &device()).unwrap().is_valid()));
        }
    });
    // This server says the same to every question: a verdict, which has a key in it, but not the time.
    assert_eq!(client.query("7K2M9").unwrap().unwrap().state, "active");
    assert!(matches!(client.time(), Err(Error::Unreadable { .. })));
}

#[tokio::test]
async fn k8_1_the_blocking_client_inside_a_runtime_says_so_and_does_not_panic() {
    let client = tokio::task::spawn_blocking(client).await.unwrap();
    let error = client.verify("7K2M9", &device()).unwrap_err();
    assert_eq!(error.code(), "CONFIGURATION");
    drop(client);
}
