//! The packages in the console and in the customers' app, from their `package-lock.json`: those that are not for development only.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Component;

pub struct Packages {
    pub needs: Vec<String>,
    pub components: Vec<Component>,
}

impl Packages {
    /// What both need is there once.
    pub fn add(&mut self, other: Self) {
        self.needs.extend(other.needs);
        self.components.extend(other.components);
        self.components.sort();
        self.components.dedup_by(|one, other| one.purl == other.purl);
    }
}

pub fn read(lock: &Path) -> Result<Packages> {
    let text = std::fs::read_to_string(lock).with_context(|| format!("cannot read {}", lock.display()))?;
    gather(&serde_json::from_str(&text)?).with_context(|| format!("{} does not hold what it used to", lock.display()))
}

fn gather(lock: &Value) -> Option<Packages> {
    let packages = lock["packages"].as_object()?;
    let shipped = |entry: &Value| entry["dev"] != true && entry["devOptional"] != true;
    // Where Node would look for a package that is needed at `place`: there, and then further and further out.
    let purl_from = |place: &str, name: &str| {
        let mut place = place;
        loop {
            let path = if place.is_empty() { format!("node_modules/{name}") } else { format!("{place}/node_modules/{name}") };
            if let Some(entry) = packages.get(&path) {
                return Some(purl(name, entry["version"].as_str()?));
            }
            place = place.rsplit_once("/node_modules/").map_or("", |(outer, _)| outer);
            if place.is_empty() {
                return packages.get(&format!("node_modules/{name}")).and_then(|entry| Some(purl(name, entry["version"].as_str()?)));
            }
        }
    };
    let needs = |place: &str, entry: &Value| -> Vec<String> {
        let names = entry["dependencies"].as_object().into_iter().flatten().map(|(name, _)| name);
        names.filter_map(|name| purl_from(place, name)).collect()
    };
    let mut components = Vec::new();
    for (place, entry) in packages.iter().filter(|(place, entry)| !place.is_empty() && shipped(entry)) {
        let (_, name) = place.rsplit_once("node_modules/")?;
        let version = entry["version"].as_str()?;
        components.push(Component {
            purl: purl(name, version),
            name: name.to_owned(),
            version: version.to_owned(),
            licence: entry["license"].as_str().unwrap_or("NOASSERTION").to_owned(),
            hash: entry["integrity"].as_str().and_then(|text| text.strip_prefix("sha512-")).and_then(hex).map(|hash| ("SHA-512", hash)),
            shipped: true,
            needs: needs(place, entry),
        });
    }
    components.sort();
    components.dedup_by(|one, other| one.purl == other.purl);
    Some(Packages { needs: needs("", &packages[""]), components })
}

fn purl(name: &str, version: &str) -> String {
    format!("pkg:npm/{}@{version}", name.replace('@', "%40"))
}

/// Base64 to hex: a hash is all that is ever read so.
fn hex(base64: &str) -> Option<String> {
    let mut bits = 0_u32;
    let mut count = 0;
    let mut text = String::new();
    for symbol in base64.trim_end_matches('=').bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            text.push_str(&format!("{:02x}", (bits >> count) & 0xff));
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_only_builds_the_console_is_left_out_and_the_nearest_copy_is_the_one_that_is_needed() {
        let lock = json!({"packages": {
            "": {"dependencies": {"vue": "3"}, "devDependencies": {"vite": "8"}},
            "node_modules/vue": {"version": "3.5.0", "license": "MIT", "integrity": "sha512-AAEC/w==", "dependencies": {"@vue/shared": "3", "x": "1"}},
            "node_modules/@vue/shared": {"version": "3.5.0", "license": "MIT", "dependencies": {"x": "2"}},
            "node_modules/x": {"version": "2.0.0", "license": "ISC"},
            "node_modules/vue/node_modules/x": {"version": "1.0.0", "license": "ISC"},
            "node_modules/vite": {"version": "8.0.0", "dev": true},
        }});
        let console = gather(&lock).unwrap();
        assert_eq!(console.needs, ["pkg:npm/vue@3.5.0"]);
        let purls: Vec<_> = console.components.iter().map(|one| one.purl.as_str()).collect();
        assert_eq!(purls, ["pkg:npm/%40vue/shared@3.5.0", "pkg:npm/vue@3.5.0", "pkg:npm/x@1.0.0", "pkg:npm/x@2.0.0"]);
        assert_eq!(console.components[0].needs, ["pkg:npm/x@2.0.0"]);
        assert_eq!(console.components[1].needs, ["pkg:npm/%40vue/shared@3.5.0", "pkg:npm/x@1.0.0"]);
        assert_eq!(console.components[1].hash, Some(("SHA-512", "000102ff".to_owned())));
    }
}
