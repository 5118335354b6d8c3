//! Programs that are not fetched by cargo, npm or pip: looked for, and installed where that is ours to do.
//!
//! Only as root on Debian and its children, where CI runs; elsewhere xtask says what is missing and leaves the machine alone.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::log::Log;
use crate::process;
use crate::services::postgres;

struct Tool {
    package: &'static str,
    purpose: &'static str,
    present: fn() -> bool,
}

const TOOLS: [Tool; 6] = [
    Tool { package: "postgresql", purpose: "tests on PostgreSQL", present: || postgres::programs().is_some() },
    Tool { package: "mosquitto", purpose: "tests with somebody else's MQTT broker", present: || mosquitto().is_some() },
    Tool { package: "mosquitto-clients", purpose: "tests of the broker inside", present: || on_path("mosquitto_sub").is_some() },
    Tool { package: "chromium", purpose: "browser tests", present: || chromium().is_some() },
    Tool { package: "fonts-noto-cjk", purpose: "Chinese text in screenshots", present: has_chinese_font },
    Tool { package: "python3-venv", purpose: "the stand-in mail server and the Python example", present: has_venv },
];

/// Sees to it that `packages`, named as Debian names them, are there.
pub fn ensure(packages: &[&str], log: &mut Log) -> Result<()> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !(tool.present)()).collect();
    let needed: Vec<&Tool> = missing.iter().copied().filter(|tool| packages.contains(&tool.package)).collect();
    if needed.is_empty() {
        return Ok(());
    }
    if !(nix::unistd::geteuid().is_root() && is_debian()) {
        bail!("{}", please(&needed));
    }
    // All that is missing at once, whoever asks first: one update of the package lists is enough.
    let wanted: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    log.say(&format!("installing {}", wanted.join(" ")));
    log.run(apt_get().arg("update"))?;
    log.run(apt_get().args(["install", "-y", "--no-install-recommends"]).args(&wanted))?;
    if let Some(tool) = TOOLS.iter().find(|tool| packages.contains(&tool.package) && !(tool.present)()) {
        bail!("{} was installed, and still is not found", tool.package);
    }
    Ok(())
}

/// Whoever installs by hand is told of nothing but what this command needs.
fn please(needed: &[&Tool]) -> String {
    let named: Vec<String> = needed.iter().map(|tool| format!("{} ({})", tool.package, tool.purpose)).collect();
    let packages: Vec<&str> = needed.iter().map(|tool| tool.package).collect();
    format!("please install {}; on Debian: sudo apt-get update && sudo apt-get install -y {}", named.join(", "), packages.join(" "))
}

fn apt_get() -> std::process::Command {
    let mut command = process::command("apt-get");
    // Waits for another apt instead of failing; asks nothing; starts no system service of what it installs (RUNLEVEL).
    command
        .args(["-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("RUNLEVEL", "1");
    command
}

fn is_debian() -> bool {
    std::fs::read_to_string("/etc/os-release").is_ok_and(|text| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .any(|(name, value)| matches!(name, "ID" | "ID_LIKE") && value.contains("debian"))
    })
}

/// The browser for browser tests; CI does not download one of Playwright's.
pub fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| on_path(name))
}

/// Where Debian puts it is not always on the path.
pub fn mosquitto() -> Option<PathBuf> {
    let usual = PathBuf::from("/usr/sbin/mosquitto");
    on_path("mosquitto").or_else(|| usual.is_file().then_some(usual))
}

pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

fn has_chinese_font() -> bool {
    let fonts = process::command("fc-list").args([":lang=zh-cn", "family"]).output();
    fonts.is_ok_and(|output| !output.stdout.trim_ascii().is_empty())
        || Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").exists()
}

fn has_venv() -> bool {
    let check = process::command("python3").args(["-c", "import venv, ensurepip"]).output();
    check.is_ok_and(|output| output.status.success())
}
