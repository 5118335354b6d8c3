//! How the broker is set up: the bounds, and what they keep from happening.
//!
//! A device is bounded more closely than our own gateway: its password lies in a box in a hall, and whoever has that must not fill the memory
//! that all halls live on.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use rmqtt::net::Builder;

use crate::turns;

/// After this many connections that wait to be accepted the system turns others away. When the power comes back, all come at once.
const BACKLOG: i32 = 4096;
/// Bytes of a packet. The longest that a lamp says (a Tasmota's status, all that a Shelly knows of itself) are a few thousand. Our own gateway
/// takes far more than this, in whatever version of the protocol a message was published.
const PACKET: u32 = 16 * 1024;
/// Messages that wait for our gateway. A burst must fit: of what does not, the oldest is dropped.
const QUEUE: usize = 20_000;
/// And for a device. Commands are a few, and expire after seconds.
const QUEUE_OF_A_DEVICE: usize = 500;
/// Messages that one client has been sent and has not acknowledged.
const IN_FLIGHT: NonZeroU16 = NonZeroU16::new(200).expect("not zero");
const CLIENT_ID: usize = 256;
/// Of one session. Each filter may be as long as a packet, and firmware needs three or four.
const SUBSCRIPTIONS: usize = 100;
/// From a connection's first packet to its answer, without what the doorkeeper takes.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections that are let in at once: more than may wait for the doorkeeper, or those would keep out all others. Each has a packet in memory,
/// of 80 MB in all.
const HANDSHAKES: usize = turns::CROWD + 1_000;
/// For as long as this, messages are kept for a client that asked for it and is away.
const AWAY: Duration = Duration::from_secs(2 * 60 * 60);
/// And for a device: it is told anew when it is back.
const AWAY_OF_A_DEVICE: Duration = Duration::from_secs(60);

pub(crate) fn listener(address: SocketAddr) -> Builder {
    Builder::new()
        .name("mqtt")
        .laddr(address)
        .backlog(BACKLOG)
        // A restart must not wait until the old connections are forgotten.
        .reuseaddr(Some(true))
        .nodelay(true)
        .allow_anonymous(false)
        .max_packet_size(PACKET)
        .max_mqueue_len(QUEUE)
        .max_inflight(IN_FLIGHT)
        .max_clientid_len(CLIENT_ID)
        .max_subscriptions(SUBSCRIPTIONS)
        .handshake_timeout(HANDSHAKE)
        .max_handshaking_limit(HANDSHAKES)
        .session_expiry_interval(AWAY)
        .max_session_expiry_interval(AWAY)
        // Sent again only after a reconnect (MQTT-4.4.0-1). While connected, it would only come twice and out of order.
        .message_retry_interval(Duration::ZERO)
        // Never, unless the message says so. It would be five minutes, and that for retained messages too.
        .message_expiry_interval(Duration::ZERO)
}

/// What is different for a device.
pub(crate) fn for_a_device(listener: Builder) -> Builder {
    listener.max_mqueue_len(QUEUE_OF_A_DEVICE).session_expiry_interval(AWAY_OF_A_DEVICE).max_session_expiry_interval(AWAY_OF_A_DEVICE)
}
