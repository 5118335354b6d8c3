//! Logs to standard error, metrics to a page of their own.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use kernel::Clock;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{Log, LogFormat};
use crate::one_line::OneLine;
use crate::trouble::{Result, Trouble};

/// Begins to log. Once a process.
pub fn log(config: &Log) {
    let coloured = std::io::stderr().is_terminal();
    tracing_subscriber::registry().with(lines(config, coloured, std::io::stderr)).init();
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a task panicked")));
}

/// Writes each event as a line to what `out` opens. JSON has no line breaks but at its ends.
fn lines<W: Write + 'static>(
    config: &Log,
    coloured: bool,
    out: impl Fn() -> W + Send + Sync + 'static,
) -> Box<dyn Layer<Registry> + Send + Sync> {
    // The configuration has been checked; a level that is not understood would have been refused there.
    let targets: Targets = config.level.parse().unwrap_or_default();
    match config.format {
        LogFormat::Text => fmt::layer().with_writer(move || OneLine::new(out(), coloured)).with_ansi(coloured).with_filter(targets).boxed(),
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(true)
            .with_writer(out)
            .with_filter(targets)
            .boxed(),
    }
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    /// What somebody calls itself who would like to write a line of its own.
    const FORGED: &str = "lamp\n2026-01-01T00:00:00.000000Z  INFO cuekey: all is well\r\u{2028}\u{85}\u{1b}[2Kx";

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is in the log after one event, in a span, each of whose fields holds [`FORGED`].
    fn written(format: LogFormat, coloured: bool) -> String {
        let paper = Paper::default();
        let out = paper.clone();
        let layer = lines(&Log { format, level: "info".into() }, coloured, move || out.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let _inside = tracing::info_span!("asked", path = %FORGED, who = FORGED).entered();
            let error = io::Error::other(FORGED);
            let error = &error as &(dyn std::error::Error + 'static);
            tracing::info!(id = %FORGED, name = FORGED, told = ?FORGED, error, "refused: {FORGED}");
        });
        let bytes = paper.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).expect("it is text")
    }

    #[test]
    fn whatever_is_put_into_an_event_it_is_one_line_of_the_log() {
        for coloured in [false, true] {
            let said = written(LogFormat::Text, coloured);
            let line = said.strip_suffix('\n').expect("a line");
            assert!(!line.contains(['\n', '\r', '\u{2028}', '\u{85}']), "{line:?}");
            assert_eq!(line.matches("lamp\\n2026").count(), 7, "all of it is there: {line:?}");
            assert!(!line.contains("\u{1b}[2K"), "{line:?}");
            assert_eq!(line.contains('\u{1b}'), coloured, "{line:?}");
        }
    }

    #[test]
    fn json_is_one_line_too_and_holds_what_was_said() {
        let said = written(LogFormat::Json, false);
        let line = said.strip_suffix('\n').expect("a line");
        assert!(!line.contains(['\n', '\r']), "{line:?}");
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!((&event["id"], &event["span"]["path"]), (&FORGED.into(), &FORGED.into()));
    }
}
