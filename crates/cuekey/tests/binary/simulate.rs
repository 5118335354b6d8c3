//! `cuekey simulate`: a small day, with far more faults than one has.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use store::Engine;
use store::testing::TestDb;

use crate::process::{cuekey, refused};

/// With this seed each fault happens, and nobody stays long. Of the two relay boards one loses its power in play, well within one minute of the bill
/// whenever it is asked; over the other the table is not opened, and WeChat tells of the payment after it has told of its refund.
const DAY: [&str; 13] =
    ["simulate", "--tables", "16", "--hours", "1", "--seed", "71829206", "--dropping", "40", "--timeouts", "20", "--doubled", "25"];

/// What is not to be nothing.
const SOME: [&str; 12] = [
    "/healthy/opened",
    "/unhealthy/asked",
    "/by_device/modbus/unhealthy/asked",
    "/refunds",
    "/payments_made",
    "/timeouts",
    "/doubled",
    "/reordered",
    "/frozen_fen",
    "/let_go_fen",
    "/captured_fen",
    "/ended/device_fault",
];
const DEVICES: [&str; 3] = ["tasmota", "shelly", "modbus"];
const MEANS: [&str; 4] = ["wallet", "wechat", "alipay", "alipay_freeze"];

fn play(folder: &Path, name: &str, database: &str) -> (Output, Value) {
    let file = folder.join(name);
    let mut command = cuekey(folder, &DAY);
    command.arg("--json").arg(&file).args(["--database", database]).env("TMPDIR", folder);
    let output = command.output().expect("the binary runs");
    let figures = std::fs::read(&file).map(|text| serde_json::from_slice(&text).expect("JSON")).unwrap_or_default();
    (output, figures)
}

/// What a seed decides. Not by it: how long it took, and how often the clock was looked at.
fn decided(figures: &Value) -> Value {
    let mut figures = figures.clone();
    for name in ["steps", "hours_simulated", "wall_seconds", "refund_seconds_slowest"] {
        figures.as_object_mut().expect("an object").remove(name);
    }
    figures
}

#[tokio::test]
async fn v9_1_a_day_with_faults_keeps_its_bounds_and_is_the_same_on_both_databases() {
    let folder = tempfile::tempdir().unwrap();
    let empty = TestDb::new(Engine::Postgres, &[]).await;
    let here = folder.path();
    let (sqlite, postgres) = std::thread::scope(|scope| {
        let other = scope.spawn(|| play(here, "postgres.json", &empty.url));
        (play(here, "sqlite.json", ""), other.join().expect("it ends"))
    });
    for (output, figures) in [&sqlite, &postgres] {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("openings over lamps that are well"), "{said}");
        // Otherwise nothing was tried.
        for some in SOME {
            assert!(figures.pointer(some).and_then(Value::as_u64).is_some_and(|n| n > 0), "{some}: {figures}");
        }
        for none in ["charged_without_play", "burnt_over_nobody", "refunds_late", "wrong", "payments_failed"] {
            assert_eq!(figures[none], 0, "{none}: {figures}");
        }
        assert_eq!(figures["healthy"]["asked"], figures["healthy"]["opened"]);
        for (by, kinds) in [("by_device", &DEVICES[..]), ("by_means", &MEANS[..])] {
            for kind in kinds {
                let healthy = &figures[by][kind]["healthy"];
                assert!(healthy["opened"].as_u64().is_some_and(|n| n > 0), "{by}, {kind}: {figures}");
                assert_eq!(healthy["asked"], healthy["opened"], "{by}, {kind}");
            }
        }
        assert_eq!(figures["ledger"], serde_json::json!([]));
    }
    assert_eq!(decided(&sqlite.1), decided(&postgres.1));
    let left: Vec<_> = std::fs::read_dir(here).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "its own folders are gone: {left:?}");
}

#[tokio::test]
async fn a_simulation_touches_nothing_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("d")).unwrap();
    std::fs::write(folder.path().join("d/somebody's"), "own").unwrap();
    refused(&mut cuekey(folder.path(), &["simulate", "--data", "d"]), 2, &["is not empty", "--data"]);
    let used = TestDb::new(Engine::Postgres, &web::migrations()).await;
    let said = refused(&mut cuekey(folder.path(), &["simulate", "--database", &used.url]), 2, &["is not empty", "--database"]);
    assert!(said.contains("postgres://"), "{said}");
    refused(&mut cuekey(folder.path(), &["simulate", "--dropping", "101"]), 2, &["0 to 100"]);
}
