//! A relay's connection to the broker.

use std::time::Duration;

use kernel::Clock;
use rumqttc::{Event, EventLoop, Packet};
use tokio::sync::{mpsc, oneshot};

/// From the network to the relay.
pub(super) enum Heard {
    Connected,
    Lost,
    Told { topic: String, payload: String },
}

/// Keeps the connection, and passes on what comes. Once it is stopped it says nothing, and does not close the connection either.
pub(super) async fn listen(mut network: EventLoop, tell: mpsc::UnboundedSender<Heard>, mut stopped: oneshot::Receiver<()>) {
    loop {
        let polled = tokio::select! {
            // First: whoever stops this drops the way in a moment later, by which the connection would be closed.
            biased;
            _ = &mut stopped => return std::future::pending().await,
            polled = network.poll() => polled,
        };
        let heard = match polled {
            Ok(Event::Incoming(Packet::ConnAck(_))) => Heard::Connected,
            Ok(Event::Incoming(Packet::Publish(message))) => Heard::Told {
                topic: String::from_utf8_lossy(&message.topic).into_owned(),
                payload: String::from_utf8_lossy(&message.payload).into_owned(),
            },
            Ok(_) => continue,
            Err(_) => {
                let _ = tell.send(Heard::Lost);
                // The network's time is the real one, whatever the relay counts by.
                Clock::System.sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        if tell.send(heard).is_err() {
            return;
        }
    }
}
