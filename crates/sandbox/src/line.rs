//! A TCP line that fails on demand.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use kernel::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::{Task, anywhere};

/// What the line does with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Passes them on.
    Whole,
    /// Passes each piece on after this time, in each direction.
    Slow(Duration),
    /// Holds them, and new connections too, without a word: as when a cable is pulled. Nothing is lost that waits.
    Silent,
    /// Ends all connections, and each new one: as when the machine at the other end is there and the server is not.
    Cut,
}

/// From a port of its own to a server.
pub struct Line {
    address: SocketAddr,
    state: watch::Sender<State>,
    _task: Task,
}

impl Line {
    /// # Errors
    /// When no port is free.
    pub async fn to(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(anywhere()).await?;
        let address = listener.local_addr()?;
        let state = watch::Sender::new(State::Whole);
        let watching = state.subscribe();
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, server, watching.clone()));
            }
        });
        Ok(Self { address, state, _task: Task(task) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn carry(near: TcpStream, server: SocketAddr, mut state: watch::Receiver<State>) {
    if passable(&mut state).await.is_none() {
        return;
    }
    let Ok(far) = TcpStream::connect(server).await else { return };
    let (_, _) = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    // When one direction ends for a reason of its own, the other may still have something to say; when the line is cut, both end.
    let out = pump(near_read, far_write, state.clone());
    let back = pump(far_read, near_write, state.clone());
    tokio::select! {
        _ = async { tokio::join!(out, back) } => {}
        _ = state.wait_for(|state| *state == State::Cut) => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut piece = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let Some(delay) = passable(&mut state).await else { break };
        if !delay.is_zero() {
            Clock::System.sleep(delay).await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

/// Waits while the line is silent; the delay of a piece, or `None` where the line is cut (or gone).
async fn passable(state: &mut watch::Receiver<State>) -> Option<Duration> {
    let now = *state.wait_for(|state| *state != State::Silent).await.ok()?;
    match now {
        State::Whole | State::Silent => Some(Duration::ZERO),
        State::Slow(delay) => Some(delay),
        State::Cut => None,
    }
}
