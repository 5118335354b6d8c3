//! SIGTERM and SIGINT: the first asks to stop, the second does not wait.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::trouble::{Result, Trouble};

/// Turns `stop` true at the first signal, and ends the process at the second.
pub fn catch(stop: watch::Sender<bool>) -> Result<()> {
    let caught = |kind| {
        signal(kind).map_err(|error| Trouble::failed(format!("无法接收信号：{error}"), format!("signals cannot be caught: {error}")))
    };
    let (mut terminate, mut interrupt) = (caught(SignalKind::terminate())?, caught(SignalKind::interrupt())?);
    tokio::spawn(async move {
        let mut next = async || tokio::select! { _ = terminate.recv() => "SIGTERM", _ = interrupt.recv() => "SIGINT" };
        let name = next().await;
        tracing::info!(signal = name, "stopping; once more to stop at once");
        let _ = stop.send(true);
        let name = next().await;
        tracing::warn!(signal = name, "stopped at once");
        std::process::exit(130);
    });
    Ok(())
}
