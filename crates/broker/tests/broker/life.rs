//! Brokers that start, run beside one another, and stop.

use std::sync::Arc;

use async_trait::async_trait;
use broker::{Broker, Doorkeeper, Error, Rights};
use rumqttc::ConnectReturnCode;
use tokio::net::TcpStream;

use crate::support::{House, LONG, connect, gateway, here, lamp, message, start};

#[tokio::test]
async fn two_brokers_in_a_process_know_nothing_of_each_other() {
    let (one, other) = (start().await, start().await);
    assert_ne!(one.address(), other.address());
    let (mut at_one, mut at_other) = (gateway(&one).await, gateway(&other).await);
    at_one.hears("#").await;
    at_other.hears("#").await;
    let mut lamp_of_one = connect(lamp(&one, "lamp7")).await.unwrap();
    let mut lamp_of_other = connect(lamp(&other, "lamp7")).await.unwrap();
    lamp_of_one.publish("tele/lamp7/STATE", "one", true).await;
    lamp_of_other.publish("tele/lamp7/STATE", "other", true).await;
    assert_eq!(at_one.message().await, message("tele/lamp7/STATE", "one"));
    assert_eq!(at_other.message().await, message("tele/lamp7/STATE", "other"));
    one.stop().await;
    at_one.ended().await;
    lamp_of_other.publish("tele/lamp7/STATE", "still here", false).await;
    assert_eq!(at_other.message().await, message("tele/lamp7/STATE", "still here"));
    other.stop().await;
}

#[tokio::test]
async fn a_broker_that_has_stopped_leaves_nothing_behind() {
    let house = Arc::new(House::default());
    let broker = Broker::start(here(), Arc::clone(&house) as _).await.unwrap();
    let address = broker.address();
    let taken = Broker::start(address, Arc::clone(&house) as _).await;
    assert!(matches!(taken.err(), Some(Error::Listen { address: at, .. }) if at == address));
    let mut lamp7 = connect(lamp(&broker, "lamp7")).await.unwrap();
    lamp7.hears("cmnd/lamp7/#").await;
    let mut staying = lamp(&broker, "lamp8");
    staying.set_clean_session(false);
    connect(staying).await.unwrap().leave().await;
    let silent = TcpStream::connect(address).await.unwrap();
    broker.stop().await;
    lamp7.ended().await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
    drop(silent);
    // What was spawned while it ended has its turn.
    tokio::time::timeout(LONG, async {
        while Arc::strong_count(&house) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("nothing holds the doorkeeper any more");
    // And its place is free.
    Broker::start(address, house).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_broker_that_is_only_dropped_ends_too() {
    let broker = start().await;
    let mut lamp = connect(lamp(&broker, "lamp7")).await.unwrap();
    drop(broker);
    lamp.ended().await;
}

struct Asleep;

#[async_trait]
impl Doorkeeper for Asleep {
    async fn admit(&self, _: &str, _: Option<&str>, _: Option<&[u8]>) -> Option<Rights> {
        panic!("as expected: this doorkeeper does not answer")
    }
}

#[tokio::test]
async fn a_doorkeeper_that_does_not_answer_lets_nobody_in() {
    let broker = Broker::start(here(), Arc::new(Asleep)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(connect(lamp(&broker, "lamp7")).await.err(), Some(ConnectReturnCode::BadUserNamePassword));
    }
    broker.stop().await;
}
