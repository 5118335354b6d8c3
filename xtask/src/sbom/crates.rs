//! The crates in the program, from `cargo metadata` and the checksums of `Cargo.lock`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Component;
use crate::process;
use crate::workspace::Workspace;

/// Where it runs in service; what other systems need is not in it.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

pub struct Program {
    pub purl: String,
    pub version: String,
    /// Of all of our own crates that are in it.
    pub needs: Vec<String>,
    pub components: Vec<Component>,
}

pub fn read(workspace: &Workspace) -> Result<Program> {
    let output = process::command("cargo")
        .args(["metadata", "--locked", "--format-version", "1", "--quiet", "--filter-platform", PLATFORM])
        .current_dir(&workspace.root)
        .output()
        .context("cannot run cargo metadata")?;
    anyhow::ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata does not speak JSON")?;
    let lock = std::fs::read_to_string(workspace.required("Cargo.lock")?).context("cannot read Cargo.lock")?;
    gather(&metadata, &checksums(&lock))
        .context("cargo metadata does not hold what it used to, or a crate names no licence (BY_TEXT in xtask/src/sbom/crates.rs)")
}

/// By name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""))?;
        line.strip_suffix('"').map(str::to_owned)
    };
    let blocks = lock.split("[[package]]").skip(1);
    blocks.filter_map(|block| Some(((value(block, "name")?, value(block, "version")?), value(block, "checksum")?))).collect()
}

fn gather(metadata: &Value, checksums: &BTreeMap<(String, String), String>) -> Option<Program> {
    let packages: BTreeMap<&str, &Value> =
        metadata["packages"].as_array()?.iter().filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let nodes: BTreeMap<&str, &Value> =
        metadata["resolve"]["nodes"].as_array()?.iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let text = |id: &str, field: &str| packages[id][field].as_str().unwrap_or_default().to_owned();
    let is_ours = |id: &str| packages[id]["source"].is_null();
    let purl = |id: &str| format!("pkg:cargo/{}@{}", text(id, "name"), text(id, "version").replace('+', "%2B"));
    let is_macro = |id: &str| {
        let targets = packages[id]["targets"].as_array().into_iter().flatten();
        targets.flat_map(|target| target["kind"].as_array().into_iter().flatten()).any(|kind| kind == "proc-macro")
    };
    let root = *packages.keys().find(|id| text(id, "name") == "cuekey")?;

    // What a crate needs in the program, and with what it is compiled besides.
    let needs = |id: &str, kinds: &[Value]| -> Vec<&str> {
        let all = nodes[id]["deps"].as_array().into_iter().flatten();
        all.filter(|needed| needed["dep_kinds"].as_array().is_some_and(|all| all.iter().any(|kind| kinds.contains(&kind["kind"]))))
            .filter_map(|needed| needed["pkg"].as_str())
            .collect()
    };
    let (run, build) = ([Value::Null], [Value::Null, Value::from("build")]);
    let reach = |kinds: &[Value], through_macros: bool| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![root]);
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(needs(id, kinds).into_iter().filter(|id| through_macros || !is_macro(id)));
            }
        }
        seen
    };
    let (shipped, all) = (reach(&run, false), reach(&build, true));

    let others = |ids: Vec<&str>| -> Vec<String> { ids.into_iter().filter(|id| !is_ours(id)).map(purl).collect() };
    let components = all.iter().filter(|id| !is_ours(id)).map(|id| {
        Some(Component {
            purl: purl(id),
            name: text(id, "name"),
            version: text(id, "version"),
            licence: licence(packages[id])?,
            hash: checksums.get(&(text(id, "name"), text(id, "version"))).map(|hash| ("SHA-256", hash.clone())),
            shipped: shipped.contains(id),
            needs: others(needs(id, &build)),
        })
    });
    Some(Program {
        purl: purl(root),
        version: text(root, "version"),
        needs: all.iter().filter(|id| is_ours(id)).flat_map(|id| others(needs(id, &build))).collect(),
        components: components.collect::<Option<_>>()?,
    })
}

/// Crates that have the text of a licence and do not name it. Another one stops here, until somebody has read its text.
const BY_TEXT: [(&str, &str); 1] = [("captcha", "MIT")];

/// As an SPDX expression: old manifests write a stroke for "or".
fn licence(package: &Value) -> Option<String> {
    let named = package["license"].as_str().map(|text| text.replace(" / ", "/").replace('/', " OR "));
    named.or_else(|| BY_TEXT.iter().find(|(name, _)| package["name"] == *name).map(|(_, licence)| (*licence).to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, source: Option<&str>, kind: &str) -> Value {
        json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0", "source": source, "targets": [{"kind": [kind]}]})
    }

    #[test]
    fn what_compiles_or_tests_is_told_from_what_is_shipped() {
        let needs = |name: &str, kind: Option<&str>| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "packages": [
                package("cuekey", None, "bin"), package("kernel", None, "lib"), package("lib", Some("registry"), "lib"),
                package("macros", Some("registry"), "proc-macro"), package("syn", Some("registry"), "lib"),
                package("cc", Some("registry"), "lib"), package("proptest", Some("registry"), "lib"),
            ],
            "resolve": {"nodes": [
                {"id": "cuekey", "deps": [needs("kernel", None), needs("proptest", Some("dev"))]},
                {"id": "kernel", "deps": [needs("lib", None), needs("macros", None)]},
                {"id": "lib", "deps": [needs("cc", Some("build"))]},
                {"id": "macros", "deps": [needs("syn", None)]},
                {"id": "syn", "deps": []}, {"id": "cc", "deps": []}, {"id": "proptest", "deps": []},
            ]},
        });
        let lock = "[[package]]\nname = \"lib\"\nversion = \"1.0.0\"\nsource = \"x\"\nchecksum = \"ab12\"\n";
        let program = gather(&metadata, &checksums(lock)).unwrap();
        let found: Vec<_> = program.components.iter().map(|one| (one.name.as_str(), one.shipped)).collect();
        assert_eq!(found, [("cc", false), ("lib", true), ("macros", false), ("syn", false)]);
        assert_eq!(
            (program.components[1].hash.clone(), program.components[1].licence.as_str()),
            (Some(("SHA-256", "ab12".to_owned())), "MIT OR Apache-2.0")
        );
        assert_eq!(program.needs, ["pkg:cargo/lib@1.0.0", "pkg:cargo/macros@1.0.0"]);
    }
}
