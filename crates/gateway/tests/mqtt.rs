//! A broker that is not there, or comes and goes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gateway::{Ear, Mqtt, MqttConfig};
use kernel::{Clock, HOUR, MINUTE, SECOND, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use venue::devices::{Heard, Wire as _};

const START: Timestamp = Timestamp::from_unix(1_795_248_000);

/// Notes since when it was told that the broker is away, and how often it came back.
#[derive(Default)]
struct Told {
    away: Mutex<Vec<(Timestamp, String)>>,
    back: AtomicUsize,
}

impl Told {
    fn count(&self) -> usize {
        self.away.lock().unwrap().len()
    }

    /// Each time since then, and with words.
    fn says(&self, since: Timestamp) -> bool {
        let soon = since..since.plus_micros(SECOND);
        self.away.lock().unwrap().iter().all(|(since, why)| soon.contains(since) && !why.is_empty())
    }
}

#[async_trait]
impl Ear for Told {
    async fn heard(&self, _: &str, _: &[u8], _: bool) -> platform::Result<Heard> {
        Ok(Heard::Taken)
    }

    async fn is_back(&self) -> platform::Result<()> {
        self.back.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn is_away(&self, since: Timestamp, why: &str) -> platform::Result<()> {
        self.away.lock().unwrap().push((since, why.to_owned()));
        Ok(())
    }
}

/// Our way to whatever is at this port.
fn listen(port: u16, clock: &Clock) -> (Mqtt, Arc<Told>, JoinHandle<()>) {
    let config = MqttConfig { host: "127.0.0.1".into(), port, user: "cuekey".into(), password: "x".into(), client_id: "test".into() };
    let (mqtt, listening) = Mqtt::new(&config);
    let told = Arc::new(Told::default());
    let task = tokio::spawn(listening.run(Arc::clone(&told), clock.clone()));
    (mqtt, told, task)
}

/// Until it has been called, and is to be called again in a while.
async fn called(clock: &Clock) {
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
}

async fn passes(clock: &Clock, micros: i64) {
    called(clock).await;
    clock.step(micros);
    while clock.sleepers() > 0 {
        tokio::task::yield_now().await;
    }
    called(clock).await;
    tokio::task::yield_now().await;
}

/// Lets somebody in, as a broker of MQTT 5 does, and answers nothing else. Until it has said something more.
async fn let_in(listener: &TcpListener) -> TcpStream {
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut said = [0; 4096];
    assert!(connection.read(&mut said).await.unwrap() > 0, "it says who it is");
    connection.write_all(b"\x20\x03\0\0\0").await.unwrap();
    assert!(connection.read(&mut said).await.unwrap() > 0, "and what it listens to");
    connection
}

#[tokio::test]
async fn v8_1_a_broker_that_stays_away_is_told_after_a_minute_and_every_hour() {
    // Nobody listens there any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let clock = Clock::stepped(START);
    let (mqtt, told, task) = listen(port, &clock);
    assert!(mqtt.send("cmnd/x/POWER1", "ON").await.is_err());
    passes(&clock, MINUTE - 5 * SECOND).await;
    assert_eq!(told.count(), 0, "one that is started anew is back by then");
    passes(&clock, 5 * SECOND).await;
    assert_eq!(told.count(), 1);
    passes(&clock, HOUR - MINUTE).await;
    assert_eq!(told.count(), 1);
    passes(&clock, MINUTE).await;
    assert_eq!(told.count(), 2);
    assert!(told.says(START), "{:?}", told.away);
    task.abort();
}

#[tokio::test]
async fn v8_1_a_broker_that_lets_in_and_hangs_up_is_told_as_one_that_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Clock::stepped(START);
    let (_mqtt, told, task) = listen(listener.local_addr().unwrap().port(), &clock);
    let broker = tokio::spawn(async move {
        loop {
            drop(let_in(&listener).await);
        }
    });
    passes(&clock, MINUTE - 5 * SECOND).await;
    assert_eq!(told.count(), 0);
    passes(&clock, 5 * SECOND).await;
    assert_eq!(told.count(), 1);
    assert!(told.says(START) && told.back.load(Ordering::Relaxed) > 1, "{:?}", told.away);
    broker.abort();
    task.abort();
}

#[tokio::test]
async fn v8_1_a_broker_that_was_there_for_a_while_is_away_from_when_it_went() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Clock::stepped(START);
    let (_mqtt, told, task) = listen(listener.local_addr().unwrap().port(), &clock);
    let (hang_up, hung_up) = oneshot::channel::<()>();
    let broker = tokio::spawn(async move {
        drop(let_in(&listener).await);
        let connection = let_in(&listener).await;
        hung_up.await.unwrap();
        drop((connection, listener));
    });
    // It hangs up once, and stays.
    called(&clock).await;
    clock.step(50 * SECOND);
    while told.back.load(Ordering::Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    clock.step(10 * MINUTE);
    hang_up.send(()).unwrap();
    broker.await.unwrap();
    called(&clock).await;
    passes(&clock, MINUTE - 5 * SECOND).await;
    assert_eq!(told.count(), 0, "it was there meanwhile");
    passes(&clock, 5 * SECOND).await;
    assert_eq!(told.count(), 1);
    assert!(told.says(START.plus_micros(50 * SECOND + 10 * MINUTE)), "{:?}", told.away);
    task.abort();
}

/// Lets somebody in. The connection, and by which options it has made its first subscription.
async fn subscribes(listener: &TcpListener) -> (TcpStream, u8) {
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut said = [0; 4096];
    assert!(connection.read(&mut said).await.unwrap() > 0, "it says who it is");
    connection.write_all(b"\x20\x03\0\0\0").await.unwrap();
    // The kind and the length, a number, no properties, how long the filter is; the filter, and the options.
    let mut head = [0; 7];
    connection.read_exact(&mut head).await.unwrap();
    let mut filter = vec![0; usize::from(head[1]) - 5];
    connection.read_exact(&mut filter).await.unwrap();
    assert_eq!((head[0], head[4]), (0x82, 0), "it subscribes");
    (connection, *filter.last().unwrap())
}

#[tokio::test]
async fn v8_1_what_a_broker_keeps_and_cannot_be_read_is_not_asked_for_again() {
    const RETAIN_HANDLING: u8 = 0b0011_0000;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Clock::stepped(START);
    let (_mqtt, _told, task) = listen(listener.local_addr().unwrap().port(), &clock);
    let broker = tokio::spawn(async move {
        let (mut first, options) = subscribes(&listener).await;
        assert_eq!(options & RETAIN_HANDLING, 0, "all of it is to come");
        // A message with a topic of two bytes, the second of which is none of a text.
        first.write_all(b"\x31\x05\0\x02a\0\0").await.unwrap();
        let (mut second, options) = subscribes(&listener).await;
        assert_eq!(options & RETAIN_HANDLING, 0b0010_0000, "none of it is to come");
        // It hangs up by itself, and has been of no harm.
        second.shutdown().await.unwrap();
        let (_third, options) = subscribes(&listener).await;
        assert_eq!(options & RETAIN_HANDLING, 0, "it is tried again");
    });
    for _ in 0..2 {
        called(&clock).await;
        clock.step(SECOND);
        while clock.sleepers() > 0 {
            tokio::task::yield_now().await;
        }
    }
    broker.await.unwrap();
    task.abort();
}
