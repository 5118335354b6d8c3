//! Logs to standard error, metrics to a page of their own.

use std::io::IsTerminal;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use kernel::Clock;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::{Log, LogFormat};
use crate::trouble::{Result, Trouble};

/// Begins to log. Once a process.
pub fn log(config: &Log) {
    // The configuration has been checked; a level that is not understood would have been refused there.
    let targets: Targets = config.level.parse().unwrap_or_default();
    let lines = match config.format {
        LogFormat::Text => {
            fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).with_filter(targets).boxed()
        }
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(true)
            .with_writer(std::io::stderr)
            .with_filter(targets)
            .boxed(),
    };
    tracing_subscriber::registry().with(lines).init();
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a task panicked")));
}

/// Begins to count.
pub fn count() -> Result<PrometheusHandle> {
    const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_size".into()), SIZES))
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| Trouble::failed(format!("无法启动指标：{error}"), format!("metrics cannot be started: {error}")))?;
    metrics::gauge!("cuekey_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// What the metrics' own listener serves.
pub fn page(handle: PrometheusHandle) -> Router {
    const FORMAT: (&str, &str) = ("content-type", "text/plain; version=0.0.4; charset=utf-8");
    Router::new().route("/metrics", get(move || async move { ([FORMAT], handle.render()) }))
}

/// Keeps what was counted from growing. Never returns.
pub async fn tidy(handle: PrometheusHandle, clock: Clock) {
    loop {
        clock.sleep(Duration::from_secs(5)).await;
        handle.run_upkeep();
    }
}
