//! Why there is no broker.

use std::io;
use std::net::SocketAddr;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("MQTT cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the threads of the MQTT broker cannot be started: {0}")]
    Threads(io::Error),
}
