//! Accepting, until it is time to stop.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use kernel::Clock;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::limits::Limits;
use crate::places::{Full, Places};
use crate::serve::{Answers, Connection, converse};
use crate::tls::Tls;

/// How long nobody is accepted after the system refused (no file descriptors are left).
const RECOVERY: Duration = Duration::from_millis(200);
/// Between two warnings that places have run out.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// A listener's way of serving.
#[derive(Clone)]
pub struct Front {
    /// Of which listener the metrics speak.
    pub name: &'static str,
    pub limits: Limits,
    /// TLS on every connection; `None` for plain HTTP.
    pub tls: Option<Arc<Tls>>,
    /// Proxies: each brings many people's requests, and has no bound of its own.
    pub trusted: Vec<IpAddr>,
    pub clock: Clock,
}

impl Front {
    /// Accepts until `stopping` turns true, and returns when the last request that was accepted is answered.
    pub async fn serve<S: Answers>(self, listener: TcpListener, service: S, mut stopping: watch::Receiver<bool>) {
        let places = Places::new(self.name, self.limits);
        let mut refused = Refused::default();
        let tick = self.limits.tick();
        let sweeping = {
            let (places, clock) = (Arc::clone(&places), self.clock.clone());
            tokio::spawn(async move {
                loop {
                    clock.sleep(tick).await;
                    places.sweep();
                }
            })
        };
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stopping.wait_for(|stop| *stop) => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer, &service, &places, &stopping, &mut refused),
                Err(error) if is_the_others(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "connections cannot be accepted");
                    self.clock.sleep(RECOVERY).await;
                }
            }
        }
        // Whoever comes now is told at once that nobody listens.
        drop(listener);
        places.empty().await;
        sweeping.abort();
    }

    fn admit<S: Answers>(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        service: &S,
        places: &Arc<Places>,
        stopping: &watch::Receiver<bool>,
        refused: &mut Refused,
    ) {
        let place = match places.take(peer.ip(), self.trusted.contains(&peer.ip().to_canonical())) {
            Ok(place) => place,
            Err(full) => return refused.note(full, peer.ip(), &self.clock),
        };
        // Answers are small and complete: nothing is gained by waiting for more to send.
        let _ = stream.set_nodelay(true);
        let conn = Arc::clone(&place.conn);
        let connection = Connection { stream, peer, place, body_limit: self.limits.body, service: service.clone(), tls: self.tls.clone() };
        let task = tokio::spawn(converse(connection, stopping.clone()));
        let _ = conn.task.set(task.abort_handle());
    }
}

/// An error of one connection, which is gone, and not of the listener.
fn is_the_others(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

/// Says that places have run out, without filling the log.
#[derive(Default)]
struct Refused {
    warned_at: Option<kernel::Timestamp>,
}

impl Refused {
    fn note(&mut self, full: Full, address: IpAddr, clock: &Clock) {
        let why = match full {
            Full::InAll => "all",
            Full::Address => "address",
        };
        metrics::counter!("cuekey_connections_refused_total", "why" => why).increment(1);
        let now = clock.now();
        let pause = i64::try_from(WARN_EVERY.as_micros()).unwrap_or(i64::MAX);
        if self.warned_at.is_none_or(|at| at.plus_micros(pause) <= now) {
            self.warned_at = Some(now);
            match full {
                Full::InAll => tracing::warn!(%address, "connections are refused: connections.at_once are open"),
                Full::Address => tracing::warn!(%address, "connections are refused: one address has connections.per_address open"),
            }
        }
    }
}
