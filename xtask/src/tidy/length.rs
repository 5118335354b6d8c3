//! Small files with one subject. A long one is listed; a very long one has to be split.

use super::Finding;

const LONG: usize = 500;
const TOO_LONG: usize = 800;

pub fn check(path: &str, text: &str) -> Option<Finding> {
    let is_ours = [".rs", ".ts", ".vue"].iter().any(|end| path.ends_with(end));
    // Declarations are made by tools, the API's types among them.
    if !is_ours || path.ends_with(".d.ts") {
        return None;
    }
    match text.lines().count() {
        lines if lines > TOO_LONG => Some(Finding::error(path, lines, format!("{lines} lines: split it by subject (at most {TOO_LONG})"))),
        lines if lines > LONG => Some(Finding::warning(path, lines, format!("{lines} lines: long"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::Weight;

    fn weight(path: &str, lines: usize) -> Option<Weight> {
        check(path, &"\n".repeat(lines)).map(|finding| finding.weight)
    }

    #[test]
    fn long_files_are_listed_and_very_long_ones_fail() {
        assert_eq!(weight("a.rs", 500), None);
        assert_eq!(weight("a.rs", 501), Some(Weight::Warning));
        assert_eq!(weight("a.vue", 800), Some(Weight::Warning));
        assert_eq!(weight("a.ts", 801), Some(Weight::Error));
        assert_eq!(weight("schema.d.ts", 9000), None);
        assert_eq!(weight("package-lock.json", 9000), None);
    }
}
