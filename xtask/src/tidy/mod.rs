//! Rules of this workspace that neither the compiler nor clippy knows; docs/architecture.md says why each is there.
//!
//! A rule is a pure function from a file's text to findings, with a test that a bad sample fails.

mod arrows;
mod layers;
mod length;
mod lex;
mod lints;
mod registries;
mod routes;
mod schemas;
mod security;

use std::process::ExitCode;

use anyhow::Result;

use crate::files;
use crate::workspace::{self, Workspace};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Warning,
    Error,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub path: String,
    /// From 1.
    pub line: usize,
    pub message: String,
    pub weight: Weight,
}

impl Finding {
    fn error(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into(), weight: Weight::Error }
    }

    fn warning(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, ..Self::error(path, line, message) }
    }
}

pub struct Report(Vec<Finding>);

impl Report {
    pub fn failed(&self) -> bool {
        self.errors() > 0
    }

    fn errors(&self) -> usize {
        self.0.iter().filter(|finding| finding.weight == Weight::Error).count()
    }

    pub fn count(&self) -> String {
        match self.errors() {
            1 => "1 rule".to_owned(),
            number => format!("{number} rules"),
        }
    }

    pub fn print(&self, mut say: impl FnMut(&str)) {
        for Finding { path, line, message, weight } in &self.0 {
            let weight = if *weight == Weight::Warning { "warning: " } else { "" };
            say(&format!("{path}:{line}: {weight}{message}"));
        }
    }
}

pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    let report = check(workspace)?;
    report.print(|line| println!("{line}"));
    if report.failed() {
        println!("{} broken", report.count());
        return Ok(ExitCode::FAILURE);
    }
    println!("tidy");
    Ok(ExitCode::SUCCESS)
}

pub fn check(workspace: &Workspace) -> Result<Report> {
    let mut findings = Vec::new();
    let mut texts = Vec::new();
    for path in files::tracked(&workspace.root)? {
        // What is not text is a picture or an archive.
        if let Ok(text) = std::fs::read_to_string(workspace.root.join(&path)) {
            findings.extend(check_file(&path, &text));
            texts.push((path, text));
        }
    }
    let document = texts.iter().find(|(path, _)| path == security::DOCUMENT).map_or("", |(_, text)| text.as_str());
    findings.extend(security::check(document, &texts));
    findings.extend(security::unanswered(document));
    findings.extend(schemas::check(&texts));
    findings.extend(arrows::check(&workspace::metadata(&workspace.root)?, &workspace.root));
    findings.sort_by(|one, other| (&one.path, one.line).cmp(&(&other.path, other.line)));
    Ok(Report(findings))
}

fn check_file(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = registries::check(path, text);
    findings.extend(length::check(path, text));
    if path.ends_with(".rs") {
        let source = lex::lex(text);
        findings.extend(layers::check(path, &source));
        findings.extend(lints::check(path, &source));
        findings.extend(routes::check(path, text, &source));
    }
    findings
}
