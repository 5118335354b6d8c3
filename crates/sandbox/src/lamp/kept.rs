//! What a broker keeps.

use std::net::SocketAddr;
use std::time::Duration;

use kernel::Clock;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};

/// What the broker keeps under a topic, as it tells whoever subscribes to it. Waits until there is something.
pub async fn kept(broker: SocketAddr, user: &str, password: &str, topic: &str) -> String {
    let mut options = MqttOptions::new(format!("{user}-looks"), (broker.ip().to_string(), broker.port()));
    options.set_credentials(user, password.to_owned());
    let (client, mut network) = AsyncClient::builder(options).capacity(4).build();
    let _ = client.subscribe(topic, QoS::AtLeastOnce).await;
    loop {
        match network.poll().await {
            Ok(Event::Incoming(Packet::Publish(message))) if message.retain => {
                return String::from_utf8_lossy(&message.payload).into_owned();
            }
            Ok(_) => {}
            // The network's time is the real one.
            Err(_) => Clock::System.sleep(Duration::from_secs(1)).await,
        }
    }
}
