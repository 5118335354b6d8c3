//! Which crate may depend on which. Development dependencies are free: tests look at a crate from outside.

use std::path::Path;

use serde_json::Value;

use super::Finding;

const PLATFORM: &[&str] = &["store", "kernel"];
const PRODUCT: &[&str] = &["platform", "store", "kernel"];
const OUTSIDE: &[&str] = &["licensing", "venue", "platform", "store", "kernel"];

const ARROWS: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("store", &["kernel"]),
    ("platform", PLATFORM),
    ("licensing", PRODUCT),
    ("venue", PRODUCT),
    ("gateway", OUTSIDE),
    ("web", OUTSIDE),
    // The MQTT broker inside: it knows clients and topics, and asks who may.
    ("broker", &[]),
    // The listener: it knows connections and nothing of what is served.
    ("front", &["kernel"]),
    // For the stand-ins of the outside world, when they come.
    ("sandbox", &["platform", "kernel"]),
    ("cuekey", &["web", "front", "gateway", "broker", "sandbox", "licensing", "venue", "platform", "store", "kernel"]),
    ("cuekey-sdk", &[]),
    // For tests: nothing may depend on it but as a development dependency, which is not looked at here.
    ("testkit", &["web", "gateway", "broker", "sandbox", "licensing", "venue", "platform", "store", "kernel"]),
    // For tests as well: all that reads what comes from outside, and the stand-ins, whose keys sign what is made up.
    ("fuzz", &["web", "gateway", "sandbox", "licensing", "venue", "platform", "store", "kernel"]),
    // Looks at the program from outside, as a process; only reading back needs the database.
    ("chaos", &["store", "sandbox", "cuekey-sdk", "kernel"]),
    // Measures the program from outside; the database is filled with what would take years of use, and the broker is beside another's.
    ("bench", &["store", "sandbox", "broker", "kernel"]),
    ("xtask", &[]),
];

pub fn check(metadata: &Value, root: &Path) -> Vec<Finding> {
    let packages: Vec<Package> =
        metadata["packages"].as_array().into_iter().flatten().filter_map(|package| Package::read(package, root)).collect();
    packages.iter().flat_map(|package| package.check(&packages)).collect()
}

struct Package {
    name: String,
    /// Relative to the root.
    manifest: String,
    text: String,
    dependencies: Vec<String>,
}

impl Package {
    fn read(package: &Value, root: &Path) -> Option<Self> {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        let dependencies = package["dependencies"].as_array()?.iter();
        Some(Self {
            name: package["name"].as_str()?.to_owned(),
            manifest: manifest.strip_prefix(root).unwrap_or(manifest).to_string_lossy().into_owned(),
            text: std::fs::read_to_string(manifest).unwrap_or_default(),
            dependencies: dependencies
                .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
                .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
                .collect(),
        })
    }

    fn check(&self, all: &[Self]) -> Vec<Finding> {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == self.name) else {
            let message = format!("{} is not in the table of xtask/src/tidy/arrows.rs: say there what it may depend on", self.name);
            return vec![Finding::error(&self.manifest, 1, message)];
        };
        let ours = self.dependencies.iter().filter(|name| all.iter().any(|package| package.name == **name));
        ours.filter(|name| !allowed.contains(&name.as_str()))
            .map(|name| Finding::error(&self.manifest, self.line_of(name), format!("{} must not depend on {name}", self.name)))
            .collect()
    }

    fn line_of(&self, dependency: &str) -> usize {
        let names = |line: &str| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
        self.text.lines().position(names).map_or(1, |index| index + 1)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings(packages: &[(&str, Value)]) -> Vec<String> {
        let packages: Vec<Value> = packages
            .iter()
            .map(|(name, dependencies)| json!({"name": name, "manifest_path": format!("/none/{name}/Cargo.toml"), "dependencies": dependencies}))
            .collect();
        check(&json!({ "packages": packages }), Path::new("/none"))
            .into_iter()
            .map(|finding| format!("{}: {}", finding.path, finding.message))
            .collect()
    }

    #[test]
    fn an_arrow_against_the_order_is_found() {
        let up = json!([{"name": "platform", "kind": null}, {"name": "tokio", "kind": null}]);
        assert_eq!(findings(&[("store", up.clone()), ("platform", json!([]))]), ["store/Cargo.toml: store must not depend on platform"]);
        assert_eq!(findings(&[("licensing", up), ("platform", json!([]))]), [""; 0]);
    }

    #[test]
    fn a_test_may_look_from_outside_and_a_build_script_may_not() {
        let of_kind = |kind| json!([{"name": "platform", "kind": kind}]);
        assert_eq!(findings(&[("store", of_kind("dev")), ("platform", json!([]))]), [""; 0]);
        assert_eq!(findings(&[("store", of_kind("build")), ("platform", json!([]))]).len(), 1);
    }

    #[test]
    fn a_new_crate_has_to_take_its_place() {
        assert!(findings(&[("billing", json!([]))])[0].contains("billing is not in the table"));
    }

    #[test]
    fn a_finding_names_the_line() {
        let package = Package {
            name: "store".to_owned(),
            manifest: String::new(),
            text: "[dependencies]\nplatform-x = \"1\"\nplatform.workspace = true\n".to_owned(),
            dependencies: Vec::new(),
        };
        assert_eq!(package.line_of("platform"), 3);
    }
}
