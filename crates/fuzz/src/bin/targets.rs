//! Names and seeds of all targets as JSON, for `cargo xtask fuzz`.

fn main() {
    let targets: Vec<_> = fuzz::TARGETS.iter().map(|target| (target.name, target.seeds)).collect();
    println!("{}", serde_json::json!(targets));
}
