//! No package registry is written down: which mirror is used is the machine's business, and a lock file that names
//! one breaks on every machine that uses another.

use super::Finding;

/// In pieces, so that this file does not break its own rule.
const HOSTS: &[&[&str]] = &[
    &["index", "crates", "io"],
    &["static", "crates", "io"],
    &["registry", "npmjs", "org"],
    &["registry", "npmmirror", "com"],
    &["registry", "yarnpkg", "com"],
    &["pypi", "org"],
    &["files", "pythonhosted", "org"],
    &["deb", "debian", "org"],
    &["security", "debian", "org"],
];

/// A lock file made with resolved addresses has hundreds of them; a few tell enough.
const SHOWN: usize = 3;

pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let hosts: Vec<String> = HOSTS.iter().map(|pieces| pieces.join(".")).collect();
    let is_npm_lock = path.ends_with("package-lock.json");
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if is_npm_lock && line.trim_start().starts_with("\"resolved\": \"http") {
            findings.push(Finding::error(
                path,
                number,
                "a resolved address: set omit-lockfile-registry-resolved=true in .npmrc, and write the lock anew",
            ));
        } else if let Some(host) = hosts.iter().find(|host| line.contains(host.as_str())) {
            findings.push(Finding::error(path, number, format!("{host}: no package registry is named in the repository")));
        }
        if findings.len() == SHOWN {
            break;
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_found_in_any_file() {
        for pieces in HOSTS {
            let text = format!("first\nregistry = \"https://{}/\"\n", pieces.join("."));
            assert_eq!(check(".npmrc", &text).first().map(|finding| finding.line), Some(2));
        }
        assert_eq!(check("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\""), []);
    }

    #[test]
    fn a_lock_with_addresses_is_found_and_not_listed_to_its_end() {
        let line = "      \"resolved\": \"https://mirror.example/vue.tgz\",\n";
        assert_eq!(check("web/console/package-lock.json", line).len(), 1);
        assert_eq!(check("web/console/package-lock.json", &line.repeat(99)).len(), SHOWN);
        assert_eq!(check("web/console/package-lock.json", "\"resolved\": \"../kernel\", \"link\": true"), []);
    }
}
