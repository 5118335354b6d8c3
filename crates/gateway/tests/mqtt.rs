//! A broker that is not there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gateway::{Ear, Mqtt, MqttConfig};
use kernel::{Clock, HOUR, MINUTE, SECOND, Timestamp};
use venue::devices::{Heard, Wire as _};

const START: Timestamp = Timestamp::from_unix(1_795_248_000);

/// Notes since when it was told that the broker is away.
#[derive(Default)]
struct Told(Mutex<Vec<(Timestamp, String)>>);

#[async_trait]
impl Ear for Told {
    async fn heard(&self, _: &str, _: &[u8], _: bool) -> platform::Result<Heard> {
        Ok(Heard::Taken)
    }

    async fn is_back(&self) -> platform::Result<()> {
        Ok(())
    }

    async fn is_away(&self, since: Timestamp, why: &str) -> platform::Result<()> {
        self.0.lock().unwrap().push((since, why.to_owned()));
        Ok(())
    }
}

#[tokio::test]
async fn v8_1_a_broker_that_stays_away_is_told_after_a_minute_and_every_hour() {
    // Nobody listens there any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = MqttConfig { host: "127.0.0.1".into(), port, user: "cuekey".into(), password: "x".into(), client_id: "test".into() };
    let (mqtt, listening) = Mqtt::new(&config);
    let (clock, told) = (Clock::stepped(START), Arc::new(Told::default()));
    let task = tokio::spawn(listening.run(Arc::clone(&told), clock.clone()));
    let count = || told.0.lock().unwrap().len();
    let passes = async |micros: i64| {
        // It has been called, and is to be called again in a while.
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        clock.step(micros);
        while clock.sleepers() > 0 {
            tokio::task::yield_now().await;
        }
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
    };
    assert!(mqtt.send("cmnd/x/POWER1", "ON").await.is_err());
    passes(MINUTE - 5 * SECOND).await;
    assert_eq!(count(), 0, "one that is started anew is back by then");
    passes(5 * SECOND).await;
    assert_eq!(count(), 1);
    passes(HOUR - MINUTE).await;
    assert_eq!(count(), 1);
    passes(MINUTE).await;
    assert_eq!(count(), 2);
    let said = told.0.lock().unwrap().clone();
    assert!(said.iter().all(|(since, why)| (START..START.plus_micros(SECOND)).contains(since) && !why.is_empty()), "{said:?}");
    task.abort();
}
