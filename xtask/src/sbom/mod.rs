//! What the program is made of: `docs/sbom.cdx.json`, in CycloneDX.
//!
//! Made from the two lock files and from nothing else, so that the same clone gives the same bytes. A component is named by its
//! package URL; hosts are not written down. What only builds or tests the program is not in it, but for what compiles with it
//! (build scripts, macros), which is there as `excluded`.

mod crates;
mod npm;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::workspace::Workspace;

pub const FILE: &str = "docs/sbom.cdx.json";

/// One thing that somebody else has made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Component {
    /// Package URL; also the component's name within the file.
    purl: String,
    name: String,
    version: String,
    /// As an SPDX expression.
    licence: String,
    /// Algorithm as CycloneDX calls it, and the hash in hex.
    hash: Option<(&'static str, String)>,
    shipped: bool,
    /// Package URLs.
    needs: Vec<String>,
}

pub fn rewrite(workspace: &Workspace) -> Result<ExitCode> {
    std::fs::write(workspace.root.join(FILE), document(workspace)?).with_context(|| format!("cannot write {FILE}"))?;
    println!("{FILE} is written");
    Ok(ExitCode::SUCCESS)
}

/// A step of `cargo xtask test`.
pub fn check(workspace: &Workspace) -> Result<()> {
    let path = workspace.required(FILE)?;
    let written = std::fs::read_to_string(path).with_context(|| format!("cannot read {FILE}"))?;
    if written != document(workspace)? {
        bail!("{FILE} is not what the lock files say: run `cargo xtask sbom`, and look at what has come or gone");
    }
    Ok(())
}

fn document(workspace: &Workspace) -> Result<String> {
    let program = crates::read(workspace)?;
    let mut pages = npm::read(&workspace.required("web/console/package-lock.json")?)?;
    pages.add(npm::read(&workspace.required("web/app/package-lock.json")?)?);
    let mut text = serde_json::to_string_pretty(&bom(&program, &pages))?;
    text.push('\n');
    Ok(text)
}

fn bom(program: &crates::Program, pages: &npm::Packages) -> Value {
    let mut components: Vec<&Component> = program.components.iter().chain(&pages.components).collect();
    components.sort();
    let needs = |purl: &str, needs: &[String]| {
        let mut needs = needs.to_vec();
        needs.sort();
        needs.dedup();
        json!({"ref": purl, "dependsOn": needs})
    };
    let mut dependencies = vec![needs(&program.purl, &[program.needs.clone(), pages.needs.clone()].concat())];
    dependencies.extend(components.iter().map(|component| needs(&component.purl, &component.needs)));
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": program.purl, "name": "cuekey", "version": program.version, "purl": program.purl}},
        "components": components.iter().map(|component| describe(component)).collect::<Vec<_>>(),
        "dependencies": dependencies,
    })
}

fn describe(component: &Component) -> Value {
    let mut described = json!({
        "type": "library",
        "bom-ref": component.purl,
        "name": component.name,
        "version": component.version,
        "scope": if component.shipped { "required" } else { "excluded" },
        "licenses": [{"expression": component.licence}],
        "purl": component.purl,
    });
    if let Some((algorithm, hash)) = &component.hash {
        described["hashes"] = json!([{"alg": algorithm, "content": hash}]);
    }
    described
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str, shipped: bool) -> Component {
        let purl = format!("pkg:cargo/{name}@1.0.0");
        Component { purl, name: name.into(), version: "1.0.0".into(), licence: "MIT".into(), hash: None, shipped, needs: Vec::new() }
    }

    #[test]
    fn components_stand_in_one_order_and_say_whether_they_are_shipped() {
        let program = crates::Program {
            purl: "pkg:cargo/cuekey@0.1.0".into(),
            version: "0.1.0".into(),
            needs: vec!["pkg:cargo/b@1.0.0".into(), "pkg:cargo/a@1.0.0".into()],
            components: vec![component("b", true), component("a", false)],
        };
        let pages = npm::Packages { needs: vec!["pkg:npm/vue@3.0.0".into()], components: Vec::new() };
        let bom = bom(&program, &pages);
        let names: Vec<_> = bom["components"].as_array().unwrap().iter().map(|one| (one["name"].as_str(), one["scope"].as_str())).collect();
        assert_eq!(names, [(Some("a"), Some("excluded")), (Some("b"), Some("required"))]);
        assert_eq!(bom["dependencies"][0]["dependsOn"], json!(["pkg:cargo/a@1.0.0", "pkg:cargo/b@1.0.0", "pkg:npm/vue@3.0.0"]));
    }
}
