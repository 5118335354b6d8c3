//! What something is measured on: it stands beside what was found.

/// Processors, memory and system, as Linux tells them.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, name: &str, mark: char| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim_start().trim_start_matches(mark).trim().trim_matches('"').to_owned()
    };
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = after(&read("/proc/cpuinfo"), "model name", ':');
    let memory = after(&read("/proc/meminfo"), "MemTotal", ':');
    let gib = memory.trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0 / 1024.0;
    let system = after(&read("/etc/os-release"), "PRETTY_NAME", '=');
    format!("{processors} processors ({model}), {gib:.0} GiB, {system}")
}
